/**
 * What the demo came to, told from outside: effects as the payment service and the shop's
 * database counted them, and only the runs' own story from the journal.
 */
import type { FaultCounts } from "../../chaos/decision-fault.ts";
import { readEvents, requireRun } from "../../journal/read-run.ts";
import type { OutcomeKind } from "../../journal/outcome.ts";
import type { RunState } from "../../journal/run.ts";
import type { JournalStore } from "../../journal/store.ts";
import { isJsonObject } from "../../std/json.ts";
import type { Business } from "./business.ts";
import type { DeskCase } from "./data.ts";
import { textField } from "./fields.ts";
import type { Count, Stats } from "./ledger.ts";

export interface Report {
  readonly tickets: number;
  /** Tickets whose run has ended. */
  readonly terminal: number;
  /** Refunds and reviews beyond the first for one line or order, and letters for one ticket. */
  readonly effectsDoubled: number;
  /** Tickets without a run in the journal. */
  readonly runsLost: number;
  readonly kills: number;
  readonly outcomes: Partial<Record<OutcomeKind, number>>;
  /** Runs that ended as succeeded: the model's claim. */
  readonly claimed: number;
  /** Tickets of which the payment service and the shop's database say that all is right. */
  readonly verified: number;
  /** Claimed and not verified. */
  readonly claimedNotDone: readonly string[];
  readonly refundsExpected: number;
  readonly refundsApplied: number;
  readonly reviewsExpected: number;
  readonly reviewsOpened: number;
  readonly letters: number;
  readonly withheld: number;
  readonly replays: number;
  /** Lost answers that were found again by asking the service. */
  readonly reconciled: number;
  /** Calls that were stopped before they ran, by why. */
  readonly caught: Partial<Record<string, number>>;
  /** Writes that the desk's own rules refused. */
  readonly refusedByRule: number;
  /** How often a model said that it was done and code said that it was not. */
  readonly sentBack: number;
  readonly injected: Partial<FaultCounts>;
  readonly model: string;
  readonly turns: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly ms: number;
}

export interface Evidence {
  readonly cases: readonly DeskCase[];
  readonly store: JournalStore;
  readonly business: Business;
  readonly stats: Stats;
}

type Told = "kills" | "injected" | "model" | "ms";

export async function makeReport(evidence: Evidence, told: Pick<Report, Told>): Promise<Report> {
  const { cases, store, stats } = evidence;
  const runs = await runsByTicket(store, cases.length);
  const isRight = checkTicket(evidence);
  const right = new Set(cases.filter(isRight).map(({ ticket }) => ticket.ticketId));
  const ended = [...runs].filter(([, { outcome }]) => outcome !== null);
  const claimed = ended.filter(([, { outcome }]) => outcome?.kind === "succeeded");
  const letters = [...evidence.business.closings().values()].map((closing) => closing.letters);
  const lettersDoubled = letters.reduce((sum, sent) => sum + Math.max(0, sent - 1), 0);
  const count = (resolution: string): number =>
    cases.filter(({ truth }) => truth.resolution === resolution).length;
  return {
    tickets: cases.length,
    terminal: ended.length,
    effectsDoubled: stats.refundsDoubled + stats.reviewsDoubled + lettersDoubled,
    runsLost: cases.filter(({ ticket }) => !runs.has(ticket.ticketId)).length,
    kills: told.kills,
    outcomes: tally(ended.map(([, { outcome }]) => outcome?.kind ?? "failed")),
    claimed: claimed.length,
    verified: right.size,
    claimedNotDone: claimed.map(([ticketId]) => ticketId).filter((id) => !right.has(id)),
    refundsExpected: count("refunded"),
    refundsApplied: stats.refundsApplied,
    reviewsExpected: count("escalated"),
    reviewsOpened: stats.reviewsOpened,
    letters: letters.reduce((sum, sent) => sum + sent, 0),
    withheld: stats.withheld,
    replays: stats.replays,
    ...(await callsOf(store, [...runs.values()])),
    injected: told.injected,
    model: told.model,
    ...spent([...runs.values()]),
    ms: told.ms,
  };
}

async function runsByTicket(
  store: JournalStore,
  limit: number,
): Promise<ReadonlyMap<string, RunState>> {
  const rows = await store.list({ limit });
  const states = await Promise.all(rows.map(({ runId }) => requireRun(store, runId)));
  return new Map(states.map((state) => [ticketOf(state), state]));
}

function ticketOf({ created }: RunState): string {
  const input = created?.input;
  return isJsonObject(input) ? textField(input, "ticketId") : "";
}

/** Exactly what the ticket called for, no less and no more. */
function checkTicket({ stats, business }: Evidence): (one: DeskCase) => boolean {
  const refunds = byWhat(stats.refunds);
  const reviews = byWhat(stats.reviews);
  const closings = business.closings();
  return ({ ticket, order, truth }) => {
    const { orderId, lineId, amountCents, resolution } = truth;
    const isEscalated = resolution === "escalated";
    const lines = order.lines.map((line) => refunds.get(`${orderId}/${line.lineId}`));
    const paid = refunds.get(`${orderId}/${lineId}`);
    const others = lines.filter((found) => found !== undefined && found !== paid);
    const isPaidRight = isEscalated
      ? paid === undefined
      : paid?.times === 1 && paid.amountCents === amountCents;
    const isReviewedRight = (reviews.get(orderId)?.times ?? 0) === (isEscalated ? 1 : 0);
    const closing = closings.get(ticket.ticketId);
    const isClosedRight = closing?.resolution === resolution && closing.letters === 1;
    return isPaidRight && others.length === 0 && isReviewedRight && isClosedRight;
  };
}

function byWhat(counts: readonly Count[]): ReadonlyMap<string, Count> {
  return new Map(counts.map((count) => [count.what, count]));
}

async function callsOf(
  store: JournalStore,
  runs: readonly RunState[],
): Promise<Pick<Report, "caught" | "refusedByRule" | "sentBack" | "reconciled">> {
  const caught: string[] = [];
  let refusedByRule = 0;
  let sentBack = 0;
  let reconciled = 0;
  for (const { runId } of runs) {
    const claimed = new Set<string>();
    for (const event of await readEvents(store, runId)) {
      if (event.kind === "call.refused") caught.push(event.code);
      if (event.kind === "call.claimed") claimed.add(event.callId);
      if (event.kind === "gate.checked" && event.unmet.length > 0) sentBack += 1;
      if (event.kind === "call.failed" && claimed.has(event.callId)) refusedByRule += 1;
      if (event.kind === "call.completed" && event.via === "reconcile") reconciled += 1;
    }
  }
  return { caught: tally(caught), refusedByRule, sentBack, reconciled };
}

function spent(runs: readonly RunState[]): Pick<Report, "turns" | "inputTokens" | "outputTokens"> {
  const sum = (of: (run: RunState) => number): number =>
    runs.reduce((total, run) => total + of(run), 0);
  return {
    turns: sum((run) => run.turn),
    inputTokens: sum((run) => run.usage.inputTokens ?? 0),
    outputTokens: sum((run) => run.usage.outputTokens ?? 0),
  };
}

function tally<Kind extends string>(kinds: readonly Kind[]): Partial<Record<Kind, number>> {
  const counts: Partial<Record<Kind, number>> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
