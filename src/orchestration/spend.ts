/**
 * What a run reserves before it asks a model or calls a tool, and settles after (G5).
 *
 * R1 A model is asked only under a reservation of the most that the answer can cost: the prompt's
 *    tokens counted from above, the output up to the limit that is sent along.
 * R2 An attempt that broke off without an answer may have cost something: its reservation stays,
 *    and counts in full when the run ends. Only a refusal by status gives it back.
 * R3 A worker that died took its reservation with it; the next one makes its own.
 * R4 A settlement commits with the event that says what happened.
 */
import {
  budgetTree,
  callLines,
  limitsModel,
  limitsUsd,
  microsOf,
  modelActual,
  modelLines,
  orgScope,
  type BudgetNode,
  type TokenPrice,
} from "../governance/budget.ts";
import type { Fault } from "../generation/fault.ts";
import type { LanguageModel } from "../generation/model.ts";
import type { BudgetLine, Line, Reserved } from "../journal/ledger.ts";
import type { Usage } from "../journal/usage.ts";
import { formatDuration } from "../std/duration.ts";
import type { Tool } from "../tools/tool.ts";
import type { Agent } from "./agent.ts";
import type { Governing } from "./governing.ts";
import { reservationKeys, type Session } from "./session.ts";
import { promptTokensMax } from "./token-bound.ts";

/** Sent as `maxOutputTokens` where a budget limits the model and the agent says nothing. */
export const OUTPUT_TOKENS_MAX = 8_192;

export type Exhausted =
  | {
      readonly kind: "exhausted";
      readonly message: string;
      /** When there is room again if nothing else happens. */
      readonly retryAt?: number;
    }
  | { readonly kind: "price_unknown"; readonly message: string };

/** A granted model call, to be settled with what it used. */
export interface ModelGrant {
  /** Absent when nothing limits the output. */
  readonly maxOutputTokens?: number;
  /** A further attempt: false when the budget has no room for it. */
  retry(fault: Fault): Promise<boolean>;
  settle(usage: Usage): void;
}

const unlimited: ModelGrant = { retry: async () => true, settle: () => undefined };

export async function reserveModel(
  session: Session,
  agent: Agent,
  given: { readonly model: LanguageModel; readonly governing: Governing },
): Promise<ModelGrant | Exhausted> {
  const nodes = treeOf(session, agent, given.governing);
  if (!limitsModel(nodes)) return unlimited;
  const price = priceOf(given.model, given.governing);
  if (price === null && limitsUsd(nodes)) {
    const message = `The price of ${nameOf(given.model)} is not known.`;
    return { kind: "price_unknown", message };
  }
  const output = agent.settings.maxOutputTokens ?? OUTPUT_TOKENS_MAX;
  const tokens = { input: promptTokensMax(session, agent), output };
  const usdMicros = price === null ? 0 : microsOf(price, tokens);
  const lines = modelLines(nodes, { tokens, usdMicros });
  return reserveAttempts(session, { lines, price, output });
}

async function reserveAttempts(
  session: Session,
  given: {
    readonly lines: readonly BudgetLine[];
    readonly price: TokenPrice | null;
    readonly output: number;
  },
): Promise<ModelGrant | Exhausted> {
  const { lines, price, output } = given;
  const { turn } = session.state;
  let attempt = 1;
  const keyOf = (): string => `m${turn + 1}.${session.fence.epoch}.${attempt}`;
  const first = await reserve(session, keyOf(), lines);
  if (first.kind === "denied") return exhaustedBy(lines, first);
  return {
    maxOutputTokens: output,
    retry: async (fault) => {
      // A refusal by status cost nothing; a timeout or a broken stream may have (R2).
      if (fault.status !== undefined) await session.store.unreserve(session.fence, keyOf());
      attempt += 1;
      return (await reserve(session, keyOf(), lines)).kind === "reserved";
    },
    settle: (usage) => {
      session.settleReservation({ key: keyOf(), actual: modelActual(lines, usage, price) });
    },
  };
}

function reserve(session: Session, key: string, lines: readonly Line[]): Promise<Reserved> {
  const { runId } = session.fence;
  return session.store.reserve({ key, runId, at: session.clock.now(), lines });
}

