/** Answers as Google writes them. A stream is made of the same bodies, each with a piece. */
import type { Json, JsonObject } from "../../std/json.ts";
import type { ChatAnswer, ChatToolCall, FinishReason } from "../chat.ts";
import type { Frame } from "../exchange.ts";
import { answerId } from "./answer-id.ts";
import { pieces } from "./answer-pieces.ts";
import { argumentsValue } from "./arguments-value.ts";
import type { AnswerFrame } from "./dialect.ts";
import { usageOf } from "./usage.ts";

const FINISH_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: "STOP",
  tool_calls: "STOP",
  length: "MAX_TOKENS",
  content_filter: "SAFETY",
};

/** An answer in one piece. */
export function contentBody(answer: ChatAnswer, frame: AnswerFrame): JsonObject {
  const text = answer.text ?? "";
  const spoken: Json[] = text === "" ? [] : [{ text }];
  const parts = [...spoken, ...(answer.toolCalls ?? []).map(callPart)];
  return {
    candidates: [
      // Google leaves the parts out where there are none.
      {
        content: { ...(parts.length === 0 ? {} : { parts }), role: "model" },
        finishReason: FINISH_REASONS[answer.finishReason],
        index: 0,
      },
    ],
    usageMetadata: wholeUsage(answer, frame),
    ...closing(frame),
  };
}

/** The events of a stream. A call comes whole; the last event brings finish and usage together. */
export function contentFrames(answer: ChatAnswer, frame: AnswerFrame): readonly Frame[] {
  const { promptTokens } = usageOf(answer, frame.request);
  const soFar = { promptTokenCount: promptTokens, totalTokenCount: promptTokens };
  const bring = (kind: "text" | "arguments", part: Json): Frame => ({
    kind,
    data: {
      candidates: [{ content: { parts: [part], role: "model" }, index: 0 }],
      usageMetadata: soFar,
      ...closing(frame),
    },
  });
  const last = {
    content: { parts: [{ text: "" }], role: "model" },
    finishReason: FINISH_REASONS[answer.finishReason],
    index: 0,
  };
  return [
    ...pieces(answer.text ?? "").map((text) => bring("text", { text })),
    ...(answer.toolCalls ?? []).map((call) => bring("arguments", callPart(call))),
    {
      kind: "finish",
      data: { candidates: [last], usageMetadata: wholeUsage(answer, frame), ...closing(frame) },
    },
  ];
}

function callPart({ id, name, argumentsText }: ChatToolCall): Json {
  return { functionCall: { id, name, args: argumentsValue(argumentsText) } };
}

function wholeUsage(answer: ChatAnswer, frame: AnswerFrame): Json {
  const { promptTokens, completionTokens } = usageOf(answer, frame.request);
  return {
    promptTokenCount: promptTokens,
    candidatesTokenCount: completionTokens,
    totalTokenCount: promptTokens + completionTokens,
  };
}

function closing(frame: AnswerFrame): JsonObject {
  return { modelVersion: `simulated/${frame.modelName}`, responseId: answerId("", frame) };
}
