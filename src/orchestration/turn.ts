/** One model decision: build the request, ask, keep the answer. */
import { generate, type Generated } from "../generation/gateway.ts";
import type { Delta, LanguageModel, ModelAnswer } from "../generation/model.ts";
import type { ModelRetry } from "../generation/retry.ts";
import { dispatchable } from "../journal/fold.ts";
import type { AssistantPart } from "../journal/message.ts";
import { callIdOf } from "../journal/run.ts";
import { afterAbout } from "../std/coarse-timer.ts";
import { BridleError } from "../std/error.ts";
import type { Agent } from "./agent.ts";
import { keptName } from "./call-name.ts";
import type { Governing } from "./governing.ts";
import { modelVerdict } from "./policies.ts";
import type { Trust } from "./provenance.ts";
import type { Session } from "./session.ts";
import { reserveModel, type Exhausted } from "./spend.ts";
import { countPrompt } from "./token-bound.ts";

export interface TurnOptions {
  readonly model: LanguageModel;
  readonly governing: Governing;
  readonly trust: Trust | null;
  readonly retry?: ModelRetry;
  readonly onDelta?: (runId: string, delta: Delta) => void;
}

/** Receipts that may ride with the next commit wait for it no longer than this. */
const RIDE_MS = 25;

/** Asks the model. An answer is pushed as an event, not yet durable; a fault is handed back. */
export async function askModel(
  session: Session,
  agent: Agent,
  options: TurnOptions,
): Promise<Generated | Exhausted | ModelDenied> {
  const { state } = session;
  const { model, retry, onDelta, governing } = options;
  const denied = agent.policies === null ? null : await denyModel(session, agent, options);
  if (denied !== null) return denied;
  // A worker that was stopped for long wakes up here while another already asks.
  if (!session.isSurelyHeld && !(await session.isHeld())) return notOurs;
  const reserving = reserveModel(session, agent, { model, governing });
  const grant = reserving instanceof Promise ? await reserving : reserving;
  if ("kind" in grant) return grant;
  const { maxOutputTokens } = grant;
  const request = {
    prompt: session.prompt.of(agent.definition.instructions, state.messages),
    tools: agent.toolSpecs,
    settings:
      maxOutputTokens === undefined ? agent.settings : { ...agent.settings, maxOutputTokens },
    abortSignal: session.abort,
  };
  const streams = agent.definition.stream === true;
  const endRide = afterAbout(RIDE_MS, () => {
    // A failed write marks the session lost; the loop meets that at its next write.
    session.flush().catch(() => undefined);
  });
  const generated = await generate(model, request, {
    clock: session.clock,
    ...(retry === undefined ? {} : { retry }),
    onRetry: (fault) => grant.retry(fault),
    ...(streams ? { onDelta: (delta: Delta) => show(state.runId, delta, onDelta) } : {}),
  });
  endRide();
  if (generated.kind === "failed") return (await grant.fail(generated.fault)) ?? generated;
  grant.settle(generated.answer.usage);
  keepAnswer(session, generated);
  if (maxOutputTokens !== undefined) {
    session.counted = countPrompt(session, generated.answer.usage) ?? session.counted;
  }
  return generated;
}

const notOurs: Generated = {
  kind: "failed",
  fault: { kind: "aborted", message: "another worker has the run" },
  attempts: 0,
};

/** The policies forbid asking this model. */
export interface ModelDenied {
  readonly kind: "model_denied";
  readonly message: string;
}

async function denyModel(
  session: Session,
  agent: Agent,
  options: TurnOptions,
): Promise<ModelDenied | null> {
  const { governing, trust } = options;
  const model = `${options.model.provider}/${options.model.modelId}`;
  const verdict = await modelVerdict(session, model, { agent, governing, trust });
  if (verdict.kind !== "deny") return null;
  const by = verdict.rules.length === 0 ? "" : ` (${verdict.rules.join(", ")})`;
  return { kind: "model_denied", message: `${model} may not be asked: ${verdict.reason}${by}.` };
}

/** What only shows an answer cannot spoil it. */
function show(runId: string, delta: Delta, onDelta: TurnOptions["onDelta"]): void {
  try {
    onDelta?.(runId, delta);
  } catch {
    // The answer itself is in the journal.
  }
}

/** Events that one call may need until it is settled, its claims and retries included. */
const EVENTS_PER_CALL = 8;

/**
 * Refuses an answer whose calls the journal could not settle to their end. The store keeps a
 * reserve for that; only an answer with very many calls needs more than the reserve.
 */
function checkCallsFit(session: Session, answer: ModelAnswer): void {
  const { eventsPerRunMax } = session.store.limits;
  const calls = answer.content.filter((part) => part.type === "tool-call").length;
  if (session.state.head + 2 + calls * EVENTS_PER_CALL <= eventsPerRunMax) return;
  throw new BridleError("events_limit", `A run holds at most ${eventsPerRunMax} events`, {
    hint: "Split the work into several runs, or raise eventsPerRunMax on the store.",
  });
}

function keepAnswer(session: Session, generated: Extract<Generated, { kind: "answered" }>): void {
  const { answer, attempts, ms } = generated;
  const turn = session.state.turn + 1;
  const { consulted, finish, model, usage, malformed, responseId } = answer;
  checkCallsFit(session, answer);
  const usualFinish = dispatchable(answer.content).length > 0 ? "tool-calls" : "stop";
  session.push({
    kind: "model.answered",
    ...(attempts === 1 ? {} : { attempts }),
    ...(consulted ? { consulted } : {}),
    content: withUniqueIds(session.seenCallIds, answer, turn),
    ...(finish === usualFinish ? {} : { finish }),
    ...(Object.keys(malformed).length === 0 ? {} : { malformed }),
    ...(model === session.state.model ? {} : { model }),
    ms,
    ...(responseId === undefined ? {} : { responseId }),
    turn,
    usage,
  });
}

/**
 * Providers omit, reuse and duplicate call ids. One that is usable and new is kept (some
 * providers look it up again); any other is replaced by the call's logical key.
 */
function withUniqueIds(
  seen: Set<string>,
  answer: ModelAnswer,
  turn: number,
): readonly AssistantPart[] {
  let position = 0;
  for (const part of answer.content) {
    // What the provider ran itself keeps its id: its result refers to it.
    if (part.type === "tool-call" && part.providerExecuted === true) seen.add(part.toolCallId);
  }
  return answer.content.map((part) => {
    if (part.type !== "tool-call" || part.providerExecuted === true) return part;
    const own = unusedId(seen, `call_${callIdOf(turn, position)}`);
    position += 1;
    const isUsable = part.toolCallId !== "" && !seen.has(part.toolCallId);
    const toolCallId = isUsable ? part.toolCallId : own;
    seen.add(toolCallId);
    const toolName = keptName(part.toolName);
    return isUsable && toolName === part.toolName ? part : { ...part, toolCallId, toolName };
  });
}

function unusedId(seen: ReadonlySet<string>, wanted: string): string {
  let id = wanted;
  while (seen.has(id)) id += "_";
  return id;
}
