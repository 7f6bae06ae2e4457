/**
 * The reference ledger: every figure is counted anew from the entries, so that what a faster one
 * keeps in running sums can be held against it.
 */
import { SLOTS, type Account, type AccountFilter, type AccountRef } from "./ledger.ts";
import type { Reservation, Reserved, Settlement, Spending } from "./ledger.ts";
import {
  actualOf,
  coversScope,
  dateOf,
  decideReservation,
  LOOK_MAX,
  planReservation,
  settleSpending,
  terminalError,
  type Bucket,
  type Count,
  type Entry,
  type Plan,
} from "./ledger-rules.ts";
import { listLimit } from "./store-rules.ts";

interface Kept {
  readonly at: number;
  readonly value: string | null;
  amount: number;
  isHeld: boolean;
}

interface MemoryAccount {
  readonly scope: string;
  readonly unit: string;
  total: Spending;
  /** The newest entry's time (U8). */
  clock: number;
  /** The longest window ever named; 0 while there is none (U9). */
  longestMs: number;
  /** In the order of their times. */
  entries: Kept[];
}

interface MemoryReservation {
  readonly answer: Extract<Reserved, { kind: "reserved" }>;
  readonly plan: Plan;
  readonly parts: readonly { readonly account: MemoryAccount; readonly kept: Kept }[];
  isSettled: boolean;
}

export class MemoryLedger {
  readonly #accounts = new Map<string, MemoryAccount>();
  readonly #buckets = new Map<string, Bucket>();
  /** By run, then by key. */
  readonly #reservations = new Map<string, Map<string, MemoryReservation>>();

