/**
 * The ledger in tables (laws U1 to U9 in `journal/ledger.ts`). Every function runs inside a group
 * commit and throws before it has changed anything.
 *
 * What it costs: each line finds its account through an index and writes its row, whatever the
 * account's past. A window keeps a running sum: an entry is added once and taken off once, when it
 * falls out, so a reservation costs O(log n) for each line and window over time. Three things cost
 * more: the first reservation of a window after a long rest sums up all that fell out meanwhile
 * (a denial does not keep that sum, the next looks again); a window that is named for the first
 * time reads the account's entries; a distinct tally reads the entries of its window every time.
 * Entries that no window counts any more go a few with each reservation.
 */
import type { DatabaseSync } from "node:sqlite";
import { SLOTS, type Account, type AccountFilter, type AccountRef } from "../../journal/ledger.ts";
import type { Reservation, Reserved, Settlement, Spending } from "../../journal/ledger.ts";
import {
  actualOf,
  AMOUNT_MAX,
  dateOf,
  decideReservation,
  settleSpending,
  terminalError,
  WINDOWS_MAX,
  type Bucket,
  type Count,
  type Entry,
  type Plan,
} from "../../journal/ledger-rules.ts";
import { listLimit } from "../../journal/store-rules.ts";
import {
  accountRow,
  answerAgain,
  bucketRow,
  keptText,
  prepareLedger,
  reservationRow,
  windowRow,
  type AccountRow,
  type Kept,
  type LedgerStatements,
  type ReservationRow,
  type WindowRow,
} from "./ledger-rows.ts";
import { numberOf, textOf } from "./rows.ts";

/** An account as it is at the time of an entry. */
interface Loaded {
  readonly row: AccountRow;
  /** The entry's. */
  readonly at: number;
  /** Those it keeps count of and those the entry names, as of `at`. */
  readonly windows: readonly WindowRow[];
}

