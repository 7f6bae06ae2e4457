/** Asking the outside world whether a claimed effect happened. */
import { errorMessage } from "../std/error.ts";
import { toJson, type Json } from "../std/json.ts";
import { happened, isReconciled, notHappened, unknownYet } from "../tools/effect.ts";
import type { Reconciled } from "../tools/effect.ts";
import type { Tool } from "../tools/tool.ts";
import type { Session } from "./session.ts";

/** What there is to ask about. */
export interface Question {
  readonly tool: Tool;
  readonly callId: string;
  readonly key: string;
  readonly input: Json;
  readonly claimedAt: number;
}

export type Truth =
  | { readonly kind: "happened"; readonly output: Json; readonly via: "reconcile" | "transaction" }
  | { readonly kind: "not_happened" }
  | { readonly kind: "unknown"; readonly why: string };

/** Asked this often when the outside world cannot say yet. */
const ASK_MAX = 3;
const ASK_AGAIN_MS = 500;

/**
 * The truth about one call. "Did not happen" is believed only when the tool's `settlesWithinMs`
 * has passed since the claim: a request that was accepted before the crash may still land.
 */
export async function askOutside(
  session: Session,
  running: { readonly permit: Omit<Question, "claimedAt">; readonly claimedAt: number },
): Promise<Truth> {
  return askAbout(session, { ...running.permit, claimedAt: running.claimedAt });
}

export async function askAbout(session: Session, question: Question): Promise<Truth> {
  const { tool, claimedAt } = question;
  const { transactor, reconcile, settlesWithinMs } = tool.effect;
  if (transactor !== undefined) return lookUp(question, transactor);
  if (reconcile === undefined) return unknown("the tool has no way to look it up");
  let why = "no answer";
  for (let asked = 1; asked <= ASK_MAX; asked++) {
    const answer = await ask(session, question, reconcile);
    if (answer.kind === "happened") return { ...answer, via: "reconcile" };
    const leftMs = claimedAt + settlesWithinMs - session.clock.now();
    if (answer.kind === "not_happened" && leftMs <= 0) return answer;
    if (answer.kind === "unknown") why = answer.why;
    const waitMs = answer.kind === "unknown" ? ASK_AGAIN_MS * asked : leftMs;
    await session.clock.sleep(waitMs, session.hardAbort.signal).catch(() => undefined);
    if (session.hardAbort.signal.aborted) return unknown("the worker stopped");
  }
  return unknown(`the outside system could not say: ${why}`);
}

function unknown(why: string): Truth {
  return { kind: "unknown", why };
}

async function lookUp(
  question: Question,
  transactor: NonNullable<Tool["effect"]["transactor"]>,
): Promise<Truth> {
  try {
    const found = await transactor.find(question.key);
    return found === undefined
      ? { kind: "not_happened" }
      : { kind: "happened", output: found.output, via: "transaction" };
  } catch (thrown) {
    return unknown(`its database could not be read: ${errorMessage(thrown)}`);
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
  const signal = AbortSignal.any([session.hardAbort.signal, AbortSignal.timeout(tool.timeoutMs)]);
  let stop: (() => void) | undefined;
  const stopped = new Promise<Reconciled>((resolve) => {
    stop = (): void => resolve(unknownYet(`no answer within ${tool.timeoutMs} ms`));
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    const asking = Promise.resolve(reconcile({ key, input, runId, callId, abortSignal: signal }));
    return await Promise.race([asking.then(readAnswer), stopped]);
  } catch (thrown) {
    return unknownYet(errorMessage(thrown));
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
  }
}

function readAnswer(answer: unknown): Reconciled {
  if (isReconciled(answer)) return answer;
  return answer === undefined || answer === null ? notHappened() : happened(toJson(answer));
}
