/** The ledger's statements and rows. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Reserved } from "../../journal/ledger.ts";
import { LOOK_MAX, type Bucket } from "../../journal/ledger-rules.ts";
import { BridleError } from "../../std/error.ts";
import { numberOf, textOf, type Row } from "./rows.ts";

export interface AccountRow {
  /** 0 while the account has no row. */
  readonly pk: number;
  readonly spent: number;
  readonly held: number;
  /** Time of the newest entry. */
  readonly clock: number;
}

/** The running sums of an account's entries that are younger than `cutoff`. */
export interface WindowRow {
  readonly windowMs: number;
  readonly cutoff: number;
  readonly spent: number;
  readonly held: number;
  /** When a line last named it. */
  readonly askedAt: number;
}

/** What a reservation must remember to be settled, given back or answered again. */
export interface Kept {
  readonly at: number;
  readonly tallies: readonly number[];
  readonly seen: readonly boolean[];
  readonly places: readonly number[];
  readonly entries: readonly {
    readonly account: number;
    readonly amount: number;
    /** It has a row in `entries`: the account has a window. */
    readonly isDated: boolean;
    readonly isSlot: boolean;
  }[];
  readonly rates: readonly { readonly scope: string; readonly amount: number }[];
}

export interface ReservationRow {
  readonly pk: number;
  readonly isSettled: boolean;
  readonly kept: Kept;
}

export interface LedgerStatements {
  readonly findReservation: StatementSync;
  readonly insertReservation: StatementSync;
  readonly markSettled: StatementSync;
  readonly deleteReservation: StatementSync;
  readonly unsettled: StatementSync;
  readonly findAccount: StatementSync;
  readonly accountTotals: StatementSync;
  readonly insertAccount: StatementSync;
  readonly moveAccount: StatementSync;
  readonly setTotals: StatementSync;
  readonly windows: StatementSync;
  readonly setWindow: StatementSync;
  readonly setWindowSums: StatementSync;
  readonly deleteWindow: StatementSync;
  /** Of entries in a stretch of time: how much is spent, how much held. */
  readonly sum: StatementSync;
  readonly distinct: StatementSync;
  readonly oldest: StatementSync;
  readonly insertEntry: StatementSync;
  readonly settleEntry: StatementSync;
  readonly deleteEntry: StatementSync;
  readonly pruneEntries: StatementSync;
  readonly findBucket: StatementSync;
  readonly setBucket: StatementSync;
  readonly listAccounts: StatementSync;
  readonly listBelow: StatementSync;
}

/** Old entries that one reservation takes away at most, for each of its accounts. */
const PRUNED_AT_ONCE = 32;

const PLACE = "account_pk = ? AND at = ? AND reservation_pk = ?";

export function prepareLedger(db: DatabaseSync): LedgerStatements {
  return {
    ...reservationStatements(db),
    ...accountStatements(db),
    ...entryStatements(db),
  };
}

function reservationStatements(
  db: DatabaseSync,
): Pick<
  LedgerStatements,
  | "findReservation"
  | "insertReservation"
  | "markSettled"
  | "deleteReservation"
  | "unsettled"
  | "findBucket"
  | "setBucket"
> {
  return {
    findReservation: db.prepare("SELECT * FROM reservations WHERE run_pk = ? AND key = ?"),
    insertReservation: db.prepare(
      "INSERT INTO reservations (run_pk, key, is_settled, kept) VALUES (?, ?, 0, ?)",
    ),
    markSettled: db.prepare("UPDATE reservations SET is_settled = 1 WHERE reservation_pk = ?"),
    deleteReservation: db.prepare("DELETE FROM reservations WHERE reservation_pk = ?"),
    unsettled: db.prepare("SELECT * FROM reservations WHERE run_pk = ? AND is_settled = 0"),
    findBucket: db.prepare("SELECT tokens, at FROM buckets WHERE scope = ?"),
    setBucket: db.prepare(
      `INSERT INTO buckets (scope, tokens, at) VALUES (?, ?, ?)
        ON CONFLICT (scope) DO UPDATE SET tokens = excluded.tokens, at = excluded.at`,
    ),
  };
}

function accountStatements(
  db: DatabaseSync,
): Pick<
  LedgerStatements,
  | "findAccount"
  | "accountTotals"
  | "insertAccount"
  | "moveAccount"
  | "setTotals"
  | "windows"
  | "setWindow"
  | "setWindowSums"
  | "deleteWindow"
  | "listAccounts"
  | "listBelow"
