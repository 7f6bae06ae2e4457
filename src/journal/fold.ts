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
import { foldCallEvent, withUserMessage } from "./fold-call.ts";
import type { Message, ToolCallPart } from "./message.ts";
import { userMessage } from "./message.ts";
import { callIdOf, emptyRun, type Call, type RunState } from "./run.ts";
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
  const moved = { ...state, head: event.seq, updatedAt: event.at };
  return foldBody(moved, event);
}

function foldBody(state: RunState, event: JournalEvent): RunState {
  switch (event.kind) {
    case "run.created":
      return foldCreated(state, event);
    case "run.leased":
      return { ...state, status: "running", wakeAt: null, waitingFor: null };
    case "model.answered":
      return foldAnswer(state, event);
    case "call.refused":
    case "call.claimed":
    case "call.completed":
    case "call.failed":
    case "call.in_doubt":
    case "call.resolved":
      return foldCallEvent(state, event);
    case "message.added":
      return {
        ...withUserMessage(state, event.text),
        inboxSeen: event.inbox ?? state.inboxSeen,
      };
    case "run.cancel_requested":
      return {
        ...state,
        cancel: state.cancel ?? event.reason,
        inboxSeen: event.inbox ?? state.inboxSeen,
      };
    case "run.parked":
      return {
        ...state,
        status: "parked",
        wakeAt: event.wakeAt ?? null,
        waitingFor: event.waitingFor,
      };
    case "run.finished":
      return {
        ...state,
        status: "finished",
        outcome: { kind: event.outcome, reason: event.reason, text: event.text },
      };
    default:
      return unreachable(event, "foldBody");
  }
}

type EventOf<K extends JournalEvent["kind"]> = Extract<JournalEvent, { kind: K }>;

function foldCreated(state: RunState, event: EventOf<"run.created">): RunState {
  const { seq: _seq, at, ...created } = event;
  return {
    ...state,
    created,
    createdAt: at,
    messages: state.messages.append(userMessage(event.prompt)),
  };
}

function foldAnswer(state: RunState, event: EventOf<"model.answered">): RunState {
  if (state.calls.length > 0) {
    throw new BridleError("journal_corrupt", `Run ${state.runId}: an answer before its calls end`);
  }
  // Call ids and idempotency keys are minted from the turn: one that came twice would share them.
  if (event.turn !== state.turn + 1) {
    throw new BridleError(
      "journal_corrupt",
      `Run ${state.runId}: turn ${event.turn} after ${state.turn}`,
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
  return {
    ...state,
    turn: event.turn,
    messages: event.content.length === 0 ? state.messages : state.messages.append(message),
    calls,
    emptyAnswers: isEmptyAnswer(event.content) ? state.emptyAnswers + 1 : 0,
    callCount: state.callCount + calls.length,
    usage: addUsage(state.usage, event.usage),
    model: event.model ?? state.model,
    finish: event.finish ?? (calls.length > 0 ? "tool-calls" : "stop"),
  };
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
