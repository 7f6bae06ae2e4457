/** Reservations to try a store's ledger with. */
import assert from "node:assert/strict";
import type { BudgetLine, Line, RateLine, Reserved, Settlement } from "../journal/ledger.ts";
import type { JournalStore } from "../journal/store.ts";
import { appendOf, SAMPLE_START, type Pen } from "./sample-run.ts";

/** A line of the budget that most cases are about. */
export function budget(
  amount: number,
  max: number | null,
  changes: Partial<BudgetLine> = {},
): BudgetLine {
  return { kind: "budget", scope: "org/acme", unit: "usdMicros", amount, max, ...changes };
}

/** Ten tokens, one more each second. */
export function rate(amount: number, changes: Partial<RateLine> = {}): RateLine {
  return { kind: "rate", scope: "model", capacity: 10, refillPerMs: 0.001, amount, ...changes };
}

export function slot(max: number): Line {
  return { kind: "slot", scope: "tool/pay", max };
}

/** A key alone asks for run r1 at `SAMPLE_START`. */
export interface Asking {
  readonly key: string;
  readonly runId?: string;
  /** Milliseconds after `SAMPLE_START`. */
  readonly after?: number;
}

export function reserve(
  store: JournalStore,
  asking: Asking | string,
  lines: readonly Line[],
): Promise<Reserved> {
  const { key, runId = "r1", after = 0 } = askingOf(asking);
  return store.reserve({ key, runId, at: SAMPLE_START + after, lines });
}

/** Reserves what must be granted, and hands back what counted before each line. */
export async function granted(
  store: JournalStore,
  asking: Asking | string,
  lines: readonly Line[],
): Promise<readonly number[]> {
  const reserved = await reserve(store, asking, lines);
  assert.equal(reserved.kind, "reserved", `${askingOf(asking).key} is granted`);
  assert.ok(reserved.kind === "reserved");
  return reserved.tallies;
}

/** The answer to what must be denied. */
export async function denied(
  store: JournalStore,
  asking: Asking | string,
  lines: readonly Line[],
): Promise<Extract<Reserved, { kind: "denied" }>> {
  const reserved = await reserve(store, asking, lines);
  assert.equal(reserved.kind, "denied", `${askingOf(asking).key} is denied`);
  assert.ok(reserved.kind === "denied");
  return reserved;
}

function askingOf(asking: Asking | string): Asking {
  return typeof asking === "string" ? { key: asking } : asking;
}

/** Appends one event that settles these reservations of the pen's run. */
export async function settle(
  store: JournalStore,
  pen: Pen,
  settlements: readonly Settlement[],
): Promise<Pen> {
  const append = { ...appendOf(pen, ["done"]), settle: settlements };
  return { fence: pen.fence, ...(await store.append(pen.fence, append)) };
}

/** Ends the pen's run with an append that settles these. */
export async function finish(
  store: JournalStore,
  pen: Pen,
  settlements: readonly Settlement[] = [],
): Promise<void> {
  const end = appendOf(pen, ["the end"], { status: "finished", outcome: "failed" });
  await store.append(pen.fence, { ...end, settle: settlements });
}

/** Spent and held of an account, the budget of `budget` unless told otherwise. */
export async function spending(
  store: JournalStore,
  { scope = "org/acme", unit = "usdMicros", windowMs, after = 0 }: Partial<Account> = {},
): Promise<readonly [spent: number, held: number]> {
  const ref = { scope, unit, ...(windowMs === undefined ? {} : { windowMs }) };
  const [found] = await store.usage([ref], SAMPLE_START + after);
  assert.ok(found !== undefined, "each account asked for is answered");
  return [found.spent, found.held];
}

interface Account {
  readonly scope: string;
  readonly unit: string;
  readonly windowMs: number;
  readonly after: number;
}
