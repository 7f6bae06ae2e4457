/**
 * Asking the outside world whether a claimed effect happened.
 *
 * A1 "It did not happen" is believed only when nothing can land any more: the tool has stopped,
 *    and `settlesWithinMs` has passed since the last moment at which it may have sent something.
 * A2 Whatever is not an answer (a throw, a silence, an ambiguous value) is "unknown".
 * A3 A record is looked up only where the effect was begun under one: a call that was claimed as
 *    `once` is not in the books of a tool that has become `transactional` since.
 */
import { startDeadline, untilAborted } from "../std/deadline.ts";
import { errorMessage } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import type { EffectClass } from "../journal/receipt.ts";
import { happened, isReconciled, notHappened, unknownYet } from "../tools/effect.ts";
import type { Reconciled } from "../tools/effect.ts";
import { keepOutput } from "../tools/tool-output.ts";
import type { Tool } from "../tools/tool.ts";
import type { Session } from "./session.ts";

/** What there is to ask about. */
export interface Question {
  readonly tool: Tool;
  /** The class under which the call was claimed. */
  readonly effect: EffectClass;
  readonly callId: string;
  readonly key: string;
  readonly input: Json;
  /** Nothing was sent after this moment, ms since the epoch. */
  readonly endedAt: number;
}

export type Truth =
  | { readonly kind: "happened"; readonly output: Json; readonly via: "reconcile" | "transaction" }
  | { readonly kind: "not_happened" }
  | { readonly kind: "unknown"; readonly why: string };

/** Asked this often when the outside world cannot say yet. */
const ASK_MAX = 3;
const ASK_AGAIN_MS = 500;
/** No worker waits longer than this for an effect to settle; the call is in doubt instead. */
const SETTLE_WAIT_MAX_MS = 60_000;

/**
 * The last moment at which a run of the tool that nobody saw end may have sent something: its
 * deadline, or now, when that is earlier, because its worker is gone.
 */
export function latestEnd(session: Session, tool: Tool, claimedAt: number): number {
  return Math.min(session.clock.now(), claimedAt + tool.timeoutMs);
}

/** The truth about one call, as far as it can be known now. Never throws. */
export async function askAbout(session: Session, question: Question): Promise<Truth> {
  const { tool, effect, callId } = question;
  const { transactor, reconcile } = tool.effect;
  if (transactor !== undefined) {
    if (effect !== "transactional") return unknown(`it was begun as ${effect}, without a record`);
    const found = await lookUp(session, question, transactor);
    return found.kind === "not_happened" && session.isStraggling(callId) ? running() : found;
  }
  if (reconcile === undefined) return unknown("the tool has no way to look it up");
  let why = "no answer";
  for (let asked = 1; asked <= ASK_MAX; asked++) {
    const answer = await ask(session, question, reconcile);
    if (answer.kind === "happened") return { ...answer, via: "reconcile" };
    const leftMs = question.endedAt + tool.effect.settlesWithinMs - session.clock.now();
    if (answer.kind === "not_happened") {
      if (leftMs <= 0) return session.isStraggling(callId) ? running() : answer;
      why = `it may still land for ${leftMs} ms`;
      if (leftMs > SETTLE_WAIT_MAX_MS) break;
    } else {
      ({ why } = answer);
    }
    if (asked === ASK_MAX) break;
    const waitMs = answer.kind === "unknown" ? ASK_AGAIN_MS * asked : leftMs;
    await session.clock.sleep(waitMs, session.hardAbort.signal).catch(() => undefined);
    if (session.hardAbort.aborted) return unknown("the worker stopped");
  }
  return unknown(`the outside system could not say: ${why}`);
}

function unknown(why: string): Truth {
  return { kind: "unknown", why };
}

function running(): Truth {
  return unknown("the tool has not stopped yet");
}

async function lookUp(
  session: Session,
  question: Question,
  transactor: NonNullable<Tool["effect"]["transactor"]>,
): Promise<Truth> {
  const deadline = startDeadline(question.tool.timeoutMs, session.hardAbort);
  try {
    const found = await untilAborted(transactor.find(question.key), deadline.stop);
    return found === undefined
      ? { kind: "not_happened" }
      : { kind: "happened", output: found.output, via: "transaction" };
  } catch (thrown) {
    return unknown(`its database could not be read: ${errorMessage(thrown)}`);
  } finally {
    deadline.end();
  }
}

async function ask(
  session: Session,
  question: Question,
  reconcile: NonNullable<Tool["effect"]["reconcile"]>,
): Promise<Reconciled> {
  const { tool, key, callId } = question;
  // The schema checked the input before the call was claimed; its type is the author's affair.
  const input = question.input as never;
  const { runId } = session.fence;
  const deadline = startDeadline(tool.timeoutMs, session.hardAbort);
  try {
    const request = { key, input, runId, callId, abortSignal: deadline.stop.signal };
    const asking = Promise.resolve(reconcile(request));
    return readAnswer(await untilAborted(asking, deadline.stop), session);
  } catch (thrown) {
    return unknownYet(errorMessage(thrown));
  } finally {
    deadline.end();
  }
}

/** A yes or no, a record or none; what could mean either is not guessed at (A2). */
function readAnswer(answer: unknown, session: Session): Reconciled {
  const { blobBytesMax } = session.store.limits;
  if (isReconciled(answer)) {
    return answer.kind === "happened"
      ? happened(keepOutput(answer.output, blobBytesMax).output)
      : answer;
  }
  if (answer === undefined || answer === null || answer === false) return notHappened();
  if (Array.isArray(answer) && answer.length === 0) {
    return unknownYet("reconcile answered an empty list, which does not say whether it happened");
  }
  return happened(keepOutput(answer, blobBytesMax).output);
}
