/**
 * The payment service's books, in a SQLite file of their own.
 *
 * B1 A refund is applied once per idempotency key; the key again gives the first answer again.
 * B2 Another key is another refund, up to what was captured: like a real provider, the service
 *    does not know which refunds its customer means to be one. So a caller that loses its keys
 *    pays twice, and the books show it.
 * B3 A review is opened by every request that asks for one. It can be looked up by the caller's
 *    reference, nothing more.
 */
import { DatabaseSync } from "node:sqlite";
import { capturedCents, type DeskCase } from "./data.ts";

export interface RefundRequest {
  readonly orderId: string;
  readonly lineId: string;
  readonly amountCents: number;
}

export interface Refund extends RefundRequest {
  readonly refundId: string;
}

export interface Payment {
  readonly orderId: string;
  readonly capturedCents: number;
  readonly refunds: readonly Refund[];
}

export interface ReviewRequest {
  readonly orderId: string;
  readonly reference: string;
  readonly note: string;
}

export interface Review {
  readonly reviewId: string;
  readonly orderId: string;
}

/** What was done for one order line, or one order, and how often. */
export interface Count {
  readonly what: string;
  readonly times: number;
  readonly amountCents: number;
}

/** What the service counted since it was set up. */
export interface Stats {
  /** Per order line, refunds of before the demo included. */
  readonly refunds: readonly Count[];
  readonly refundsApplied: number;
  /** Refunds of one line beyond its first. */
  readonly refundsDoubled: number;
  /** Per order. */
  readonly reviews: readonly Count[];
  readonly reviewsOpened: number;
  readonly reviewsDoubled: number;
  /** Requests that came again under a key that was done: answered, not done again. */
  readonly replays: number;
  /** Effects that were committed and whose answer was held back. */
  readonly withheld: number;
  readonly refused: number;
  /** Answers held back at this moment. */
  readonly holding: number;
}

export type Applied =
  | { readonly kind: "applied" | "replayed"; readonly refund: Refund }
  | { readonly kind: "refused"; readonly why: string };

const TABLES = `
  CREATE TABLE IF NOT EXISTS payments (order_id TEXT PRIMARY KEY, captured INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS refunds (
    id INTEGER PRIMARY KEY, order_id TEXT NOT NULL, line_id TEXT NOT NULL, cents INTEGER NOT NULL,
    key TEXT NOT NULL UNIQUE, is_earlier INTEGER NOT NULL DEFAULT 0,
    replays INTEGER NOT NULL DEFAULT 0, withheld INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE IF NOT EXISTS reviews (
    id INTEGER PRIMARY KEY, order_id TEXT NOT NULL, reference TEXT NOT NULL, note TEXT NOT NULL,
    withheld INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE IF NOT EXISTS refusals (id INTEGER PRIMARY KEY, why TEXT NOT NULL) STRICT`;

