/**
 * The one way from events to state.
 *
 * F1 Pure: the same events give the same state, byte for byte; the state handed in is not touched.
 * F2 Associative: folding a prefix and then the rest equals folding all.
 * F3 Each event costs what it adds, not what came before.
 * F4 A gap, a repeat or an event that cannot follow is an error, never a guess.
 */
import { BridleError } from "../std/error.ts";
import { unreachable } from "../std/assert.ts";
import type { JournalEvent } from "./event.ts";
import { addUserMessage, foldCallEvent } from "./fold-call.ts";
import { foldGovernanceEvent } from "./fold-governance.ts";
import { foldAsked, foldFault, foldWithheld } from "./fold-wire.ts";
import type { Message, ToolCallPart } from "./message.ts";
import { userMessage } from "./message.ts";
import { callIdOf, emptyRun, type Call, type Draft, type RunState } from "./run.ts";
import { addUsage } from "./usage.ts";

/** Folds events onto a state (the empty one by default). */
export function foldEvents(
  runId: string,
  events: Iterable<JournalEvent>,
  from: RunState = emptyRun(runId),
): RunState {
  let state = from;
  for (const event of events) state = foldEvent(state, event);
  return state;
}

/** The state after one more event. */
export function foldEvent(state: RunState, event: JournalEvent): RunState {
  if (event.seq !== state.head + 1) {
    throw new BridleError(
      "journal_corrupt",
      `Run ${state.runId}: event ${event.seq} after ${state.head}`,
      { hint: "Check the database with `bridle doctor`, then restore a backup." },
    );
  }
  if (state.status === "finished") {
    throw new BridleError("journal_corrupt", `Run ${state.runId} has an event after its end`);
  }
  if ((event.seq === 1) !== (event.kind === "run.created")) {
    throw new BridleError(
      "journal_corrupt",
      `Run ${state.runId}: event ${event.seq} is ${event.kind}`,
    );
  }
  // The one copy an event costs; what follows changes it before anybody else can see it.
  const draft: Draft = { ...state, head: event.seq, updatedAt: event.at };
  foldBody(draft, event);
  return draft;
}

function foldBody(draft: Draft, event: JournalEvent): void {
  switch (event.kind) {
    case "run.created":
      foldCreated(draft, event);
      return;
    case "run.leased":
      draft.status = "running";
      draft.wakeAt = null;
      draft.waitingFor = null;
      return;
    case "model.answered":
      foldAnswer(draft, event);
      return;
    case "call.refused":
    case "call.claimed":
    case "call.completed":
    case "call.failed":
    case "call.in_doubt":
    case "call.resolved":
      foldCallEvent(draft, event);
      return;
    case "message.added":
      addUserMessage(draft, event.text);
      draft.inboxSeen = event.inbox ?? draft.inboxSeen;
      if (event.from === "person") {
        // Whoever speaks may have put right what was unmet: it is checked anew.
        draft.gateRounds = 0;
        draft.gate = null;
      }
      return;
    case "approval.requested":
    case "approval.voted":
    case "approval.settled":
    case "obligation.opened":
    case "obligation.declined":
    case "gate.checked":
    case "inbox.refused":
    case "budget.raised":
      foldGovernanceEvent(draft, event);
      return;
    case "model.faulted":
      foldFault(draft, event);
      return;
    case "tools.withheld":
      foldWithheld(draft, event);
      return;
    case "run.cancel_requested":
      draft.cancel ??= event.reason;
      draft.inboxSeen = event.inbox ?? draft.inboxSeen;
      return;
    case "run.parked":
      draft.status = "parked";
      draft.wakeAt = event.wakeAt ?? null;
      draft.waitingFor = event.waitingFor;
      return;
    case "run.finished":
      draft.status = "finished";
      draft.outcome = {
        kind: event.outcome,
        reason: event.reason,
        text: event.text,
        ...(event.tainted === undefined ? {} : { tainted: event.tainted }),
      };
      return;
    default:
      unreachable(event, "foldBody");
  }
}

type EventOf<K extends JournalEvent["kind"]> = Extract<JournalEvent, { kind: K }>;

function foldCreated(draft: Draft, event: EventOf<"run.created">): void {
  const { seq: _seq, at, ...created } = event;
  draft.created = created;
  draft.createdAt = at;
  draft.obligations = created.obligations ?? [];
  draft.messages = draft.messages.append(userMessage(event.prompt));
}

function foldAnswer(draft: Draft, event: EventOf<"model.answered">): void {
  if (draft.calls.length > 0) {
    throw new BridleError("journal_corrupt", `Run ${draft.runId}: an answer before its calls end`);
  }
  // Call ids and idempotency keys are minted from the turn: one that came twice would share them.
  if (event.turn !== draft.turn + 1) {
    throw new BridleError(
      "journal_corrupt",
      `Run ${draft.runId}: turn ${event.turn} after ${draft.turn}`,
    );
  }
  const message: Message = { role: "assistant", content: event.content };
  const calls = dispatchable(event.content).map((part, position): Call => {
    const malformed = event.malformed?.[String(position)];
    return {
      callId: callIdOf(event.turn, position),
      toolCallId: part.toolCallId,
      tool: part.toolName,
      input: part.input,
      ...(malformed === undefined ? {} : { malformed }),
      status: "requested",
    };
  });
  draft.turn = event.turn;
  draft.gate = null;
  foldAsked(draft, event);
  if (event.content.length > 0) draft.messages = draft.messages.append(message);
  draft.calls = calls;
  draft.emptyAnswers = isEmptyAnswer(event.content) ? draft.emptyAnswers + 1 : 0;
  draft.callCount += calls.length;
  draft.usage = addUsage(draft.usage, event.usage);
  draft.model = event.model ?? draft.model;
  draft.finish = event.finish ?? (calls.length > 0 ? "tool-calls" : "stop");
}

function isEmptyAnswer(content: EventOf<"model.answered">["content"]): boolean {
  return content.every((part) => part.type === "reasoning" || isBlankText(part));
}

function isBlankText(part: EventOf<"model.answered">["content"][number]): boolean {
  return part.type === "text" && part.text.trim() === "";
}

/** The calls of an answer that the harness must run, in order. */
export function dispatchable(
  content: readonly { readonly type: string }[],
): readonly ToolCallPart[] {
  return content.filter(
    (part): part is ToolCallPart =>
      part.type === "tool-call" && !("providerExecuted" in part && part.providerExecuted === true),
  );
}