function exhaustedBy(
  lines: readonly Line[],
  denied: Extract<Reserved, { kind: "denied" }>,
): Extract<Exhausted, { kind: "exhausted" }> {
  const { used, max, retryAt } = denied;
  const line = lines[denied.line];
  const scope = line?.scope ?? "";
  const what = line?.kind === "budget" ? line.unit : (line?.kind ?? "");
  const wants = line !== undefined && "amount" in line ? `, ${line.amount} more wanted` : "";
  return {
    kind: "exhausted",
    message: `The budget of ${scope} has no room: ${used} of ${max} ${what} are taken${wants}.`,
    ...(retryAt === undefined ? {} : { retryAt }),
  };
}

function treeOf(session: Session, agent: Agent, governing: Governing): readonly BudgetNode[] {
  const { budgets } = governing;
  const { budget } = agent.definition;
  if (budget === undefined && budgets.length === 0) return [];
  const { runId, created, raised } = session.state;
  const principal = created?.principal ?? null;
  return budgetTree({ runId, principal, own: budget, shared: budgets, raised });
}

function priceOf(model: LanguageModel, governing: Governing): TokenPrice | null {
  const known = governing.prices[nameOf(model)];
  if (known !== undefined) return known;
  return governing.unknownPrice === "deny" ? null : governing.unknownPrice;
}

function nameOf(model: LanguageModel): string {
  return `${model.provider}/${model.modelId}`;
}

/** How long a call waits for its turn under a rate or a concurrency limit, ms. */
const WAIT_MAX_MS = 5_000;
const POLL_MS = 50;

export type CallRoom =
  | { readonly kind: "room" }
  | { readonly kind: "full"; readonly reason: string };

/** Reserves what the tool's limits and the budgets ask for, and tallies the call. */
export async function reserveCall(
  session: Session,
  given: {
    readonly callId: string;
    readonly tool: Tool;
    readonly agent: Agent;
    readonly governing: Governing;
  },
): Promise<CallRoom> {
  const { callId, tool, agent, governing } = given;
  const lines = [
    ...limitLines(session, tool),
    ...callLines(treeOf(session, agent, governing), tool.name),
  ];
  if (lines.length === 0) return { kind: "room" };
  const [key] = reservationKeys(callId);
  const until = session.clock.now() + WAIT_MAX_MS;
  for (;;) {
    const reserved = await reserve(session, key, lines);
    if (reserved.kind === "reserved") {
      session.noteReservation(key, lines.length);
      return { kind: "room" };
    }
    const now = session.clock.now();
    const line = lines[reserved.line];
    const isLimit = line?.kind === "rate" || line?.kind === "slot";
    const next = reserved.retryAt ?? now + POLL_MS;
    if (!isLimit || next > until || session.abort.aborted) {
      return { kind: "full", reason: fullReason(lines, reserved, now) };
    }
    const waitMs = Math.max(1, next - now);
    await session.clock.sleep(waitMs, session.abort.signal).catch(() => undefined);
  }
}

function limitLines(session: Session, tool: Tool): readonly Line[] {
  const { limits } = tool.definition;
  if (limits === undefined) return [];
  const { rate, concurrent } = limits;
  const org = orgScope(session.state.created?.principal ?? null);
  const lines: Line[] = [];
  if (rate !== undefined) {
    const { count, perMs, burst = count } = rate;
    const refillPerMs = count / perMs;
    const scope = `rate/${org}/${tool.name}`;
    lines.push({ kind: "rate", scope, capacity: burst, refillPerMs, amount: 1 });
  }
  if (concurrent !== undefined) {
    lines.push({ kind: "slot", scope: `slot/${org}/${tool.name}`, max: concurrent });
  }
  return lines;
}

function fullReason(
  lines: readonly Line[],
  denied: Extract<Reserved, { kind: "denied" }>,
  now: number,
): string {
  const line = lines[denied.line];
  const again = denied.retryAt === undefined ? "" : ` in ${formatDuration(denied.retryAt - now)}`;
  switch (line?.kind) {
    case "rate":
      return `the rate limit of this tool is reached; it may be called again${again}`;
    case "slot":
      return `${denied.max} calls of this tool run already; try again later`;
    case "budget":
    case "tally":
    case undefined:
    default:
      return exhaustedBy(lines, denied).message;
  }
}
