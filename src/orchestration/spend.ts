/**
 * What a run reserves before it asks a model, and settles after (G5). Calls: `call-room.ts`.
 *
 * R1 A model is asked only under a reservation of the most that the answer can cost: the prompt's
 *    tokens counted from above, the output up to the limit that is sent along.
 * R2 An attempt that broke off without an answer may have cost something: its reservation stays,
 *    and counts in full when the run ends. Only a refusal gives it back: a status by which the
 *    provider says that it did not begin.
 * R3 A worker that died took its reservation with it; the next one makes its own.
 * R4 A settlement commits with the event that says what happened.
 * R5 No two attempts share a reservation, whoever makes them.
 */
import {
  budgetTree,
  limitsModel,
  limitsUsd,
  microsMax,
  modelActual,
  modelLines,
  type BudgetNode,
  type TokenPrice,
} from "../governance/budget.ts";
import type { LanguageModel, ModelSettings } from "../generation/model.ts";
import type { BudgetLine, Line, Reserved } from "../journal/ledger.ts";
import type { ModelFault } from "../journal/model-fault.ts";
import type { Usage } from "../journal/usage.ts";
import { BridleError, isBridleError } from "../std/error.ts";
import type { Agent } from "./agent.ts";
import type { Governing } from "./governing.ts";
import type { Session } from "./session.ts";
import { OUTPUT_TOKENS, outputTokensMax, promptTokensMax } from "./token-bound.ts";

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
  settle(usage: Usage): void;
  /** There is no answer: what a refusal cost nothing of is given back (R2). */
  fail(fault: ModelFault): Promise<void>;
}

const unlimited: ModelGrant = {
  settle: () => undefined,
  fail: async () => undefined,
};

export interface ModelToReserve {
  /** The route. */
  readonly asked: string;
  readonly model: LanguageModel;
  /** As they are sent to this model. */
  readonly settings: ModelSettings;
  readonly governing: Governing;
}

export function reserveModel(
  session: Session,
  agent: Agent,
  given: ModelToReserve,
): ModelGrant | Exhausted | Promise<ModelGrant | Exhausted> {
  const nodes = treeOf(session, agent, given.governing);
  if (!limitsModel(nodes)) return unlimited;
  const price = priceOf(given.model, given.governing);
  if (price === null && limitsUsd(nodes)) {
    const message = `The price of ${nameOf(given.model)} is not known.`;
    return { kind: "price_unknown", message };
  }
  const tokens = {
    input: promptTokensMax(session, agent, given.asked),
    output: outputTokensMax(given),
  };
  const usdMicros = price === null ? 0 : microsMax(price, tokens);
  const lines = modelLines(nodes, { tokens, usdMicros });
  const maxOutputTokens = given.settings.maxOutputTokens ?? OUTPUT_TOKENS;
  return reserveAttempt(session, { lines, price, maxOutputTokens });
}

async function reserveAttempt(
  session: Session,
  given: {
    readonly lines: readonly BudgetLine[];
    readonly price: TokenPrice | null;
    readonly maxOutputTokens: number;
  },
): Promise<ModelGrant | Exhausted> {
  const { lines, price, maxOutputTokens } = given;
  const key = attemptKey(session);
  const first = await reserve(session, key, lines);
  if (first.kind === "denied") return exhaustedBy(lines, first);
  return {
    maxOutputTokens,
    settle: (usage) => {
      session.settleReservation({ key, actual: modelActual(lines, usage, price) });
    },
    fail: async (fault) => {
      // A session that was lost gives nothing back: it may not, and need not.
      if (session.isLost || !isRefusal(fault)) return;
      await guarded(session, () => session.store.unreserve(session.fence, key));
    },
  };
}

/** A key of its own for every attempt of every worker (R5). */
function attemptKey(session: Session): string {
  session.modelAttempts += 1;
  const { turn } = session.state;
  return `m${turn + 1}.${session.fence.epoch}.${session.modelAttempts}`;
}

/**
 * A status below 500 refuses the request before anything is made, and so do 503 and 529, the
 * statuses of an overloaded provider. Behind any other a model may have answered into the void:
 * 500, 502 and 504 come from a broken or impatient gateway as well, 408 and 499 from a timeout.
 */
function isRefusal({ status, hasBegun }: ModelFault): boolean {
  if (status === undefined || hasBegun === true) return false;
  if (status === 503 || status === 529) return true;
  return status >= 400 && status < 500 && status !== 408 && status !== 499;
}

/** Reserves for this run. A run that another worker has ended is lost here. */
export function reserve(session: Session, key: string, lines: readonly Line[]): Promise<Reserved> {
  const { runId } = session.fence;
  const at = session.clock.now();
  return guarded(session, () => session.store.reserve({ key, runId, at, lines }));
}

async function guarded<T>(session: Session, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    const isGone = isBridleError(thrown, "run_terminal") || isBridleError(thrown, "fenced");
    if (!isGone) throw thrown;
    const { runId } = session.fence;
    const gone = new BridleError("fenced", `Another worker has run ${runId}`, { cause: thrown });
    session.lose(gone);
    throw gone;
  }
}

export function exhaustedBy(
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

export function treeOf(
  session: Session,
  agent: Agent,
  governing: Governing,
): readonly BudgetNode[] {
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
