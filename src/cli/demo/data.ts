/**
 * The desk's world, made by seeded code: the same seed gives the same customers, orders, payments
 * and tickets on every machine. The desk never sees a ticket's `truth`; the report and the
 * simulated model do.
 */
import { assert } from "../../std/assert.ts";
import { pick, seededRandom, seedFrom, type Random } from "../../std/random.ts";
import {
  BROKEN_LETTERS,
  DEAR_GOODS,
  DEAR_LETTERS,
  FIRST_NAMES,
  GOODS,
  LAST_NAMES,
  SECOND_ASK_LETTERS,
  type Letter,
} from "./texts.ts";

export interface OrderLine {
  /** Unique within its order. */
  readonly lineId: string;
  readonly item: string;
  readonly priceCents: number;
}

export interface Order {
  readonly orderId: string;
  readonly customer: string;
  readonly placedOn: string;
  readonly lines: readonly OrderLine[];
}

export interface Ticket {
  readonly ticketId: string;
  readonly customer: string;
  readonly subject: string;
  readonly text: string;
}

/** How a ticket is rightly closed. */
export type Resolution = "refunded" | "already_refunded" | "escalated";

/** What has to be true at the payment service when the ticket is done. */
export interface Truth {
  readonly resolution: Resolution;
  readonly orderId: string;
  readonly lineId: string;
  readonly amountCents: number;
}

export interface DeskCase {
  readonly ticket: Ticket;
  readonly order: Order;
  readonly truth: Truth;
}

/** More than this a person refunds, not the desk. */
export const DESK_LIMIT_CENTS = 50_000;

/** `count` tickets, each about an order of its own. */
export function deskCases(seed: number, count: number): readonly DeskCase[] {
  return Array.from({ length: count }, (_, index) => deskCase(seed, index));
}

/** What an order's customer paid. */
export function capturedCents(order: Order): number {
  return order.lines.reduce((sum, line) => sum + line.priceCents, 0);
}

/** "€ 12.50" */
export function money(cents: number): string {
  return `€ ${(cents / 100).toFixed(2)}`;
}

function deskCase(seed: number, index: number): DeskCase {
  const random = seededRandom(seedFrom(`desk ${seed} ${index}`));
  const resolution = resolutionOf(index);
  const customer = `${draw(FIRST_NAMES, random)} ${draw(LAST_NAMES, random)}`;
  const orderId = `R-${10_000 + index * 7 + Math.floor(random() * 7)}`;
  const lines = orderLines(resolution, random);
  const wanted = draw(resolution === "escalated" ? lines.slice(0, 1) : lines, random);
  const month = 1 + Math.floor(random() * 9);
  const day = 1 + Math.floor(random() * 28);
  const placedOn = `2026-${pad(month)}-${pad(day)}`;
  const order: Order = { orderId, customer, placedOn, lines };
  const letter = draw(lettersFor(resolution), random);
  const amount = money(wanted.priceCents);
  const text = letter.text
    .replace("{item}", wanted.item)
    .replace("{order}", orderId)
    .replace("{amount}", amount);
  return {
    ticket: {
      ticketId: `T-${101 + index}`,
      customer,
      subject: letter.subject,
      text: `${text}\n\n${customer}`,
    },
    order,
    truth: {
      resolution,
      orderId,
      lineId: wanted.lineId,
      amountCents: wanted.priceCents,
    },
  };
}

/** Of 40 tickets 5 ask for money that was paid back before, 6 for more than the desk may refund. */
function resolutionOf(index: number): Resolution {
  if (index % 8 === 3) return "already_refunded";
  return index % 6 === 4 ? "escalated" : "refunded";
}

function lettersFor(resolution: Resolution): readonly Letter[] {
  if (resolution === "already_refunded") return SECOND_ASK_LETTERS;
  return resolution === "escalated" ? DEAR_LETTERS : BROKEN_LETTERS;
}

/** Two to four lines, no item twice, so that a ticket's words name one line. */
function orderLines(resolution: Resolution, random: Random): readonly OrderLine[] {
  const count = 2 + Math.floor(random() * 3);
  const start = Math.floor(random() * GOODS.length);
  return Array.from({ length: count }, (_, index): OrderLine => {
    const lineId = String(index + 1);
    if (index === 0 && resolution === "escalated") {
      const priceCents = DESK_LIMIT_CENTS + 9_900 + Math.floor(random() * 120) * 1_000;
      return { lineId, item: draw(DEAR_GOODS, random), priceCents };
    }
    const item = GOODS[(start + index * 5) % GOODS.length] ?? "";
    return { lineId, item, priceCents: 990 + Math.floor(random() * 240) * 100 };
  });
}

function draw<T>(items: readonly T[], random: Random): T {
  const drawn = pick(items, random);
  assert(drawn !== undefined, "there is something to draw from");
  return drawn;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
