/** Answers as OpenAI's Responses write them: a response, or the numbered events that build one. */
import { sha256 } from "../../std/hash.ts";
import type { Json, JsonObject } from "../../std/json.ts";
import type { ChatAnswer, ChatMessage, ChatToolCall, FinishReason } from "../chat.ts";
import type { Frame, FrameKind } from "../exchange.ts";
import { pieces } from "./answer-pieces.ts";
import type { AnswerFrame } from "./dialect.ts";
import type { StoredResponse } from "./response-memory.ts";
import { usageOf } from "./usage.ts";

/** What makes a response incomplete; other finish reasons complete it. */
const INCOMPLETE_REASONS: Readonly<Partial<Record<FinishReason, string>>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
};

/** One item of a response's output. */
type OutputItem = TextItem | CallItem;

interface TextItem {
  readonly kind: "text";
  readonly id: string;
  readonly text: string;
  readonly status: ItemStatus;
}

interface CallItem {
  readonly kind: "call";
  readonly id: string;
  readonly call: ChatToolCall;
  readonly status: ItemStatus;
}

type ItemStatus = "completed" | "incomplete";

/** A response in one piece. */
export function responseBody(answer: ChatAnswer, frame: AnswerFrame): JsonObject {
  return wholeResponse(answer, frame, keyOf(frame));
}

/** The events of a streamed response; the last one brings all of it. There is no `[DONE]`. */
export function responseFrames(answer: ChatAnswer, frame: AnswerFrame): readonly Frame[] {
  const key = keyOf(frame);
  const response = wholeResponse(answer, frame, key);
  const begun = { status: "in_progress", incomplete_details: null, output: [], usage: null };
  const frames: Frame[] = [];
  const add: AddEvent = (kind, type, members) => {
    const data = { type, sequence_number: frames.length, ...members };
    frames.push({ kind, event: type, data });
  };
  add("role", "response.created", { response: { ...response, ...begun } });
  add("role", "response.in_progress", { response: { ...response, ...begun } });
  for (const [index, item] of outputOf(answer, key).entries()) {
    if (item.kind === "text") addText(add, index, item);
    else addCall(add, index, item);
  }
  add("done", `response.${statusOf(answer)}`, { response });
  return frames;
}

/** What is remembered, when the client lets the provider store it. */
export function storedResponse(answer: ChatAnswer, frame: AnswerFrame): StoredResponse {
  const key = keyOf(frame);
  const { messages } = frame.request;
  const { text = "", toolCalls = [] } = answer;
  const said: ChatMessage = { role: "assistant", text, toolCalls };
  // A later response does not take over the instructions of the one it goes on from.
  const hasInstructions = typeof frame.body["instructions"] === "string";
  return {
    id: `resp_${key}`,
    messages: [...messages.slice(hasInstructions ? 1 : 0), said],
    items: new Map(outputOf(answer, key).map((item) => [item.id, wireItem(item)])),
  };
}

type AddEvent = (kind: FrameKind, type: string, members: JsonObject) => void;

function addText(add: AddEvent, index: number, item: TextItem): void {
  const { text } = item;
  const at = { item_id: item.id, output_index: index, content_index: 0 };
  const begun = { ...wireItem(item), status: "in_progress", content: [] };
  add("role", "response.output_item.added", { output_index: index, item: begun });
  add("role", "response.content_part.added", { ...at, part: outputText("") });
  for (const delta of pieces(text)) {
    add("text", "response.output_text.delta", { ...at, delta, logprobs: [] });
  }
  add("part_end", "response.output_text.done", { ...at, text, logprobs: [] });
  add("part_end", "response.content_part.done", { ...at, part: outputText(text) });
  add("part_end", "response.output_item.done", { output_index: index, item: wireItem(item) });
}

function addCall(add: AddEvent, index: number, item: CallItem): void {
  const done = wireItem(item);
  const { name, argumentsText } = item.call;
  const at = { item_id: item.id, output_index: index };
  const begun = { ...done, status: "in_progress", arguments: "" };
  add("tool_name", "response.output_item.added", { output_index: index, item: begun });
  for (const delta of pieces(argumentsText)) {
    add("arguments", "response.function_call_arguments.delta", { ...at, delta });
  }
  const whole = { ...at, name, arguments: argumentsText };
  add("part_end", "response.function_call_arguments.done", whole);
  add("part_end", "response.output_item.done", { output_index: index, item: done });
}

function wholeResponse(answer: ChatAnswer, frame: AnswerFrame, key: string): JsonObject {
  const { promptTokens, completionTokens } = usageOf(answer, frame.request);
  const reason = INCOMPLETE_REASONS[answer.finishReason];
  const { store = true, previous_response_id: previousId = null } = frame.body;
  return {
    id: `resp_${key}`,
    object: "response",
    // A simulated answer has no time of its own: the same conversation gets the same bytes.
    created_at: 0,
    status: statusOf(answer),
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: `simulated/${frame.modelName}`,
    output: outputOf(answer, key).map(wireItem),
    parallel_tool_calls: true,
    previous_response_id: previousId,
    store,
    temperature: 1,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    truncation: "disabled",
    usage: {
      input_tokens: promptTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: completionTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: promptTokens + completionTokens,
    },
  };
}

/** The text first, then the calls. What an incomplete response broke off in is its last item. */
function outputOf(answer: ChatAnswer, key: string): readonly OutputItem[] {
  const { text = "", toolCalls = [] } = answer;
  const said = text === "" ? toolCalls : [text, ...toolCalls];
  return said.map((said, index, all) => {
    const status = index === all.length - 1 ? statusOf(answer) : "completed";
    return typeof said === "string"
      ? { kind: "text", id: `msg_${key}`, text: said, status }
      : { kind: "call", id: `fc_${key}_${index}`, call: said, status };
  });
}

function wireItem(item: OutputItem): JsonObject {
  const { id, status } = item;
  if (item.kind === "text") {
    return { id, type: "message", status, role: "assistant", content: [outputText(item.text)] };
  }
  const { id: callId, name, argumentsText } = item.call;
  return { id, type: "function_call", status, call_id: callId, name, arguments: argumentsText };
}

function outputText(text: string): Json {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function statusOf(answer: ChatAnswer): ItemStatus {
  return INCOMPLETE_REASONS[answer.finishReason] === undefined ? "completed" : "incomplete";
}

/** Ids are referred to later, so they follow from all of the conversation, not from its length. */
function keyOf({ runKey, request }: AnswerFrame): string {
  return sha256(JSON.stringify([runKey, request.messages])).slice(0, 32);
}
