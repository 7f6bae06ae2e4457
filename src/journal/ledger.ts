/**
 * The ledger of a store: what runs have reserved and spent, shared by all of its workers. Each
 * account is a scope and a unit ("org/acme" and "usdMicros"); a scope is a path, so that a list
 * can be asked for what lies below one.
 *
 * U1 The lines of a reservation are granted all or none, in one transaction, durable when the
 *    promise resolves.
 * U2 When a line is granted, spent and held of its account, this line included, are at most its
 *    `max`, however many writers race. Held counts as much as spent: what is in flight is taken.
 * U3 A key belongs to its run. The same key again changes nothing and answers as the first time,
 *    settled or not. One that was denied or given back is free again.
 * U4 Settling rides in an append and commits with its events, or not at all. It never fails the
 *    append: an unknown or settled key is ignored. What was really used is recorded, also when it
 *    is more than was reserved.
 * U5 A run that ends holds nothing: in the same transaction, what it has not settled counts in
 *    full as spent, and its slots are free.
 * U6 Giving back says "it did not happen": what was held and tallied vanishes, a slot is free;
 *    tokens of a rate stay taken. Only the run's current fence may, and only before it settled.
 * U7 Amounts are whole numbers from 0 to 2^53-1; anything else is `limit_invalid` and changes
 *    nothing. What would lift an account past 2^53-1 is denied.
 * U8 Time does not go back within an account: a reservation is dated at its `at`, or at the newest
 *    time that one of its accounts has seen, so that a lagging clock cannot spend a window twice.
 * U9 A window counts the entries younger than it, since the first reservation that named a window
 *    for the account; one that is lengthened learns of those that the longest before still knew.
 */

/** An amount that is reserved before the act and settled after it. */
export interface BudgetLine {
  readonly kind: "budget";
  /** "org/acme", "user/acme/ann", "run/ID". */
  readonly scope: string;
  /** "usdMicros", "inputTokens", … */
  readonly unit: string;
  readonly amount: number;
  /** Null: only counted. */
  readonly max: number | null;
  /** Sliding: only entries younger than this count towards `max`. */
  readonly windowMs?: number;
}

/** A token bucket: `capacity` at most, filled again with time. */
export interface RateLine {
  readonly kind: "rate";
  readonly scope: string;
  readonly capacity: number;
  /** Tokens in each millisecond; need not be whole. */
  readonly refillPerMs: number;
  readonly amount: number;
}

/** One of `max` places at the same time, held until settled or given back. */
export interface SlotLine {
  readonly kind: "slot";
  readonly scope: string;
  readonly max: number;
}

/** Counted and never denied: its value before this entry is handed back. */
export interface TallyLine {
  readonly kind: "tally";
  readonly scope: string;
  readonly amount: number;
  readonly windowMs: number;
  /** Counts how many different values there were, in place of the sum. Kept as a digest. */
  readonly distinct?: string;
}

export type Line = BudgetLine | RateLine | SlotLine | TallyLine;

/** Lines of one account (two windows of one budget) are one entry and must agree on the amount. */
export interface Reservation {
  /** Unique in its run: the same key again is the same reservation. */
  readonly key: string;
  readonly runId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly lines: readonly Line[];
}

export type Reserved =
  | {
      readonly kind: "reserved";
      /** When it is dated: what windows and rates go by (U8). */
      readonly at: number;
      /** For each line, what counted before this entry: spent and held of earlier ones. */
      readonly tallies: readonly number[];
      /** For each line: a distinct value that had been counted already. */
      readonly seen: readonly boolean[];
      readonly isRepeat: boolean;
    }
  | {
      readonly kind: "denied";
      /** The first line that had no room. */
      readonly line: number;
      readonly used: number;
      readonly max: number;
      /** When there will be room if nothing else happens; absent when time alone does not help. */
      readonly retryAt?: number;
    };

/** What was really used of a reservation. */
export interface Settlement {
  readonly key: string;
  /** For each line; null or absent: as reserved. Of a rate only what is more than reserved. */
  readonly actual?: readonly (number | null)[];
}

/** The unit of the account behind a slot and a tally; no budget may use these. */
export const SLOTS = "slots";
export const TALLY = "tally";

export interface AccountRef {
  readonly scope: string;
  readonly unit: string;
  readonly windowMs?: number;
}

/** Settled, and in flight. */
export interface Spending {
  readonly spent: number;
  readonly held: number;
}

export interface Account extends Spending {
  readonly scope: string;
  readonly unit: string;
}

export interface AccountFilter {
  /** This scope and those below it. */
  readonly scope?: string;
  /** At most this many; 100 when absent, never above 10,000. */
  readonly limit?: number;
}
