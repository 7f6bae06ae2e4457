/** Answers as Anthropic writes them: a message, or the events that build one. */
import type { Json, JsonObject } from "../../std/json.ts";
import type { ChatAnswer, FinishReason } from "../chat.ts";
import type { Frame, FrameKind } from "../exchange.ts";
import { answerId } from "./answer-id.ts";
import { pieces } from "./answer-pieces.ts";
import { argumentsValue } from "./arguments-value.ts";
import type { AnswerFrame } from "./dialect.ts";
import { usageOf } from "./usage.ts";

const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  tool_calls: "tool_use",
  length: "max_tokens",
  content_filter: "refusal",
};

/** A message in one piece. */
export function messageBody(answer: ChatAnswer, frame: AnswerFrame): JsonObject {
  const text = answer.text ?? "";
  const content: Json[] = text === "" ? [] : [{ type: "text", text }];
  for (const { id, name, argumentsText } of answer.toolCalls ?? []) {
    content.push({ type: "tool_use", id, name, input: argumentsValue(argumentsText) });
  }
  const { completionTokens } = usageOf(answer, frame.request);
  return {
    ...opening(answer, frame, completionTokens),
    content,
    stop_reason: STOP_REASONS[answer.finishReason],
  };
}

/** The events of a streamed message. The usage comes in two of them: input first, output last. */
export function messageFrames(answer: ChatAnswer, frame: AnswerFrame): readonly Frame[] {
  const { completionTokens } = usageOf(answer, frame.request);
  const text = answer.text ?? "";
  const blocks = text === "" ? [] : [textBlock(text)];
  blocks.push(...(answer.toolCalls ?? []).map(callBlock));
  const frames = [event("role", "message_start", { message: opening(answer, frame, 0) })];
  for (const [index, block] of blocks.entries()) {
    const { kind, content, deltas } = block;
    // A block of text opens without any.
    const startKind = kind === "text" ? "role" : kind;
    frames.push(event(startKind, "content_block_start", { index, content_block: content }));
    if (index === 0) frames.push(event("ping", "ping", {}));
    for (const delta of deltas) {
      const deltaKind = kind === "text" ? "text" : "arguments";
      frames.push(event(deltaKind, "content_block_delta", { index, delta }));
    }
    frames.push(event("part_end", "content_block_stop", { index }));
  }
  frames.push(
    event("finish", "message_delta", {
      delta: { stop_reason: STOP_REASONS[answer.finishReason], stop_sequence: null },
      usage: { output_tokens: completionTokens },
    }),
    event("done", "message_stop", {}),
  );
  return frames;
}

interface Block {
  readonly kind: "text" | "tool_name";
  /** As the block starts: empty. */
  readonly content: Json;
  readonly deltas: readonly Json[];
}

function textBlock(text: string): Block {
  return {
    kind: "text",
    content: { type: "text", text: "" },
    deltas: pieces(text).map((piece) => ({ type: "text_delta", text: piece })),
  };
}

function callBlock(call: NonNullable<ChatAnswer["toolCalls"]>[number]): Block {
  return {
    kind: "tool_name",
    content: { type: "tool_use", id: call.id, name: call.name, input: {} },
    deltas: pieces(call.argumentsText).map((piece) => ({
      type: "input_json_delta",
      partial_json: piece,
    })),
  };
}

function event(kind: FrameKind, type: string, members: JsonObject): Frame {
  return { kind, event: type, data: { type, ...members } };
}

function opening(answer: ChatAnswer, frame: AnswerFrame, outputTokens: number): JsonObject {
  return {
    id: answerId("msg_", frame),
    type: "message",
    role: "assistant",
    model: `simulated/${frame.modelName}`,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: usageOf(answer, frame.request).promptTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: outputTokens,
    },
  };
}
