/**
 * How far a conversation has come along a script of actions.
 *
 * P1 Progress follows from the script and the messages alone. Each message is looked at once.
 * P2 An action is done when a result arrived for a right call of it. A call is right by its mark;
 *    where a client repaired a faulty call in its history or renumbered the ids, by its name and
 *    arguments.
 * P3 A turn asks for the first actions that are not done. So the first call of any turn shows that
 *    all actions before its own were done, and a client may drop old turns.
 * P4 Ids need be unique within one assistant message only: a result answers the latest call that
 *    had its id.
 */
import { isDeepStrictEqual } from "node:util";
import { parseJson } from "../std/json.ts";
import type { PreparedScript } from "./action-script.ts";
import { readCallMark, type CallMark } from "./call-mark.ts";
import type { AssistantMessage, ChatMessage, ChatToolCall, ToolMessage } from "./chat.ts";

export interface Progress {
  readonly script: PreparedScript;
  /** Which decision is asked for now: the number made before, as far as messages and ids tell. */
  decision: number;
  /** The first action that is not done; the number of actions when all are. */
  first: number;
  /** 1 for each action that is done; those before `first` count as done whatever it says. */
  readonly done: Uint8Array;
  /** How often an action was answered with a result that invites another attempt. */
  readonly attempts: Map<number, number>;
  /** From a call's id to the action that it is a right call of, if it is one. */
  readonly open: Map<string, number | undefined>;
}

export function startProgress(script: PreparedScript): Progress {
  const done = new Uint8Array(script.actions.length);
  return { script, decision: 0, first: 0, done, attempts: new Map(), open: new Map() };
}

/** Progress after a whole conversation. */
export function progressOf(script: PreparedScript, messages: readonly ChatMessage[]): Progress {
  const progress = startProgress(script);
  for (const message of messages) advanceProgress(progress, message);
  return progress;
}

/** Takes one more message into account, in place. */
export function advanceProgress(progress: Progress, message: ChatMessage): void {
  if (message.role === "assistant") takeTurn(progress, message);
  if (message.role === "tool") takeResult(progress, message);
}

export function isDone(progress: Progress, action: number): boolean {
  return action < progress.first || progress.done[action] === 1;
}

/** The actions that a right turn asks for now, at most a batch. Empty when all are done. */
export function dueActions(progress: Progress): readonly number[] {
  const due: number[] = [];
  const { actions, batchSize } = progress.script;
  for (let i = progress.first; i < actions.length && due.length < batchSize; i++) {
    if (!isDone(progress, i)) due.push(i);
  }
  return due;
}

function takeTurn(progress: Progress, message: AssistantMessage): void {
  const marks = message.toolCalls.map((call) => readCallMark(progress.script.key, call.id));
  const mark = marks.find((mark) => mark !== undefined);
  if (mark !== undefined && namesDueAction(mark)) {
    progress.first = Math.min(progress.script.actions.length, Math.max(progress.first, mark.index));
    skipDone(progress);
  }
  const candidates = new Set(marks.includes(undefined) ? dueActions(progress) : []);
  for (const [position, call] of message.toolCalls.entries()) {
    const mark = marks[position];
    const action =
      mark === undefined
        ? candidates.values().find((index) => isCallOf(progress.script, call, index))
        : actionByMark(progress.script, call, mark);
    if (action !== undefined) candidates.delete(action);
    progress.open.set(call.id, action);
  }
  progress.decision = (mark?.decision ?? progress.decision) + 1;
}

function takeResult(progress: Progress, message: ToolMessage): void {
  const action = progress.open.get(message.callId);
  if (action === undefined || isDone(progress, action)) return;
  progress.open.delete(message.callId);
  const { script } = progress;
  const attempts = (progress.attempts.get(action) ?? 0) + 1;
  if (script.isRetryable(message.text) && attempts < script.attemptsMax) {
    progress.attempts.set(action, attempts);
    return;
  }
  progress.done[action] = 1;
  skipDone(progress);
}

function skipDone(progress: Progress): void {
  while (progress.done[progress.first] === 1) progress.first += 1;
}

/** An earlier or an extra write is not about the action that is due. */
function namesDueAction(mark: CallMark): boolean {
  return mark.kind !== "repeated_write" && mark.kind !== "extra_write";
}

function actionByMark(
  script: PreparedScript,
  call: ChatToolCall,
  mark: CallMark,
): number | undefined {
  if (mark.index >= script.actions.length || !namesDueAction(mark)) return undefined;
  if (mark.kind === "right" || isCallOf(script, call, mark.index)) return mark.index;
  return undefined;
}

function isCallOf(script: PreparedScript, call: ChatToolCall, index: number): boolean {
  const action = script.actions[index];
  if (action === undefined || call.name !== action.name) return false;
  if (call.argumentsText === script.actionTexts[index]) return true;
  const parsed = parseJson(call.argumentsText);
  return parsed.ok && isDeepStrictEqual(parsed.value, action.arguments);
}
