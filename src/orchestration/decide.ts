/**
 * What happens next in a run, from its state alone: the core that does no I/O.
 *
 * N1 Pure: the same state and facts give the same command.
 * N2 Open calls come first: nothing is asked, finished or cancelled over an unsettled claim.
 * N3 Every limit leads to a named outcome.
 * N4 `succeeded` needs an answer that finished, no effect in doubt, and a gate that is met.
 */
import type { RunLimits } from "../journal/event.ts";
import { messageText, type AssistantMessage } from "../journal/message.ts";
import type { OutcomeKind, Reason } from "../journal/outcome.ts";
import type { Call, RunState } from "../journal/run.ts";

/** What the shell knows and the journal does not. */
export interface Facts {
  readonly now: number;
  /** A stop condition of the agent said yes after the last turn. */
  readonly stopReached: boolean;
  /** The worker wants to stop: nothing new is begun. */
  readonly draining: boolean;
  /** Calls in doubt have been asked about once more before the end. */
  readonly doubtsAsked: boolean;
  /** Something is to be checked before this run may succeed. */
  readonly hasGate: boolean;
  readonly onUnmet: "fail" | "escalate";
}

export type Command =
  | { readonly kind: "done" }
  | { readonly kind: "act" }
  | { readonly kind: "ask" }
  /** Tell the model that its answer held nothing, then ask again. */
  | { readonly kind: "nudge" }
  | { readonly kind: "ask_doubts" }
  /** Run the gate; when it is met the run ends with `met`, in the same commit. */
  | { readonly kind: "check"; readonly met: Finish; readonly mayAskAgain: boolean }
  | { readonly kind: "park"; readonly waitingFor: string; readonly wakeAt?: number }
  /** Give the run back untouched: another worker goes on. */
  | { readonly kind: "yield" }
  | Finish;

export interface Finish {
  readonly kind: "finish";
  readonly outcome: OutcomeKind;
  readonly reason: Reason;
  readonly text: string | null;
}

/** After this many empty answers in a row the run ends. */
export const EMPTY_ANSWERS_MAX = 3;

/** The longest sentence about what a run waits for or ended by, in characters. */
const WORDS_MAX = 2_000;

export function decideNext(state: RunState, facts: Facts): Command {
  if (state.outcome !== null || state.created === null) return { kind: "done" };
  const { limits } = state.created;
  const isOver = facts.now >= state.createdAt + limits.wallMs;
  const open = state.calls.filter((call) => call.status !== "settled");
  // What still waits when the time is over is not asked about again: the run ends over it.
  const now = isOver ? Number.NEGATIVE_INFINITY : facts.now;
  const isWaiting = open.length > 0 && open.every((call) => isHeldUp(state, call, now));
  if (open.length > 0 && !isWaiting) return { kind: "act" };
  if (state.cancel !== null) {
    return end("cancelled", { code: "cancelled", message: state.cancel });
  }
  if (isOver) return expire(limits);
  if (isWaiting) return parkFor(state, open);
  const last = state.messages.at(-1);
  // A pause is no last word: the provider wants the conversation back as it is.
  const isPaused = state.finish === "pause";
  const hasFinished = last?.role === "assistant" && state.emptyAnswers === 0 && !isPaused;
  return hasFinished ? decideEnd(state, last, facts) : decideOn(state, facts);
}

/** Only a person can take this call further: it is in doubt, or waits for an answer in time. */
function isHeldUp(state: RunState, call: Call, now: number): boolean {
  if (call.status === "in_doubt") return true;
  if (call.status !== "waiting") return false;
  const approval = state.approvals.find(
    ({ callId, decision }) => callId === call.callId && decision === null,
  );
  return approval !== undefined && now < approval.expiresAt;
}

function parkFor(state: RunState, open: readonly Call[]): Command {
  const named = (call: Call): string => `${call.tool} (${call.callId})`;
  const doubts = open.filter((call) => call.status === "in_doubt").map(named);
  const asked = open.filter((call) => call.status === "waiting").map(named);
  const waits = [
    ...(doubts.length === 0 ? [] : [`someone to say whether it happened: ${doubts.join(", ")}`]),
    ...(asked.length === 0 ? [] : [`a person to approve: ${asked.join(", ")}`]),
  ];
  const ends = state.approvals.flatMap((each) => (each.decision === null ? [each.expiresAt] : []));
  const wakeAt = Math.min(...ends);
  const waitingFor = waits.join("; ").slice(0, WORDS_MAX);
  return { kind: "park", waitingFor, ...(Number.isFinite(wakeAt) ? { wakeAt } : {}) };
}

/** The model has said its last word. */
function decideEnd(state: RunState, last: AssistantMessage, facts: Facts): Command {
  const text = messageText(last);
  const broken = brokenOff(state.finish);
  if (broken !== null) return recoverable(text, broken);
  if (state.doubts.length > 0) {
    return facts.doubtsAsked ? doubtful(state, text) : { kind: "ask_doubts" };
  }
  const reason: Reason = { code: "model_finished", message: "The model finished." };
  return succeed(state, facts, { reason, text, mayAskAgain: true });
}

