/**
 * The shop's own database, and its rules. The desk's tools work on it; none of them trusts the
 * model to know what was done before.
 */
import { DatabaseSync } from "node:sqlite";
import { ToolError } from "../../tools/tool-error.ts";
import type { DeskCase, Order, OrderLine, Resolution, Ticket } from "./data.ts";

const TABLES = `
  CREATE TABLE orders (
    order_id TEXT PRIMARY KEY, customer TEXT NOT NULL, placed_on TEXT NOT NULL) STRICT;
  CREATE TABLE lines (
    order_id TEXT NOT NULL REFERENCES orders, line_id TEXT NOT NULL, item TEXT NOT NULL,
    price_cents INTEGER NOT NULL, PRIMARY KEY (order_id, line_id)) STRICT;
  CREATE TABLE tickets (
    ticket_id TEXT PRIMARY KEY, customer TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
    resolution TEXT) STRICT;
  CREATE TABLE letters (
    id INTEGER PRIMARY KEY, ticket_id TEXT NOT NULL REFERENCES tickets, text TEXT NOT NULL) STRICT;
  CREATE TABLE reserved (
    what TEXT PRIMARY KEY, key TEXT NOT NULL) STRICT`;

/** How long a write waits for another process, ms. */
const BUSY_MS = 10_000;

export function createBusiness(path: string, cases: readonly DeskCase[]): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(TABLES);
  const order = db.prepare("INSERT INTO orders VALUES (?, ?, ?)");
  const line = db.prepare("INSERT INTO lines VALUES (?, ?, ?, ?)");
  const ticket = db.prepare("INSERT INTO tickets VALUES (?, ?, ?, ?, NULL)");
  const reserved = db.prepare("INSERT INTO reserved VALUES (?, ?)");
  db.exec("BEGIN");
  for (const { ticket: asked, order: placed, truth } of cases) {
    const { orderId, customer, placedOn, lines } = placed;
    order.run(orderId, customer, placedOn);
    for (const { lineId, item, priceCents } of lines) line.run(orderId, lineId, item, priceCents);
    ticket.run(asked.ticketId, asked.customer, asked.subject, asked.text);
    if (truth.resolution !== "already_refunded") continue;
    reserved.run(`refund ${orderId}/${truth.lineId}`, `earlier-${orderId}-${truth.lineId}`);
  }
  db.exec("COMMIT");
  db.close();
}

export class Business {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: BUSY_MS });
    this.#db.exec("PRAGMA synchronous = FULL");
  }

  tickets(): readonly Ticket[] {
    const rows = this.#db.prepare("SELECT * FROM tickets ORDER BY ticket_id").all();
    return rows.map((row) => ({
      ticketId: String(row["ticket_id"]),
      customer: String(row["customer"]),
      subject: String(row["subject"]),
      text: String(row["text"]),
    }));
  }

  /** Throws `ToolError` for an order that does not exist. */
  order(orderId: string): Order {
    const row = this.#db.prepare("SELECT * FROM orders WHERE order_id = ?").get(orderId);
    if (row === undefined) {
      throw new ToolError(`There is no order ${orderId}`, {
        hint: "Take the order number from the ticket, exactly as it is written there.",
      });
    }
    const lines = this.#db.prepare("SELECT * FROM lines WHERE order_id = ?").all(orderId);
    return {
      orderId,
      customer: String(row["customer"]),
      placedOn: String(row["placed_on"]),
      lines: lines.map((line): OrderLine => ({
        lineId: String(line["line_id"]),
        item: String(line["item"]),
        priceCents: Number(line["price_cents"]),
      })),
    };
  }

  /**
   * Keeps an effect for one idempotency key, for good: whoever asks with the same key again may
   * go on, another key is told that it is done. Durable before the effect begins.
   */
  reserve(what: string, key: string): "mine" | "taken" {
    this.#db.prepare("INSERT OR IGNORE INTO reserved VALUES (?, ?)").run(what, key);
    const row = this.#db.prepare("SELECT key FROM reserved WHERE what = ?").get(what);
    return row?.["key"] === key ? "mine" : "taken";
  }

  /** The effect was refused: nothing was done, so another call may try. */
  giveUp(what: string, key: string): void {
    this.#db.prepare("DELETE FROM reserved WHERE what = ? AND key = ?").run(what, key);
  }

  /** How each ticket was closed, and how many letters its customer got. */
  closings(): ReadonlyMap<
    string,
    { readonly resolution: string | null; readonly letters: number }
  > {
    const rows = this.#db
      .prepare(
        `SELECT t.ticket_id, t.resolution, count(l.id) AS letters
         FROM tickets t LEFT JOIN letters l USING (ticket_id) GROUP BY t.ticket_id`,
      )
      .all();
    return new Map(
      rows.map(({ ticket_id: ticketId, resolution, letters }) => [
        String(ticketId),
        { resolution: resolution === null ? null : String(resolution), letters: Number(letters) },
      ]),
    );
  }

  close(): void {
    this.#db.close();
  }
}

/** Closes a ticket and writes to its customer, inside the caller's transaction. */
export function closeTicket(
  tx: unknown,
  closing: { readonly ticketId: string; readonly resolution: Resolution; readonly text: string },
): void {
  if (!(tx instanceof DatabaseSync)) throw new TypeError("closing a ticket needs a transaction");
  const { ticketId, resolution, text } = closing;
  const row = tx.prepare("SELECT resolution FROM tickets WHERE ticket_id = ?").get(ticketId);
  if (row === undefined) throw new ToolError(`There is no ticket ${ticketId}`);
  if (row["resolution"] !== null) {
    throw new ToolError(`Ticket ${ticketId} is closed already`, {
      hint: "There is no more to do.",
    });
  }
  tx.prepare("UPDATE tickets SET resolution = ? WHERE ticket_id = ?").run(resolution, ticketId);
  tx.prepare("INSERT INTO letters (ticket_id, text) VALUES (?, ?)").run(ticketId, text);
}