> {
  const columns = "account_pk, scope, unit, spent, held, clock";
  return {
    findAccount: db.prepare(`SELECT ${columns} FROM accounts WHERE scope = ? AND unit = ?`),
    accountTotals: db.prepare(`SELECT ${columns} FROM accounts WHERE account_pk = ?`),
    insertAccount: db.prepare(
      "INSERT INTO accounts (scope, unit, spent, held, clock) VALUES (?, ?, 0, ?, ?)",
    ),
    moveAccount: db.prepare("UPDATE accounts SET held = ?, clock = ? WHERE account_pk = ?"),
    setTotals: db.prepare("UPDATE accounts SET spent = ?, held = ? WHERE account_pk = ?"),
    windows: db.prepare("SELECT * FROM windows WHERE account_pk = ? ORDER BY window_ms"),
    setWindow: db.prepare(
      `INSERT OR REPLACE INTO windows (account_pk, window_ms, cutoff, spent, held, asked_at)
        VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    setWindowSums: db.prepare(
      "UPDATE windows SET spent = ?, held = ? WHERE account_pk = ? AND window_ms = ?",
    ),
    deleteWindow: db.prepare("DELETE FROM windows WHERE account_pk = ? AND window_ms = ?"),
    listAccounts: db.prepare(`SELECT ${columns} FROM accounts ORDER BY account_pk LIMIT ?`),
    // "0" follows "/": a stretch of the index holds all that lies below a scope.
    listBelow: db.prepare(
      `SELECT ${columns} FROM accounts WHERE scope = ?1
        UNION ALL SELECT ${columns} FROM accounts WHERE scope >= ?1 || '/' AND scope < ?1 || '0'
        ORDER BY account_pk LIMIT ?2`,
    ),
  };
}

function entryStatements(
  db: DatabaseSync,
): Pick<
  LedgerStatements,
  "sum" | "distinct" | "oldest" | "insertEntry" | "settleEntry" | "deleteEntry" | "pruneEntries"
> {
  return {
    // total() answers with a float and 0 for nothing, where sum() could overflow.
    sum: db.prepare(
      `SELECT total(amount * (1 - is_held)) AS spent, total(amount * is_held) AS held
        FROM entries WHERE account_pk = ? AND at > ? AND at <= ?`,
    ),
    distinct: db.prepare(
      `SELECT count(DISTINCT value) AS n, total(value = ?1) > 0 AS seen
        FROM entries WHERE account_pk = ?2 AND at > ?3`,
    ),
    oldest: db.prepare(
      `SELECT at, amount FROM entries WHERE account_pk = ? AND at > ? ORDER BY at, reservation_pk
        LIMIT ${LOOK_MAX}`,
    ),
    insertEntry: db.prepare(
      `INSERT INTO entries (account_pk, at, reservation_pk, amount, is_held, value)
        VALUES (?, ?, ?, ?, 1, ?)`,
    ),
    settleEntry: db.prepare(`UPDATE entries SET amount = ?, is_held = 0 WHERE ${PLACE}`),
    deleteEntry: db.prepare(`DELETE FROM entries WHERE ${PLACE}`),
    pruneEntries: db.prepare(
      `DELETE FROM entries WHERE (account_pk, at, reservation_pk) IN (
        SELECT account_pk, at, reservation_pk FROM entries WHERE account_pk = ? AND at <= ?
        ORDER BY at LIMIT ${PRUNED_AT_ONCE})`,
    ),
  };
}

export function accountRow(row: Row): AccountRow {
  return {
    pk: numberOf(row, "account_pk"),
    spent: numberOf(row, "spent"),
    held: numberOf(row, "held"),
    clock: numberOf(row, "clock"),
  };
}

export function windowRow(row: Row): WindowRow {
  return {
    windowMs: numberOf(row, "window_ms"),
    cutoff: numberOf(row, "cutoff"),
    spent: numberOf(row, "spent"),
    held: numberOf(row, "held"),
    askedAt: numberOf(row, "asked_at"),
  };
}

export function bucketRow(row: Row): Bucket {
  return { tokens: numberOf(row, "tokens"), at: numberOf(row, "at") };
}

export function reservationRow(row: Row): ReservationRow {
  return {
    pk: numberOf(row, "reservation_pk"),
    isSettled: numberOf(row, "is_settled") === 1,
    kept: keptOf(textOf(row, "kept")),
  };
}

/** The text is what `keptText` wrote in this file's own transaction. */
function keptOf(text: string): Kept {
  try {
    const kept: Kept = JSON.parse(text);
    return kept;
  } catch (cause) {
    throw new BridleError("store_corrupt", "A reservation cannot be read", {
      hint: "Check the database with `bridle doctor`, then restore a backup.",
      cause,
    });
  }
}

export function keptText(kept: Kept): string {
  return JSON.stringify(kept);
}

/** The answer that a key got the first time. */
export function answerAgain({ at, tallies, seen }: Kept): Reserved {
  return { kind: "reserved", at, tallies, seen, isRepeat: true };
}