/** The end, when the gate says so; unmet checks that are not sent back end the run otherwise. */
function succeed(
  state: RunState,
  facts: Facts,
  end: { readonly reason: Reason; readonly text: string | null; readonly mayAskAgain: boolean },
): Command {
  const { reason, text, mayAskAgain } = end;
  const met: Finish = { kind: "finish", outcome: "succeeded", reason, text };
  if (!facts.hasGate) return met;
  const { gate } = state;
  if (gate === null || gate.unmet.length === 0) return { kind: "check", met, mayAskAgain };
  const list = gate.unmet.map(({ what, why }) => `${what} (${why})`).join("; ");
  if (facts.onUnmet === "escalate") {
    const waitingFor = `a person: the run is not done: ${list}`.slice(0, WORDS_MAX);
    return { kind: "park", waitingFor };
  }
  const isViolated = gate.unmet.some(({ kind }) => kind === "never");
  return {
    kind: "finish",
    outcome: isViolated ? "failed" : "failed_recoverable",
    reason: {
      code: isViolated ? "gate_violated" : "gate_unmet",
      message: `The model said it was done, and it is not: ${list}.`.slice(0, WORDS_MAX),
      hint: isViolated
        ? "Something happened that must not: put it right in the outside systems."
        : "Do what is missing, or start the work again; `bridle show` has the receipts.",
    },
    text,
  };
}

/** Why an answer is not the model's last word although nothing follows it; null when it is. */
function brokenOff(finish: string | null): Reason | null {
  switch (finish) {
    case "length":
      return {
        code: "model_truncated",
        message: "The model's answer was cut off at its output limit.",
        hint: "Raise maxOutputTokens, or ask for less at once.",
      };
    case "content-filter":
      return {
        code: "model_refused",
        message: "The provider's filter withheld the answer.",
        hint: "Change the instructions or the model.",
      };
    case "error":
      return {
        code: "model_failed",
        message: "The provider ended the answer with an error.",
        hint: "Start the work again, or choose another model.",
      };
    case null:
    default:
      return null;
  }
}

/** The model is to be asked (again), unless a limit or a stop condition says otherwise. */
function decideOn(state: RunState, facts: Facts): Command {
  const limits = state.created?.limits;
  const text = null;
  if (facts.stopReached && state.turn > 0) {
    if (state.doubts.length > 0)
      return facts.doubtsAsked ? doubtful(state, text) : { kind: "ask_doubts" };
    const reason: Reason = { code: "stop_condition", message: "A stop condition was reached." };
    return succeed(state, facts, { reason, text, mayAskAgain: false });
  }
  const reached = limits === undefined ? null : limitReached(state, limits);
  if (reached !== null) return recoverable(text, reached);
  const broken = state.emptyAnswers === 0 ? null : brokenOff(state.finish);
  if (broken !== null) return recoverable(text, broken);
  if (state.emptyAnswers >= EMPTY_ANSWERS_MAX) {
    return recoverable(text, {
      code: "model_empty",
      message: `The model gave ${state.emptyAnswers} answers in a row with nothing in them.`,
      hint: "Try another model; look at the last answers with `bridle show`.",
    });
  }
  if (facts.draining) return { kind: "yield" };
  const wasEmpty =
    state.emptyAnswers > 0 && state.finish !== "pause" && state.messages.at(-1)?.role !== "user";
  return { kind: wasEmpty ? "nudge" : "ask" };
}

function limitReached(state: RunState, limits: RunLimits): Reason | null {
  const hint = "Raise the limit, or look with `bridle show` at why it takes so long.";
  if (state.turn >= limits.turnsMax) {
    return {
      code: "limit_turns",
      message: `The limit of ${limits.turnsMax} turns was reached.`,
      hint,
    };
  }
  // All allowed calls may be used; asking for one more is what goes over.
  if (state.callCount > limits.callsMax) {
    return {
      code: "limit_calls",
      message: `The model asked for more than the ${limits.callsMax} calls of this run.`,
      hint,
    };
  }
  const tokens = (state.usage.inputTokens ?? 0) + (state.usage.outputTokens ?? 0);
  if (tokens >= limits.tokensMax) {
    const message = `The limit of ${limits.tokensMax} tokens was reached (${tokens} used).`;
    return { code: "limit_tokens", message, hint };
  }
  return null;
}

function doubtful(state: RunState, text: string | null): Command {
  const calls = state.doubts.map((doubt) => `${doubt.tool} (${doubt.callId})`).join(", ");
  return recoverable(text, {
    code: "effects_in_doubt",
    message: `It is not known whether this happened: ${calls}.`,
    hint: "Look it up in the outside system by the idempotency key, then start what is missing.",
  });
}

function expire(limits: RunLimits): Command {
  const message = `The run was not done after ${limits.wallMs} ms.`;
  return end("expired", { code: "limit_wall_time", message, hint: "Raise limits.wallMs." });
}

function recoverable(text: string | null, reason: Reason): Command {
  return { kind: "finish", outcome: "failed_recoverable", reason, text };
}

function end(outcome: OutcomeKind, reason: Reason): Command {
  return { kind: "finish", outcome, reason, text: null };
}
