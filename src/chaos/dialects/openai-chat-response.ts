/**
 * Answers as OpenAI's chat writes them: one JSON body, or a list of server-sent events. Every byte
 * follows from the conversation.
 */
import type { Json, JsonObject } from "../../std/json.ts";
import type { ChatAnswer, ChatRequest } from "../chat.ts";
import type { Frame, FrameKind } from "../exchange.ts";
import { answerId } from "./answer-id.ts";
import { pieces } from "./answer-pieces.ts";
import type { AnswerFrame } from "./dialect.ts";
import { usageOf } from "./usage.ts";

/** The body of a response that is not streamed. */
export function completionBody(answer: ChatAnswer, frame: AnswerFrame): JsonObject {
  const calls = answer.toolCalls ?? [];
  return {
    ...opening(frame, "chat.completion"),
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: answer.text ?? null,
          ...(calls.length === 0 ? {} : { tool_calls: calls.map(wireCall) }),
        },
        finish_reason: answer.finishReason,
      },
    ],
    usage: wireUsage(answer, frame.request),
  };
}

/** The response as server-sent events; the last is `[DONE]`. */
export function completionFrames(answer: ChatAnswer, frame: AnswerFrame): readonly Frame[] {
  const head = opening(frame, "chat.completion.chunk");
  const chunk = (kind: FrameKind, delta: Json, finishReason: string | null = null): Frame => ({
    kind,
    data: { ...head, choices: [{ index: 0, delta, finish_reason: finishReason }] },
  });
  const frames = [chunk("role", { role: "assistant", content: "" })];
  for (const content of pieces(answer.text ?? "")) frames.push(chunk("text", { content }));
  for (const [index, call] of (answer.toolCalls ?? []).entries()) {
    const { id, type, function: called } = wireCall({ ...call, argumentsText: "" });
    frames.push(chunk("tool_name", { tool_calls: [{ index, id, type, function: called }] }));
    for (const part of pieces(call.argumentsText)) {
      const delta = { tool_calls: [{ index, function: { arguments: part } }] };
      frames.push(chunk("arguments", delta));
    }
  }
  frames.push(chunk("finish", {}, answer.finishReason));
  if (frame.request.includeUsage) {
    const usage = wireUsage(answer, frame.request);
    frames.push({ kind: "usage", data: { ...head, choices: [], usage } });
  }
  frames.push({ kind: "done", data: "[DONE]" });
  return frames;
}

function opening(frame: AnswerFrame, object: string): JsonObject {
  return {
    id: answerId("chatcmpl-", frame),
    object,
    // A simulated answer has no time of its own: the same conversation gets the same bytes.
    created: 0,
    model: `simulated/${frame.modelName}`,
  };
}

function wireCall(call: { readonly id: string; readonly name: string; argumentsText: string }): {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
} {
  return {
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.argumentsText },
  };
}

function wireUsage(answer: ChatAnswer, request: ChatRequest): Json {
  const usage = usageOf(answer, request);
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}
