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
  type Draft,
  type OpenDoubt,
  type RetainedKey,
} from "./run.ts";

type CallEvent = (
  | CallRefused
  | CallClaimed
  | CallCompleted
  | CallFailed
  | CallInDoubt
  | CallResolved
) & { readonly at: number };

export function foldCallEvent(draft: Draft, event: CallEvent): void {
  foldOne(draft, event);
  if (draft.approvals.length > 0) forgetApprovals(draft);
}

/** A call that has ended was approved for good; one in doubt may have to run once more. */
function forgetApprovals(draft: Draft): void {
  const { calls, doubts } = draft;
  draft.approvals = draft.approvals.filter(
    ({ callId }) =>
      calls.some((call) => call.callId === callId && call.status !== "settled") ||
      doubts.some((doubt) => doubt.callId === callId),
  );
}

function foldOne(draft: Draft, event: CallEvent): void {
  switch (event.kind) {
    case "call.refused":
      settle(draft, event.callId, { type: "error-text", value: event.observation });
      return;
    case "call.claimed":
      foldClaimed(draft, event);
      return;
    case "call.completed":
      foldCompleted(draft, event);
      return;
    case "call.failed":
      foldFailed(draft, event);
      return;
    case "call.in_doubt":
      foldInDoubt(draft, event);
      return;
    case "call.resolved":
      foldResolved(draft, event);
      return;
    default:
      unreachable(event, "foldOne");
  }
}

function foldClaimed(draft: Draft, event: CallClaimed & { readonly at: number }): void {
  const call = openCall(draft, event.callId);
  const claim = {
    effect: event.effect,
    input: event.input ?? call.input,
    key: event.key ?? idempotencyKeyOf(draft.runId, event.callId),
    attempt: event.attempt ?? 1,
    at: event.at,
    ...(event.continues === undefined ? {} : { continues: event.continues }),
  };
  replaceCall(draft, { ...call, status: "claimed", claim });
}

function foldCompleted(draft: Draft, event: CallCompleted): void {
  const call = openCall(draft, event.callId);
  const receipt: Receipt = {
    callId: event.callId,
    tool: call.tool,
    effect: call.claim?.effect ?? "read",
    input: call.claim?.input ?? call.input,
    output: event.output,
    ...(event.receipt === undefined ? {} : { receipt: event.receipt }),
    via: event.via ?? "execute",
  };
  giveResult(draft, call, outputOf(event.output));
  dropDoubts(draft, event.callId, call.claim?.continues);
  draft.receipts = draft.receipts.append(receipt);
}

function foldFailed(draft: Draft, event: CallFailed): void {
  const call = openCall(draft, event.callId);
  const { tool, claim } = call;
  giveResult(draft, call, { type: "error-text", value: event.observation });
  dropDoubts(draft, event.callId, claim?.continues);
  if (claim?.effect !== "idempotent") return;
  const kept: RetainedKey = {
    callId: event.callId,
    tool,
    input: claim.input,
    mayHaveHappened: event.mayHaveHappened ?? false,
    argsHash: hashArgs(claim.input),
    key: claim.key,
  };
  draft.retained = [...draft.retained, kept].slice(-RETAINED_MAX);
}

function foldInDoubt(draft: Draft, event: CallInDoubt): void {
  const call = openCall(draft, event.callId);
  const claim = call.claim;
  if (claim === undefined) throw misplaced(draft, event.callId);
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
  dropDoubts(draft, event.callId, claim.continues);
  draft.doubts = [...draft.doubts, doubt];
  if (event.observation === undefined) replaceCall(draft, { ...call, status: "in_doubt" });
  else giveResult(draft, call, { type: "error-text", value: event.observation });
}

/** A call already told as in doubt: its truth arrives as a message, and its receipt counts. */
function foldResolved(draft: Draft, event: CallResolved): void {
  draft.inboxSeen = event.inbox ?? draft.inboxSeen;
  const doubt = draft.doubts.find((open) => open.callId === event.callId);
  if (doubt === undefined) return;
  const output = event.output ?? null;
  draft.gate = null;
  dropDoubts(draft, event.callId);
  if (event.happened) {
    draft.receipts = draft.receipts.append({
      callId: doubt.callId,
      tool: doubt.tool,
      effect: doubt.effect,
      input: doubt.input,
      output,
      via: event.by,
    });
  }
  const call = draft.calls.find((current) => current.callId === event.callId);
  if (call !== undefined) {
    // Also when it was settled as in doubt: its siblings run, so the model was not told yet.
    giveResult(draft, call, resolvedOutput(event.happened, output));
    return;
  }
  const truth = event.happened
    ? `it did happen; its result is ${JSON.stringify(output)}`
    : "it did not happen; call the tool again if it is still needed";
  addUserMessage(draft, `Update on your call to ${doubt.tool} that was in doubt: ${truth}.`);
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

function openCall(draft: Draft, callId: string): Call {
  const call = draft.calls.find((open) => open.callId === callId);
  if (call === undefined || call.status === "settled") throw misplaced(draft, callId);
  return call;
}

function misplaced(draft: Draft, callId: string): BridleError {
  return new BridleError(
    "journal_corrupt",
    `Run ${draft.runId}: an event for call ${callId}, which is not open`,
  );
}

export function replaceCall(draft: Draft, changed: Call): void {
  draft.calls = draft.calls.map((call) => (call.callId === changed.callId ? changed : call));
}

function dropDoubts(draft: Draft, ...callIds: readonly (string | undefined)[]): void {
  if (draft.doubts.length > 0) {
    draft.doubts = draft.doubts.filter((doubt) => !callIds.includes(doubt.callId));
  }
  if (draft.retained.length > 0) {
    draft.retained = draft.retained.filter((kept) => !callIds.includes(kept.callId));
  }
}

function settle(draft: Draft, callId: string, output: ToolOutput): void {
  giveResult(draft, openCall(draft, callId), output);
}

/** Gives a call its result; when it was the turn's last, the results join the conversation. */
function giveResult(draft: Draft, call: Call, output: ToolOutput): void {
  const result: ToolMessage = {
    role: "tool",
    content: [{ type: "tool-result", toolCallId: call.toolCallId, toolName: call.tool, output }],
  };
  replaceCall(draft, { ...call, status: "settled", result });
  draft.gate = null;
  if (draft.calls.some((open) => open.status !== "settled")) return;
  const content = draft.calls.flatMap((settled) => settled.result?.content ?? []);
  draft.messages = draft.messages.append({ role: "tool", content }, ...draft.held);
  draft.calls = [];
  draft.held = [];
}

/**
 * Says something to the model. Providers refuse a conversation in which anything stands between
 * calls and their results, so while calls are open it waits behind them.
 */
export function addUserMessage(draft: Draft, text: string): void {
  const message = userMessage(text);
  if (draft.calls.length === 0) draft.messages = draft.messages.append(message);
  else draft.held = [...draft.held, message];
}
