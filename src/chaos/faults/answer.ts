/** The model answers, and not in the way it is expected to. */
import type { ChatAnswer, ChatToolCall } from "../chat.ts";
import type { WireFault } from "../exchange.ts";
import { choiceFaults } from "./choices.ts";
import { finishAs, finishFaults } from "./finish.ts";
import { reasoningObjects, refusalObjects } from "./other-content.ts";
import { errorReply } from "./provider-error.ts";
import { usageFaults } from "./usage.ts";

const REFUSAL = "I'm sorry, but I can't help with that.";

function textOnly(text: string): ChatAnswer {
  return { kind: "answer", text, finishReason: "stop" };
}

const EMPTY: ChatAnswer = { kind: "answer", finishReason: "stop" };

/** What a model announces when it stops before it acts. */
function opening(answer: ChatAnswer): string {
  const text = answer.text ?? "";
  return text === "" ? "Let me look into that." : text;
}

/** As open models are taught to write a call between two tags of their own. */
function writtenCall({ name, argumentsText }: ChatToolCall): string {
  const call = `{"name": ${JSON.stringify(name)}, "arguments": ${argumentsText}}`;
  return `<tool_call>\n${call}\n</tool_call>`;
}

const contentFaults: readonly WireFault[] = [
  {
    name: "empty_stop",
    group: "answer",
    summary: "neither text nor calls, and a plain stop",
    answer: () => EMPTY,
  },
  {
    name: "whitespace_only",
    group: "answer",
    summary: "nothing but white space, and a plain stop",
    answer: () => textOnly(" \n\n "),
  },
  {
    name: "reasoning_only",
    group: "answer",
    summary: "reasoning and a plain stop: neither text nor calls",
    answer: (answer) => textOnly(opening(answer)),
    ...reasoningObjects,
  },
  {
    name: "refusal",
    group: "answer",
    summary: "the model refuses, in the dialect's own member or stop reason",
    dialects: ["openai-chat", "openai-responses", "anthropic"],
    answer: () => textOnly(REFUSAL),
    ...refusalObjects,
  },
  {
    name: "refusal_as_text",
    group: "answer",
    summary: "the model refuses in plain words that only look like an answer",
    answer: () => textOnly(REFUSAL),
  },
  {
    name: "content_filter",
    group: "answer",
    summary: "a filter cut the answer off, and the finish reason says so",
    dialects: ["openai-chat", "openai-responses", "gemini"],
    answer: () => ({ kind: "answer", finishReason: "content_filter" }),
  },
  {
    name: "content_filter_error",
    group: "answer",
    summary: "400 from a content filter, as Azure and Anthropic send it",
    dialects: ["openai-chat", "anthropic"],
    reply: (context) =>
      errorReply(context, {
        status: 400,
        message: "Output blocked by content filtering policy",
        openai: { type: "invalid_request_error", code: "content_filter" },
        anthropic: "invalid_request_error",
        gemini: "INVALID_ARGUMENT",
      }),
  },
  {
    name: "pause",
    group: "answer",
    summary: "Anthropic's pause_turn: the turn is not over, send it back to go on",
    dialects: ["anthropic"],
    answer: (answer) => textOnly(opening(answer)),
    ...finishAs(() => "pause_turn"),
  },
  {
    name: "prose_for_call",
    group: "answer",
    summary: "the model says what it is going to call in place of the call",
    needs: "call",
    answer: (answer) => textOnly(`I will now call ${answer.toolCalls?.[0]?.name ?? "a tool"}.`),
  },
  {
    name: "call_as_text",
    group: "answer",
    summary: "the call is written in the text, as models do whose template went wrong",
    needs: "call",
    answer: (answer) => textOnly((answer.toolCalls ?? []).map(writtenCall).join("\n")),
  },
  {
    name: "call_and_prose",
    group: "answer",
    summary: "text before the calls, in the same answer",
    needs: "call",
    answer: (answer) => ({ ...answer, text: opening(answer) }),
  },
];

/** Gemini's reasons to stop without an answer; ai.google.dev/api/generate-content. */
function geminiStop(name: string, reason: string, summary: string): WireFault {
  return {
    name,
    group: "answer",
    summary,
    dialects: ["gemini"],
    answer: () => EMPTY,
    ...finishAs(() => reason),
  };
}

const geminiStops: readonly WireFault[] = [
  geminiStop(
    "malformed_function_call",
    "MALFORMED_FUNCTION_CALL",
    "the model's call could not be read: a finish reason and nothing else",
  ),
  geminiStop(
    "unexpected_tool_call",
    "UNEXPECTED_TOOL_CALL",
    "the model called a tool that was not offered: a finish reason and nothing else",
  ),
  geminiStop(
    "too_many_tool_calls",
    "TOO_MANY_TOOL_CALLS",
    "too many calls in a row: a finish reason and nothing else",
  ),
  geminiStop("recitation", "RECITATION", "the answer would have quoted a source too closely"),
];

export const answerFaults: readonly WireFault[] = [
  ...usageFaults,
  ...finishFaults,
  ...contentFaults,
  ...choiceFaults,
  ...geminiStops,
];