export class SqliteLedger {
  readonly #db: DatabaseSync;
  #prepared: LedgerStatements | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Prepared at first use: who only reads journals does not pay for it. */
  get #sql(): LedgerStatements {
    this.#prepared ??= prepareLedger(this.#db);
    return this.#prepared;
  }

  reserve(
    run: { readonly pk: number; readonly isOver: boolean },
    reservation: Reservation,
    plan: Plan,
  ): Reserved {
    const known = this.#find(run.pk, reservation.key);
    if (known !== undefined) return answerAgain(known.kept);
    if (run.isOver) throw terminalError(reservation.runId);
    const rows = plan.entries.map((entry) => this.#account(entry));
    const buckets = plan.rates.map(({ scope }) => this.#bucket(scope));
    const seenAt = [...rows.map(({ clock }) => clock), ...buckets.map((bucket) => bucket?.at)];
    const at = dateOf(reservation.at, seenAt);
    const loaded = rows.map((row, n) => this.#load(row, plan.entries[n]?.windows ?? [], at));
    const counts = plan.entries.map((entry, n) => this.#countOf(entry, loaded[n]));
    const decided = decideReservation({ lines: reservation.lines, plan, at, counts, buckets });
    if (decided.kind === "denied") return decided;
    for (const [n, { scope }] of plan.rates.entries()) {
      const bucket = decided.buckets[n];
      if (bucket !== undefined) this.#sql.setBucket.run(scope, bucket.tokens, bucket.at);
    }
    const { tallies, seen } = decided;
    const entries = loaded.map((account, n) => this.#hold(account, plan.entries[n]));
    const rates = plan.rates.map(({ scope, amount }) => ({ scope, amount }));
    const kept: Kept = { at, tallies, seen, places: plan.places, entries, rates };
    const made = this.#sql.insertReservation.run(run.pk, reservation.key, keptText(kept));
    for (const [n, { account, amount, isDated }] of entries.entries()) {
      const value = plan.entries[n]?.value ?? null;
      if (isDated) this.#sql.insertEntry.run(account, at, made.lastInsertRowid, amount, value);
    }
    return { kind: "reserved", at, tallies, seen, isRepeat: false };
  }

  settle(runPk: number, settlements: readonly Settlement[]): void {
    for (const settlement of settlements) {
      const known = this.#find(runPk, settlement.key);
      if (known !== undefined && !known.isSettled) this.#close(known, settlement);
    }
  }

  /** U5: nothing of a run that ended is held. */
  finish(runPk: number): void {
    for (const row of this.#sql.unsettled.all(runPk)) this.#close(reservationRow(row), null);
  }

  unreserve(runPk: number, key: string): void {
    const known = this.#find(runPk, key);
    if (known === undefined || known.isSettled) return;
    const { at, entries } = known.kept;
    for (const { account, amount, isDated } of entries) {
      this.#move(account, isDated ? at : null, { held: amount, spent: 0 });
      if (isDated) this.#sql.deleteEntry.run(account, at, known.pk);
    }
    this.#sql.deleteReservation.run(known.pk);
  }

  usage({ scope, unit, windowMs }: AccountRef, at: number): Spending {
    const row = this.#account({ scope, unit });
    if (windowMs === undefined) return { spent: row.spent, held: row.held };
    const now = Math.max(at, row.clock);
    const known = this.#windows(row.pk).find((window) => window.windowMs === windowMs);
    const window = this.#asOf(row.pk, now, known ?? windowMs);
    return { spent: window.spent, held: window.held };
  }

  accounts(filter: AccountFilter): readonly Account[] {
    const limit = listLimit(filter);
    const { scope: above } = filter;
    const rows =
      above === undefined
        ? this.#sql.listAccounts.all(limit)
        : this.#sql.listBelow.all(above, limit);
    return rows.map((row) => ({
      scope: textOf(row, "scope"),
      unit: textOf(row, "unit"),
      spent: numberOf(row, "spent"),
      held: numberOf(row, "held"),
    }));
  }

  #find(runPk: number, key: string): ReservationRow | undefined {
    const row = this.#sql.findReservation.get(runPk, key);
    return row === undefined ? undefined : reservationRow(row);
  }

  #bucket(scope: string): Bucket | undefined {
    const row = this.#sql.findBucket.get(scope);
    return row === undefined ? undefined : bucketRow(row);
  }

  #windows(account: number): WindowRow[] {
    return account === 0 ? [] : this.#sql.windows.all(account).map(windowRow);
  }

  /** Zeros when nobody has used it. */
  #account({ scope, unit }: AccountRef): AccountRow {
    const row = this.#sql.findAccount.get(scope, unit);
    return row === undefined ? EMPTY : accountRow(row);
  }

  #load(row: AccountRow, named: readonly number[], at: number): Loaded {
    const known = this.#windows(row.pk);
    const fresh = named.filter((ms) => !known.some(({ windowMs }) => windowMs === ms));
    const windows = [...known, ...fresh].map((window) => {
      const current = this.#asOf(row.pk, at, window);
      return named.includes(current.windowMs) ? { ...current, askedAt: at } : current;
    });
    return { row, at, windows };
  }

  /** A window at a moment: what fell out since it was kept is taken off, a new one is summed up. */
  #asOf(account: number, now: number, window: WindowRow | number): WindowRow {
    if (typeof window === "number") {
      const cutoff = now - window;
      const sums = this.#sum(account, cutoff, now);
      return { windowMs: window, cutoff, ...sums, askedAt: now };
    }
    const cutoff = now - window.windowMs;
    if (cutoff === window.cutoff) return window;
    const gone = this.#sum(account, window.cutoff, cutoff);
    const spent = Math.max(0, window.spent - gone.spent);
    return { ...window, cutoff, spent, held: Math.max(0, window.held - gone.held) };
  }

  #sum(account: number, after: number, until: number): Spending {
    const row = account === 0 ? undefined : this.#sql.sum.get(account, after, until);
    if (row === undefined) return { spent: 0, held: 0 };
    const [spent, held] = [numberOf(row, "spent"), numberOf(row, "held")];
    return { spent: Math.min(AMOUNT_MAX, spent), held: Math.min(AMOUNT_MAX, held) };
  }

  #countOf({ unit, value }: Entry, loaded?: Loaded): Count {
    const { row, at, windows } = loaded ?? { row: EMPTY, at: 0, windows: [] };
    return {
      total: unit === SLOTS ? row.held : row.spent + row.held,
      within: (windowMs) => {
        const window = windows.find((each) => each.windowMs === windowMs);
        return window === undefined ? 0 : window.spent + window.held;
      },
      distinct: (windowMs) => {
        const found = this.#sql.distinct.get(value, row.pk, at - windowMs) ?? {};
        return { count: numberOf(found, "n"), seen: found["seen"] === 1 };
      },
      roomAt: (windowMs, amount) => {
        let freed = 0;
        let last = at;
        for (const entry of this.#sql.oldest.all(row.pk, at - windowMs)) {
          freed += numberOf(entry, "amount");
          last = numberOf(entry, "at") + windowMs;
          if (freed >= amount) break;
        }
        return last;
      },
    };
  }

  /** Writes the account and its windows with the entry in them. */
  #hold({ row, at, windows }: Loaded, entry: Entry | undefined): Kept["entries"][number] {
    const { scope, unit, amount } = entry ?? { scope: "", unit: "", amount: 0 };
    let account = row.pk;
    if (account === 0) {
      account = Number(this.#sql.insertAccount.run(scope, unit, amount, at).lastInsertRowid);
    } else {
      this.#sql.moveAccount.run(row.held + amount, at, account);
    }
    const byAsked = windows.toSorted((one, other) => other.askedAt - one.askedAt);
    for (const { windowMs, cutoff, spent, held, askedAt } of byAsked.slice(0, WINDOWS_MAX)) {
      this.#sql.setWindow.run(account, windowMs, cutoff, spent, held + amount, askedAt);
    }
    for (const { windowMs } of byAsked.slice(WINDOWS_MAX)) {
      this.#sql.deleteWindow.run(account, windowMs);
    }
    const isSlot = unit === SLOTS;
    if (windows.length === 0) return { account, amount, isDated: false, isSlot };
    this.#sql.pruneEntries.run(account, Math.min(...windows.map(({ cutoff }) => cutoff)));
    return { account, amount, isDated: true, isSlot };
  }

  #close({ pk, kept }: ReservationRow, settlement: Settlement | null): void {
    for (const [place, { account, amount, isDated, isSlot }] of kept.entries.entries()) {
      const actual = actualOf(settlement, kept.places, { place, amount });
      this.#move(account, isDated ? kept.at : null, { held: amount, spent: isSlot ? 0 : actual });
      if (isDated) this.#sql.settleEntry.run(actual, account, kept.at, pk);
    }
    for (const [n, { scope, amount }] of kept.rates.entries()) {
      const over = actualOf(settlement, kept.places, { place: -1 - n, amount }) - amount;
      const bucket = over > 0 ? this.#bucket(scope) : undefined;
      if (bucket !== undefined) this.#sql.setBucket.run(scope, bucket.tokens - over, bucket.at);
    }
    this.#sql.markSettled.run(pk);
  }

  /** What was held is spent, or nothing, in the account and the windows that still count it. */
  #move(account: number, at: number | null, change: Spending): void {
    const row = this.#sql.accountTotals.get(account);
    if (row === undefined) return;
    const { spent, held } = settleSpending(accountRow(row), change);
    this.#sql.setTotals.run(spent, held, account);
    if (at === null) return;
    for (const window of this.#windows(account)) {
      if (window.cutoff >= at) continue;
      const after = settleSpending(window, change);
      this.#sql.setWindowSums.run(after.spent, after.held, account, window.windowMs);
    }
  }
}

const EMPTY: AccountRow = { pk: 0, spent: 0, held: 0, clock: 0 };
