/** A run in figures: what `--json` prints and what stands below the story. */
import { costUsd, type PriceList } from "../../generation/price.ts";
import type { JournalEvent } from "../../journal/event.ts";
import { foldEvents } from "../../journal/fold.ts";
import { effectsInDoubt } from "../../journal/in-doubt.ts";
import type { InDoubt, Reason } from "../../journal/outcome.ts";
import type { Receipt } from "../../journal/receipt.ts";
import type { RunRow } from "../../journal/store.ts";
import type { Usage } from "../../journal/usage.ts";
import type { Json } from "../../std/json.ts";
import type { Paint } from "../output.ts";
import { ownerText, standingOf, type RunStanding } from "./run-state.ts";
import { count, jsonLine, oneLine } from "./text.ts";

/** The members of this object are a promise to scripts. */
export interface RunSummary {
  readonly runId: string;
  readonly agent: string;
  readonly standing: RunStanding;
  readonly reason: Reason | null;
  /** The model's last words, when the run has ended. */
  readonly text: string | null;
  readonly input: Json;
  readonly turns: number;
  readonly calls: number;
  readonly usage: Usage;
  /** Null when a price is not known: never a guess. */
  readonly costUsd: number | null;
  /** The models whose price or token counts are not known. */
  readonly costUnknownFor: readonly string[];
  readonly receipts: readonly Receipt[];
  readonly inDoubt: readonly InDoubt[];
  /** Calls that began and of which nothing more is written: running now, or cut off. */
  readonly claimed: readonly { readonly callId: string; readonly tool: string }[];
  /** What a parked run waits for. */
  readonly waitingFor: string | null;
  /** Who works on it, when someone does. */
  readonly worker: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Told {
  readonly row: RunRow;
  readonly events: readonly JournalEvent[];
  readonly prices: PriceList;
  readonly now: number;
}

export function summarise(told: Told): RunSummary {
  const { row, events, prices, now } = told;
  const state = foldEvents(row.runId, events);
  const standing = standingOf(row, now);
  const cost = costOf(events, prices);
  return {
    runId: row.runId,
    agent: row.agent,
    standing,
    reason: state.outcome?.reason ?? null,
    text: state.outcome?.text ?? null,
    input: state.created?.input ?? null,
    turns: state.turn,
    calls: state.callCount,
    usage: state.usage,
    ...cost,
    receipts: state.receipts.toArray(),
    inDoubt: effectsInDoubt(state, state.outcome?.kind ?? null),
    claimed: state.calls
      .filter((call) => call.status === "claimed")
      .map(({ callId, tool }) => ({ callId, tool })),
    waitingFor: standing === "parked" ? state.waitingFor : null,
    worker: standing === "running" ? ownerText(row.lease?.owner ?? "") : null,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

function costOf(
  events: readonly JournalEvent[],
  prices: PriceList,
): Pick<RunSummary, "costUsd" | "costUnknownFor"> {
  let sum = 0;
  const unknown = new Set<string>();
  let model = "";
  for (const event of events) {
    if (event.kind !== "model.answered") continue;
    model = event.model ?? model;
    const cost = costUsd(prices, model, event.usage);
    if (cost === null) unknown.add(model);
    else sum += cost;
  }
  return { costUsd: unknown.size === 0 ? sum : null, costUnknownFor: [...unknown] };
}

/** True when a model of the run was simulated: nothing it said came from a language model. */
export function isSimulated(events: readonly JournalEvent[]): boolean {
  return events.some(
    (event) => event.kind === "model.answered" && /(^|\/)simulated\//.test(event.model ?? ""),
  );
}

/** The lines below a story: what it used, what it cost, what is open and what can be done. */
export function summaryLines(summary: RunSummary, paint: Paint): readonly string[] {
  const { inputTokens, outputTokens } = summary.usage;
  const { dim } = paint;
  return [
    dim(
      `used    ${count(summary.turns, "turn")}, ${count(summary.calls, "call")}, ` +
        `${tokens(inputTokens)} tokens in, ${tokens(outputTokens)} out, ${costText(summary)}`,
    ),
    ...summary.inDoubt.flatMap((open) => doubtLines(summary, open, paint)),
    ...summary.claimed.map((open) => claimLine(summary, open, paint)),
    ...standingLines(summary, paint),
  ];
}

function tokens(known: number | undefined): string {
  return known === undefined ? "unknown" : known.toLocaleString("en-US");
}

function costText(summary: RunSummary): string {
  if (summary.costUsd !== null) return `$${summary.costUsd.toFixed(4)}`;
  return `cost unknown (no price for ${oneLine(summary.costUnknownFor.join(", "))})`;
}

function doubtLines(summary: RunSummary, open: InDoubt, paint: Paint): readonly string[] {
  const { callId, tool, input, idempotencyKey, why } = open;
  const call = `${callId} ${oneLine(tool)} ${jsonLine(input, 200)}`;
  const told = [
    `${paint.yellow("doubt")}   ${call}: ${oneLine(why)}`,
    `        look it up at the other side by the key ${idempotencyKey}`,
  ];
  if (summary.reason !== null) return told;
  const resume = `bridle resume ${summary.runId}`;
  return [
    ...told,
    `        it happened:         ${resume} --happened '${callId}={"its":"result"}'`,
    `        it did not happen:   ${resume} --not-happened ${callId}`,
  ];
}

function claimLine(summary: RunSummary, open: RunSummary["claimed"][number], paint: Paint): string {
  const call = `${paint.yellow("claimed")} ${open.callId} ${oneLine(open.tool)}`;
  if (summary.standing === "running") return `${call}: under way`;
  return `${call}: its worker is gone and left no receipt; resuming finds out what it did`;
}

function standingLines(summary: RunSummary, paint: Paint): readonly string[] {
  const { bold } = paint;
  switch (summary.standing) {
    case "running":
      return [`${bold("running")} in ${summary.worker}; follow it with --follow`];
    case "waiting":
      return [`${bold("waiting")} for a worker: bridle resume ${summary.runId}`];
    case "parked":
      return [`${bold("parked")}  waits for ${oneLine(summary.waitingFor ?? "a message")}`];
    case "succeeded":
    case "failed_recoverable":
    case "failed":
    case "cancelled":
    case "expired":
    default:
      return [];
  }
}
