/** One model decision: build the request, ask, keep the answer. */
import { generate, type Generated } from "../generation/gateway.ts";
import type { Delta, LanguageModel, ModelAnswer } from "../generation/model.ts";
import type { ModelRetry } from "../generation/retry.ts";
import { dispatchable } from "../journal/fold.ts";
import type { AssistantPart } from "../journal/message.ts";
import { callIdOf } from "../journal/run.ts";
import type { Agent } from "./agent.ts";
import type { Session } from "./session.ts";

export interface TurnOptions {
  readonly model: LanguageModel;
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
): Promise<Generated> {
  const { state } = session;
  const { model, retry, onDelta } = options;
  const request = {
    prompt: session.prompt.of(agent.definition.instructions, state.messages),
    tools: agent.toolSpecs,
    settings: agent.settings,
    abortSignal: session.abort.signal,
  };
  const streams = agent.definition.stream === true;
  const riding = setTimeout(() => {
    // A failed write marks the session lost; the loop meets that at its next write.
    session.flush().catch(() => undefined);
  }, RIDE_MS);
  const generated = await generate(model, request, {
    clock: session.clock,
    ...(retry === undefined ? {} : { retry }),
    ...(streams ? { onDelta: (delta: Delta) => onDelta?.(state.runId, delta) } : {}),
  });
  clearTimeout(riding);
  if (generated.kind === "answered") keepAnswer(session, generated);
  return generated;
}

function keepAnswer(session: Session, generated: Extract<Generated, { kind: "answered" }>): void {
  const { answer, attempts, ms } = generated;
  const turn = session.state.turn + 1;
  const { finish, model, usage, malformed, responseId } = answer;
  const usualFinish = dispatchable(answer.content).length > 0 ? "tool-calls" : "stop";
  session.push({
    kind: "model.answered",
    ...(attempts === 1 ? {} : { attempts }),
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
  return answer.content.map((part) => {
    if (part.type !== "tool-call" || part.providerExecuted === true) return part;
    const own = `call_${callIdOf(turn, position)}`;
    position += 1;
    const isUsable = part.toolCallId !== "" && !seen.has(part.toolCallId);
    const toolCallId = isUsable ? part.toolCallId : own;
    seen.add(toolCallId);
    return isUsable ? part : { ...part, toolCallId };
  });
}
