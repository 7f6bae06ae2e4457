/** Why an answer ended: unknown, missing, or not what it says. */
import type { JsonObject } from "../../std/json.ts";
import type { ChatAnswer, ChatToolCall } from "../chat.ts";
import type { Dialect, FaultContext, WireFault } from "../exchange.ts";
import { unmark } from "./damaged-call.ts";
import { onObjects } from "./json-tree.ts";

const MEMBER: Partial<Record<Dialect, string>> = {
  "openai-chat": "finish_reason",
  anthropic: "stop_reason",
  gemini: "finishReason",
};

/** Dialects in which an answer gives a reason by name. In Responses it has a status instead. */
const WITH_REASON: readonly Dialect[] = ["openai-chat", "anthropic", "gemini"];
/** Dialects that tell a stop from a stop for calls. */
const TELLS_CALLS: readonly Dialect[] = ["openai-chat", "anthropic"];

/** The finish reason, where there is one, replaced in whole answers and in streams. */
export function finishAs(
  reason: (context: FaultContext) => string | null,
): Required<Pick<WireFault, "body" | "frames">> {
  return onObjects((object, context) => {
    const member = MEMBER[context.dialect];
    // A stream says null until the end comes.
    if (member === undefined || typeof object[member] !== "string") return object;
    return { ...object, [member]: reason(context) } satisfies JsonObject;
  });
}

/** About half of a text: at least its first character, never all of it when it has two. */
export function firstHalf(text: string): string {
  const characters = Array.from(text);
  return characters.slice(0, Math.max(1, Math.floor(characters.length / 2))).join("");
}

/** The last call's arguments broken off, as a limit on tokens breaks them off. */
function withCutCall(whole: ChatAnswer, context: FaultContext): ChatAnswer {
  const answer = unmark(whole, context);
  const calls = answer.toolCalls ?? [];
  const toolCalls = calls.map((call, index): ChatToolCall =>
    index === calls.length - 1 ? { ...call, argumentsText: firstHalf(call.argumentsText) } : call,
  );
  return { ...answer, toolCalls };
}

const UNKNOWN: Partial<Record<Dialect, string>> = {
  "openai-chat": "eos_token",
  anthropic: "token_budget",
  gemini: "UNHEARD_OF",
};

export const finishFaults: readonly WireFault[] = [
  {
    name: "finish_unknown",
    group: "answer",
    summary: "a finish reason that no documentation names",
    dialects: WITH_REASON,
    ...finishAs(({ dialect }) => UNKNOWN[dialect] ?? "unknown"),
  },
  {
    name: "finish_missing",
    group: "answer",
    summary: "the finish reason is null to the end",
    dialects: WITH_REASON,
    ...finishAs(() => null),
  },
  {
    name: "finish_stop_with_calls",
    group: "answer",
    summary: "tool calls under the finish reason of a plain stop",
    dialects: TELLS_CALLS,
    needs: "call",
    answer: (answer) => ({ ...answer, finishReason: "stop" }),
  },
  {
    name: "finish_calls_without_calls",
    group: "answer",
    summary: "the finish reason of tool calls, and none came",
    dialects: TELLS_CALLS,
    needs: "text",
    answer: (answer) => ({ ...answer, toolCalls: [], finishReason: "tool_calls" }),
  },
  {
    name: "length_cut_text",
    group: "answer",
    summary: "the text is cut off by the token limit, and the finish reason says so",
    needs: "text",
    answer: (answer) => ({
      kind: "answer",
      text: firstHalf(answer.text ?? ""),
      finishReason: "length",
    }),
  },
  {
    name: "length_cut_arguments",
    group: "answer",
    summary: "a call's arguments are cut off by the token limit, and the finish reason says so",
    dialects: ["openai-chat", "openai-responses", "anthropic"],
    needs: "call",
    answer: (answer, context) => ({ ...withCutCall(answer, context), finishReason: "length" }),
  },
  {
    name: "length_whole_arguments",
    group: "answer",
    summary: "the token limit struck just after a whole call",
    needs: "call",
    answer: (answer) => ({ ...answer, finishReason: "length" }),
  },
  {
    name: "cut_arguments_as_calls",
    group: "answer",
    summary: "arguments cut off by the token limit under the finish reason of whole calls",
    dialects: ["openai-chat", "openai-responses", "anthropic"],
    needs: "call",
    answer: (answer, context) => ({
      ...withCutCall(answer, context),
      finishReason: "tool_calls",
    }),
  },
];
