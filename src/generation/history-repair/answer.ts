/**
 * One answer of a model, made fit for the target: each part kept as it is, rewritten, or left
 * out. What the target's own model wrote is touched only where it would be refused.
 */
import type {
  AssistantMessage,
  AssistantPart,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from "../../journal/message.ts";
import { isJsonObject } from "../../std/json.ts";
import type { CallIds } from "./call-ids.ts";
import type { Dialect } from "./dialect.ts";
import { fitInput, fitName, fitText, withoutMetadata, type Note } from "./part.ts";
import { providerCallText, providerResultText } from "./provider-tool.ts";

export interface AnswerContext {
  readonly dialect: Dialect;
  /** The target's own model made it, and it may come back with what only that model can read. */
  readonly isOwn: boolean;
  /** The ids that a call of this answer may keep; null: none. */
  readonly allowedId: RegExp | null;
  readonly ids: CallIds;
  /** Calls that the provider itself has begun and not yet answered, by id. */
  readonly begun: Set<string>;
  readonly note: Note;
}

/** A call as the conversation now holds it, and the id under which its result will come. */
export interface AskedCall {
  readonly askedId: string;
  readonly call: ToolCallPart;
}

export interface RepairedAnswer {
  /** Null when nothing is left of it. */
  readonly message: AssistantMessage | null;
  readonly calls: readonly AskedCall[];
  /** Results that stood inside the answer although the harness ran the call. */
  readonly results: readonly ToolResultPart[];
}

export function repairAnswer(message: AssistantMessage, context: AnswerContext): RepairedAnswer {
  const kept = keptProviderTools(message.content, context);
  const asked = new Set(message.content.filter(isHarnessCall).map(({ toolCallId }) => toolCallId));
  const calls: AskedCall[] = [];
  const results: ToolResultPart[] = [];
  const content: AssistantPart[] = [];
  for (const part of message.content) {
    if (kept.has(part)) content.push(part);
    else if (part.type === "tool-result" && asked.has(part.toolCallId)) results.push(part);
    else {
      const repaired = repairPart(part, context);
      if (repaired === null) continue;
      content.push(repaired);
      if (part.type === "tool-call" && repaired.type === "tool-call") {
        calls.push({ askedId: part.toolCallId, call: repaired });
      }
    }
  }
  if (context.dialect.refusesLastReasoning) dropLastReasoning(content, context.note);
  if (content.every(({ type }) => type === "reasoning")) {
    context.note("empty_message");
    return { message: null, calls, results };
  }
  const isSame =
    content.length === message.content.length &&
    content.every((part, index) => part === message.content[index]);
  return { message: isSame ? message : { role: "assistant", content }, calls, results };
}

/**
 * The calls and results of provider-run tools that stay what they are. A call without its result
 * makes every later request fail, unless the provider is still at it: then the call ends the
 * answer (the provider paused) or waits for a call of ours beside it, and its result comes in a
 * later answer.
 */
function keptProviderTools(
  content: readonly AssistantPart[],
  { isOwn, ids, begun }: AnswerContext,
): ReadonlySet<AssistantPart> {
  const kept = new Set<AssistantPart>();
  if (!isOwn) return kept;
  const single = singleCalls(content, ids);
  const answered = answeredIn(content);
  const isWaiting = content.some(isHarnessCall);
  const lastOther = content.findLastIndex((part) => !single.has(part));
  for (const [index, part] of content.entries()) {
    if (isProviderCall(part)) {
      const mayStay = answered.has(part) || isWaiting || index > lastOther;
      if (!mayStay || !single.has(part)) continue;
      kept.add(part);
      ids.reserve(part.toolCallId);
      begun.add(part.toolCallId);
    } else if (isResult(part) && begun.delete(part.toolCallId)) kept.add(part);
  }
  return kept;
}

/** The calls of the provider whose ids nothing before them has. */
function singleCalls(content: readonly AssistantPart[], ids: CallIds): ReadonlySet<AssistantPart> {
  const seen = new Set<string>();
  const calls = content.filter(isProviderCall);
  return new Set(
    calls.filter(({ toolCallId }) => {
      const isSingle = !ids.isUsed(toolCallId) && !seen.has(toolCallId);
      seen.add(toolCallId);
      return isSingle;
    }),
  );
}

/** The calls whose results follow them in the same answer. */
function answeredIn(content: readonly AssistantPart[]): ReadonlySet<AssistantPart> {
  const answered = new Set<AssistantPart>();
  const results = new Set<string>();
  for (const part of content.toReversed()) {
    if (isResult(part)) results.add(part.toolCallId);
    else if (isProviderCall(part) && results.delete(part.toolCallId)) answered.add(part);
  }
  return answered;
}

function isHarnessCall(part: AssistantPart): part is ToolCallPart {
  return part.type === "tool-call" && part.providerExecuted !== true;
}

function isProviderCall(part: AssistantPart): part is ToolCallPart {
  return part.type === "tool-call" && part.providerExecuted === true;
}

function isResult(part: AssistantPart): part is ToolResultPart {
  return part.type === "tool-result";
}

function repairPart(part: AssistantPart, context: AnswerContext): AssistantPart | null {
  const { note } = context;
  switch (part.type) {
    case "text":
      return repairText(part, context);
    case "reasoning":
      if (isReadable(part, context)) return part;
      note("foreign_reasoning");
      return null;
    case "tool-call":
      if (part.providerExecuted !== true) return repairCall(part, context);
      note("provider_tool");
      return { type: "text", text: fitText(providerCallText(part), note) };
    case "tool-result":
      note("provider_tool");
      return { type: "text", text: fitText(providerResultText(part), note) };
    default:
      // A kind of part that came later: its maker's package knows what to do with it.
      return part;
  }
}

function isReadable(part: ReasoningPart, { isOwn, dialect }: AnswerContext): boolean {
  const { reasoningMarks } = dialect;
  if (!isOwn) return false;
  if (reasoningMarks === null) return true;
  return Object.values(part.providerOptions ?? {}).some(
    (options) =>
      isJsonObject(options) && reasoningMarks.some((mark) => typeof options[mark] === "string"),
  );
}

function repairText(part: TextPart, { isOwn, dialect, note }: AnswerContext): TextPart | null {
  const isBlank = part.text.trim() === "";
  // An empty text of Gemini may carry a signature.
  const isEmpty = part.text === "" && part.providerOptions === undefined;
  if (isBlank && (dialect.refusesBlankText || !isOwn || isEmpty)) {
    note("empty_text");
    return null;
  }
  const text = fitText(part.text, note);
  const readable = isOwn ? part : withoutMetadata(part, note);
  return text === part.text ? readable : { ...readable, text };
}

function repairCall(part: ToolCallPart, context: AnswerContext): ToolCallPart {
  const { isOwn, allowedId, ids, note } = context;
  const { id, why } = ids.give(part.toolCallId, allowedId);
  if (why !== "kept") note(why);
  const toolName = fitName(part.toolName, note);
  const input = fitInput(part.input, note);
  const readable = isOwn ? part : withoutMetadata(part, note);
  const isSame = id === part.toolCallId && toolName === part.toolName && input === part.input;
  return isSame ? readable : { ...readable, toolCallId: id, toolName, input };
}

/** A thought that nothing followed: the answer was cut off after it. */
function dropLastReasoning(content: AssistantPart[], note: Note): void {
  while (content.at(-1)?.type === "reasoning") {
    content.pop();
    note("last_reasoning");
  }
}
