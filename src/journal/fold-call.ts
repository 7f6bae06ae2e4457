/** How the events of one call change the run: the other half of `fold.ts`, cut by noun. */
import { unreachable } from "../std/assert.ts";
import { BridleError } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import type {
  CallClaimed,
  CallCompleted,
  CallFailed,
  CallInDoubt,
  CallRefused,
  CallResolved,
} from "./event.ts";
import { userMessage, type ToolMessage, type ToolOutput } from "./message.ts";
import type { Receipt } from "./receipt.ts";
import {
  hashArgs,
  idempotencyKeyOf,
  RETAINED_MAX,
  type Call,
  type OpenDoubt,
  type RetainedKey,
  type RunState,
} from "./run.ts";

type CallEvent = (
  | CallRefused
  | CallClaimed
  | CallCompleted
  | CallFailed
  | CallInDoubt
  | CallResolved
) & { readonly at: number };

export function foldCallEvent(state: RunState, event: CallEvent): RunState {
  switch (event.kind) {
    case "call.refused":
      return settle(state, event.callId, { type: "error-text", value: event.observation });
    case "call.claimed":
      return foldClaimed(state, event);
    case "call.completed":
      return foldCompleted(state, event);
    case "call.failed":
      return foldFailed(state, event);
    case "call.in_doubt":
      return foldInDoubt(state, event);
    case "call.resolved":
      return foldResolved(state, event);
    default:
      return unreachable(event, "foldCallEvent");
  }
}

function foldClaimed(state: RunState, event: CallClaimed & { readonly at: number }): RunState {
  const call = openCall(state, event.callId);
  const claim = {
    effect: event.effect,
    input: event.input ?? call.input,
    key: event.key ?? idempotencyKeyOf(state.runId, event.callId),
    attempt: event.attempt ?? 1,
    at: event.at,
    ...(event.continues === undefined ? {} : { continues: event.continues }),
  };
  return replaceCall(state, { ...call, status: "claimed", claim });
}

function foldCompleted(state: RunState, event: CallCompleted): RunState {
  const call = openCall(state, event.callId);
  const receipt: Receipt = {
    callId: event.callId,
    tool: call.tool,
    effect: call.claim?.effect ?? "read",
    input: call.claim?.input ?? call.input,
    output: event.output,
    ...(event.receipt === undefined ? {} : { receipt: event.receipt }),
    via: event.via ?? "execute",
  };
  const settled = settle(state, event.callId, outputOf(event.output));
  const known = withoutDoubts(settled, [event.callId, call.claim?.continues]);
  return { ...known, receipts: known.receipts.append(receipt) };
}

function foldFailed(state: RunState, event: CallFailed): RunState {
  const { tool, claim } = openCall(state, event.callId);
  const settled = settle(state, event.callId, { type: "error-text", value: event.observation });
  const known = withoutDoubts(settled, [event.callId, claim?.continues]);
  if (claim?.effect !== "idempotent") return known;
  const kept: RetainedKey = {
    callId: event.callId,
    tool,
    argsHash: hashArgs(claim.input),
    key: claim.key,
  };
  return { ...known, retained: [...known.retained, kept].slice(-RETAINED_MAX) };
}

function foldInDoubt(state: RunState, event: CallInDoubt): RunState {
  const call = openCall(state, event.callId);
  const claim = call.claim;
  if (claim === undefined) throw misplaced(state, event.callId);
  const doubt: OpenDoubt = {
    callId: event.callId,
    tool: call.tool,
    input: claim.input,
    idempotencyKey: claim.key,
    why: event.why,
    effect: claim.effect,
    argsHash: hashArgs(claim.input),
    claimedAt: claim.at,
  };
  const known = withoutDoubts(state, [event.callId, claim.continues]);
  const doubting = { ...known, doubts: [...known.doubts, doubt] };
  return event.observation === undefined
    ? replaceCall(doubting, { ...call, status: "in_doubt" })
    : settle(doubting, event.callId, { type: "error-text", value: event.observation });
}

/** A call already told as in doubt: its truth arrives as a message, and its receipt counts. */
function foldResolved(state: RunState, event: CallResolved): RunState {
  const inboxSeen = event.inbox ?? state.inboxSeen;
  const doubt = state.doubts.find((open) => open.callId === event.callId);
  if (doubt === undefined) return { ...state, inboxSeen };
  const output = event.output ?? null;
  const known = { ...withoutDoubts(state, [event.callId]), inboxSeen };
  const receipts = event.happened
    ? known.receipts.append({
        callId: doubt.callId,
        tool: doubt.tool,
        effect: doubt.effect,
        input: doubt.input,
        output,
        via: event.by,
      })
    : known.receipts;
  const call = state.calls.find((current) => current.callId === event.callId);
  if (call !== undefined) {
    // Also when it was settled as in doubt: its siblings run, so the model was not told yet.
    return giveResult({ ...known, receipts }, call, resolvedOutput(event.happened, output));
  }
  const truth = event.happened
    ? `it did happen; its result is ${JSON.stringify(output)}`
    : "it did not happen; call the tool again if it is still needed";
  const text = `Update on your call to ${doubt.tool} that was in doubt: ${truth}.`;
  return withUserMessage({ ...known, receipts }, text);
}

function resolvedOutput(happened: boolean, output: Json): ToolOutput {
  return happened
    ? outputOf(output)
    : { type: "error-text", value: "This call did not happen. Call it again if it is needed." };
}

function outputOf(output: Json): ToolOutput {
  return typeof output === "string"
    ? { type: "text", value: output }
    : { type: "json", value: output };
}

function openCall(state: RunState, callId: string): Call {
  const call = state.calls.find((open) => open.callId === callId);
  if (call === undefined || call.status === "settled") throw misplaced(state, callId);
  return call;
}

function misplaced(state: RunState, callId: string): BridleError {
  return new BridleError(
    "journal_corrupt",
    `Run ${state.runId}: an event for call ${callId}, which is not open`,
  );
}

function replaceCall(state: RunState, changed: Call): RunState {
  return {
    ...state,
    calls: state.calls.map((call) => (call.callId === changed.callId ? changed : call)),
  };
}

function withoutDoubts(state: RunState, callIds: readonly (string | undefined)[]): RunState {
  if (state.doubts.length === 0 && state.retained.length === 0) return state;
  return {
    ...state,
    doubts: state.doubts.filter((doubt) => !callIds.includes(doubt.callId)),
    retained: state.retained.filter((kept) => !callIds.includes(kept.callId)),
  };
}

/** Gives a call its result; when it was the turn's last, the results join the conversation. */
function settle(state: RunState, callId: string, output: ToolOutput): RunState {
  return giveResult(state, openCall(state, callId), output);
}

function giveResult(state: RunState, call: Call, output: ToolOutput): RunState {
  const result: ToolMessage = {
    role: "tool",
    content: [{ type: "tool-result", toolCallId: call.toolCallId, toolName: call.tool, output }],
  };
  const next = replaceCall(state, { ...call, status: "settled", result });
  if (next.calls.some((open) => open.status !== "settled")) return next;
  const content = next.calls.flatMap((settled) => settled.result?.content ?? []);
  const messages = next.messages.append({ role: "tool", content }, ...next.held);
  return { ...next, calls: [], messages, held: [] };
}

/**
 * Says something to the model. Providers refuse a conversation in which anything stands between
 * calls and their results, so while calls are open it waits behind them.
 */
export function withUserMessage(state: RunState, text: string): RunState {
  const message = userMessage(text);
  return state.calls.length === 0
    ? { ...state, messages: state.messages.append(message) }
    : { ...state, held: [...state.held, message] };
}