export class Ledger {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    this.#db.exec(TABLES);
  }

  /** Books what was paid, and paid back, before the demo. */
  seed(cases: readonly DeskCase[]): void {
    const pay = this.#db.prepare("INSERT OR IGNORE INTO payments VALUES (?, ?)");
    const payBack = this.#db.prepare(
      `INSERT OR IGNORE INTO refunds (order_id, line_id, cents, key, is_earlier)
       VALUES (?, ?, ?, ?, 1)`,
    );
    this.#db.exec("BEGIN");
    for (const { order, truth } of cases) {
      const { orderId, lineId, amountCents, resolution } = truth;
      pay.run(order.orderId, capturedCents(order));
      if (resolution !== "already_refunded") continue;
      payBack.run(orderId, lineId, amountCents, `earlier-${orderId}-${lineId}`);
    }
    this.#db.exec("COMMIT");
  }

  payment(orderId: string): Payment | undefined {
    const row = this.#db.prepare("SELECT captured FROM payments WHERE order_id = ?").get(orderId);
    if (row === undefined) return undefined;
    const refunds = this.#db.prepare("SELECT * FROM refunds WHERE order_id = ?").all(orderId);
    return { orderId, capturedCents: Number(row["captured"]), refunds: refunds.map(refundOf) };
  }

  /** B1 and B2. Committed when it returns. */
  refund(key: string, { orderId, lineId, amountCents }: RefundRequest): Applied {
    const before = this.#db.prepare("SELECT * FROM refunds WHERE key = ?").get(key);
    if (before !== undefined) {
      this.#db.prepare("UPDATE refunds SET replays = replays + 1 WHERE key = ?").run(key);
      return { kind: "replayed", refund: refundOf(before) };
    }
    const payment = this.payment(orderId);
    if (payment === undefined) return this.#refuse(`no payment for order ${orderId}`);
    const paidBack = payment.refunds.reduce((sum, refund) => sum + refund.amountCents, 0);
    const left = payment.capturedCents - paidBack;
    if (amountCents > left) return this.#refuse(`only ${left} cents of ${orderId} are left`);
    const row = this.#db
      .prepare("INSERT INTO refunds (order_id, line_id, cents, key) VALUES (?,?,?,?) RETURNING *")
      .get(orderId, lineId, amountCents, key);
    return { kind: "applied", refund: refundOf(row ?? {}) };
  }

  /** B3. Committed when it returns. */
  review({ orderId, reference, note }: ReviewRequest): Review {
    const row = this.#db
      .prepare("INSERT INTO reviews (order_id, reference, note) VALUES (?,?,?) RETURNING *")
      .get(orderId, reference, note);
    return reviewOf(row ?? {});
  }

  findReview(reference: string): Review | undefined {
    const row = this.#db.prepare("SELECT * FROM reviews WHERE reference = ?").get(reference);
    return row === undefined ? undefined : reviewOf(row);
  }

  /** Notes that the answer to this effect is held back. */
  withhold(table: "refunds" | "reviews", effectId: string): void {
    const id = Number(effectId.slice(effectId.indexOf("-") + 1));
    this.#db.prepare(`UPDATE ${table} SET withheld = 1 WHERE id = ?`).run(id);
  }

  stats(holding: number): Stats {
    const refunds = this.#counts(`SELECT order_id || '/' || line_id AS what, count(*) AS times,
      sum(cents) AS cents FROM refunds GROUP BY what`);
    const reviews = this.#counts(`SELECT order_id AS what, count(*) AS times, 0 AS cents
      FROM reviews GROUP BY what`);
    return {
      refunds,
      refundsApplied: this.#number("SELECT count(*) FROM refunds WHERE is_earlier = 0"),
      refundsDoubled: doubled(refunds),
      reviews,
      reviewsOpened: this.#number("SELECT count(*) FROM reviews"),
      reviewsDoubled: doubled(reviews),
      replays: this.#number("SELECT ifnull(sum(replays), 0) FROM refunds"),
      withheld: this.#number(`SELECT (SELECT ifnull(sum(withheld), 0) FROM refunds)
        + (SELECT ifnull(sum(withheld), 0) FROM reviews)`),
      refused: this.#number("SELECT count(*) FROM refusals"),
      holding,
    };
  }

  close(): void {
    this.#db.close();
  }

  #refuse(why: string): Applied {
    this.#db.prepare("INSERT INTO refusals (why) VALUES (?)").run(why);
    return { kind: "refused", why };
  }

  #counts(sql: string): readonly Count[] {
    return this.#db
      .prepare(sql)
      .all()
      .map((row) => ({
        what: String(row["what"]),
        times: Number(row["times"]),
        amountCents: Number(row["cents"]),
      }));
  }

  #number(sql: string): number {
    return Number(Object.values(this.#db.prepare(sql).get() ?? {})[0]);
  }
}

function doubled(counts: readonly Count[]): number {
  return counts.reduce((sum, { times }) => sum + times - 1, 0);
}

function refundOf(row: Readonly<Record<string, unknown>>): Refund {
  return {
    refundId: `re-${String(row["id"])}`,
    orderId: String(row["order_id"]),
    lineId: String(row["line_id"]),
    amountCents: Number(row["cents"]),
  };
}

function reviewOf(row: Readonly<Record<string, unknown>>): Review {
  return { reviewId: `rv-${String(row["id"])}`, orderId: String(row["order_id"]) };
}
