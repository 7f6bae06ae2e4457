/** What becomes of an answer: an event, with ids that hold in this conversation. */
import type { Attempt } from "../generation/gateway.ts";
import type { ModelAnswer } from "../generation/model.ts";
import type { PreparedRoute } from "../generation/route.ts";
import { dispatchable } from "../journal/fold.ts";
import { eventsReserved } from "../journal/limits.ts";
import type { AssistantPart } from "../journal/message.ts";
import { callIdOf } from "../journal/run.ts";
import { BridleError } from "../std/error.ts";
import { keptName } from "./call-name.ts";
import type { Session } from "./session.ts";
import { countPrompt } from "./token-bound.ts";

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

/**
 * Refuses to ask when the answer could not be written any more. It would be paid for in vain, and
 * faults and waits would use up the reserve that the run's end needs.
 */
export function checkRoomToAsk({ state, store }: Session): void {
  const { eventsPerRunMax } = store.limits;
  if (state.head < eventsPerRunMax - eventsReserved) return;
  throw new BridleError("events_limit", `A run holds at most ${eventsPerRunMax} events`, {
    hint: "Split the work into several runs, or raise eventsPerRunMax on the store.",
  });
}

/** Pushes the answer as an event; it is durable with the next commit. */
export function keepAnswer(
  session: Session,
  { answer, ms }: Extract<Attempt, { kind: "answered" }>,
  given: { readonly route: PreparedRoute; readonly isBounded: boolean },
): void {
  const { name: asked } = given.route;
  const attempts = session.state.turnFaults.length + 1;
  const turn = session.state.turn + 1;
  const { consulted, finish, model, usage, malformed, responseId } = answer;
  checkCallsFit(session, answer);
  const usualFinish = dispatchable(answer.content).length > 0 ? "tool-calls" : "stop";
  session.push({
    kind: "model.answered",
    ...(asked === session.state.asked ? {} : { asked }),
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
  if (given.isBounded) session.counted = countPrompt(session, usage, asked) ?? session.counted;
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