  reserve(reservation: Reservation, isOver: boolean): Reserved {
    const plan = planReservation(reservation);
    const { runId, key, lines } = reservation;
    const own = this.#reservations.get(runId) ?? new Map<string, MemoryReservation>();
    const known = own.get(key);
    if (known !== undefined) return { ...known.answer, isRepeat: true };
    if (isOver) throw terminalError(runId);
    const accounts = plan.entries.map((entry) => this.#account(entry));
    const buckets = plan.rates.map(({ scope }) => this.#buckets.get(scope));
    const clocks = accounts.map((account) => account?.clock);
    const at = dateOf(reservation.at, [...clocks, ...buckets.map((bucket) => bucket?.at)]);
    const counts = plan.entries.map((entry, n) => countOf(accounts[n], entry, at));
    const decided = decideReservation({ lines, plan, at, counts, buckets });
    if (decided.kind === "denied") return decided;
    const parts = plan.entries.map((entry, n) =>
      hold(accounts[n] ?? emptyAccount(entry), entry, at),
    );
    for (const { account } of parts) this.#accounts.set(nameOf(account), account);
    for (const [n, { scope }] of plan.rates.entries()) {
      const bucket = decided.buckets[n];
      if (bucket !== undefined) this.#buckets.set(scope, bucket);
    }
    const { tallies, seen } = decided;
    const answer = { kind: "reserved", at, tallies, seen, isRepeat: false } as const;
    own.set(key, { answer, plan, parts, isSettled: false });
    this.#reservations.set(runId, own);
    return answer;
  }

  settle(runId: string, settlements: readonly Settlement[]): void {
    for (const settlement of settlements) {
      const known = this.#reservations.get(runId)?.get(settlement.key);
      if (known !== undefined) this.#close(known, settlement);
    }
  }

  /** U5: nothing of a run that ended is held. */
  finish(runId: string): void {
    for (const known of this.#reservations.get(runId)?.values() ?? []) this.#close(known, null);
  }

  unreserve(runId: string, key: string): void {
    const known = this.#reservations.get(runId)?.get(key);
    if (known === undefined || known.isSettled) return;
    for (const { account, kept } of known.parts) {
      account.total = settleSpending(account.total, { held: kept.amount, spent: 0 });
      account.entries = account.entries.filter((entry) => entry !== kept);
    }
    this.#reservations.get(runId)?.delete(key);
  }

  usage({ scope, unit, windowMs }: AccountRef, at: number): Spending {
    const account = this.#accounts.get(nameOf({ scope, unit }));
    if (account === undefined) return { spent: 0, held: 0 };
    if (windowMs === undefined) return account.total;
    return sumOf(entriesWithin(account, Math.max(at, account.clock) - windowMs));
  }

  accounts(filter: AccountFilter): readonly Account[] {
    const all = [...this.#accounts.values()];
    const { scope: above } = filter;
    return all
      .filter(({ scope }) => above === undefined || coversScope(above, scope))
      .slice(0, listLimit(filter))
      .map(({ scope, unit, total }) => ({ scope, unit, ...total }));
  }

  #account(ref: AccountRef): MemoryAccount | undefined {
    return this.#accounts.get(nameOf(ref));
  }

  #close(reservation: MemoryReservation, settlement: Settlement | null): void {
    if (reservation.isSettled) return;
    reservation.isSettled = true;
    const { plan, parts } = reservation;
    for (const [place, { account, kept }] of parts.entries()) {
      const { amount } = kept;
      const actual = actualOf(settlement, plan.places, { place, amount });
      const spent = account.unit === SLOTS ? 0 : actual;
      account.total = settleSpending(account.total, { held: amount, spent });
      kept.amount = actual;
      kept.isHeld = false;
    }
    for (const [n, { scope, amount }] of plan.rates.entries()) {
      const over = actualOf(settlement, plan.places, { place: -1 - n, amount }) - amount;
      const bucket = this.#buckets.get(scope);
      if (over <= 0 || bucket === undefined) continue;
      this.#buckets.set(scope, { ...bucket, tokens: bucket.tokens - over });
    }
  }
}

function nameOf({ scope, unit }: AccountRef): string {
  return `${scope}\0${unit}`;
}

function emptyAccount({ scope, unit }: Entry): MemoryAccount {
  return { scope, unit, total: { spent: 0, held: 0 }, clock: 0, longestMs: 0, entries: [] };
}

function hold(
  account: MemoryAccount,
  entry: Entry,
  at: number,
): { readonly account: MemoryAccount; readonly kept: Kept } {
  const { amount, value } = entry;
  const { spent, held } = account.total;
  account.total = { spent, held: held + amount };
  account.clock = at;
  account.longestMs = Math.max(account.longestMs, ...entry.windows);
  const kept = { at, value, amount, isHeld: true };
  if (account.longestMs > 0) {
    account.entries = entriesWithin(account, at - account.longestMs);
    account.entries.push(kept);
  }
  return { account, kept };
}

function countOf(known: MemoryAccount | undefined, entry: Entry, at: number): Count {
  const account = known ?? emptyAccount(entry);
  const { spent, held } = account.total;
  const inside = (windowMs: number): Kept[] => entriesWithin(account, at - windowMs);
  const used = (windowMs: number): number => {
    const sum = sumOf(inside(windowMs));
    return sum.spent + sum.held;
  };
  return {
    total: entry.unit === SLOTS ? held : spent + held,
    within: used,
    distinct: (windowMs) => {
      const values = new Set(inside(windowMs).map(({ value }) => value));
      values.delete(null);
      return { count: values.size, seen: values.has(entry.value) };
    },
    roomAt: (windowMs, amount) => {
      let freed = 0;
      let last = at;
      for (const kept of inside(windowMs).slice(0, LOOK_MAX)) {
        freed += kept.amount;
        last = kept.at + windowMs;
        if (freed >= amount) break;
      }
      return last;
    },
  };
}

function entriesWithin({ entries }: MemoryAccount, cutoff: number): Kept[] {
  const first = entries.findIndex(({ at }) => at > cutoff);
  return first === -1 ? [] : entries.slice(first);
}

function sumOf(entries: readonly Kept[]): Spending {
  let spent = 0;
  let held = 0;
  for (const { amount, isHeld } of entries) {
    if (isHeld) held += amount;
    else spent += amount;
  }
  return { spent, held };
}
