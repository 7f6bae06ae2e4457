/**
 * How a run leaves its worker: finished, parked, or ended because the journal takes no more.
 *
 * Z1 No call is left claimed in a finished run: what could not be recorded is in doubt, and the
 *    outcome names it.
 * Z2 A run that did not succeed hides no effect: a failed call that may have happened is named too.
 */
import type { EventBody } from "../journal/event.ts";
import { requireRun } from "../journal/read-run.ts";
import { effectsInDoubt } from "../journal/in-doubt.ts";
import type { Reason } from "../journal/outcome.ts";
import type { BridleError } from "../std/error.ts";
import { canonicalJson } from "../std/json.ts";
import type { Command } from "./decide.ts";
import type { Advance } from "./engine.ts";
import { unknownOutcome } from "./observation.ts";
import type { Session } from "./session.ts";

export async function finish(
  session: Session,
  end: Omit<Extract<Command, { kind: "finish" }>, "kind">,
): Promise<void> {
  const { outcome, reason, text } = end;
  const inDoubt = effectsInDoubt(session.state, outcome);
  const by = session.taintedBy();
  const tainted = by === null ? {} : { tainted: by };
  session.push({ kind: "run.finished", inDoubt, outcome, reason, ...tainted, text });
  await session.settle({ status: "finished", outcome });
}

/** Until someone writes, the run's time is over, or `until` (ms since the epoch). */
export async function park(
  session: Session,
  waitingFor: string,
  until: number = Number.POSITIVE_INFINITY,
): Promise<Advance> {
  const { created, createdAt, inboxSeen } = session.state;
  const wakeAt = Math.min(until, createdAt + (created?.limits.wallMs ?? 0));
  session.push({ kind: "run.parked", waitingFor, wakeAt });
  const status = await session.settle({ status: "parked", wakeAt, inboxSeen });
  return status === "parked" ? { kind: "idle" } : { kind: "at", atMs: session.clock.now() };
}

/** The journal took no more: what was not written is kept as far as it fits, and the run ends. */
export async function endAtLimit(session: Session, limit: BridleError): Promise<void> {
  // What is being written is awaited, so that nothing lands after the journal was read.
  await session.flush().catch(() => undefined);
  const refused = session.rewind(await requireRun(session.store, session.fence.runId));
  const { blobBytesMax, eventCharsMax } = session.store.limits;
  const charsMax = Math.floor(Math.min(blobBytesMax, eventCharsMax) / 4);
  for (const body of worthKeeping(refused, charsMax)) session.push(body);
  await endBroken(session, "failed_recoverable", {
    code: limit.code === "events_limit" ? "limit_events" : "limit_event_size",
    message: limit.message,
    hint: "Split the work into several runs, or raise the store's limits.",
  });
}

/** Ends a run that cannot go on, whatever its calls are doing (Z1). */
export async function endBroken(
  session: Session,
  outcome: "failed" | "failed_recoverable",
  reason: Reason,
): Promise<void> {
  for (const { callId, status } of session.state.calls) {
    if (status !== "claimed") continue;
    const why = `the run ended before its result was recorded: ${reason.message}`;
    session.push({ kind: "call.in_doubt", callId, observation: unknownOutcome(why), why });
  }
  await finish(session, { outcome, reason, text: null });
}

/**
 * What calls are known to have done is kept, in a form that always fits. An answer that did not
 * fit is forgotten with all that follows it: nothing has acted on it. So is a claim: a call runs
 * only after its claim is durable.
 */
function worthKeeping(refused: readonly EventBody[], charsMax: number): EventBody[] {
  const kept: EventBody[] = [];
  for (const body of refused) {
    if (body.kind === "model.answered" || body.kind === "run.finished") break;
    if (body.kind === "call.claimed") continue;
    const isLarge = body.kind === "call.completed" && canonicalJson(body).length > charsMax;
    kept.push(isLarge ? withoutOutput(body) : body);
  }
  return kept;
}

function withoutOutput(
  body: Extract<EventBody, { kind: "call.completed" }>,
): Extract<EventBody, { kind: "call.completed" }> {
  const { receipt: _receipt, ...rest } = body;
  const outputDropped = "The journal had no room for the result.";
  return { ...rest, output: `The call ran to its end. ${outputDropped}`, outputDropped };
}
