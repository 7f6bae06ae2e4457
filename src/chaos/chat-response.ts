/**
 * Answers as OpenAI writes them: one JSON body, or a list of server-sent events. Both are pure,
 * and every byte follows from the conversation, so that asking again gives the same response.
 */
import type { Json } from "../std/json.ts";
import { seedFrom } from "../std/random.ts";
import type { ChatAnswer, ChatRequest, ChatToolCall, ChatUsage } from "./chat.ts";

export interface AnswerFrame {
  readonly runKey: string;
  readonly modelName: string;
  readonly request: ChatRequest;
}

/** How many pieces one text, or one call's arguments, is streamed in. */
const PIECES_MAX = 4;

/** Tokens in a text, estimated as four characters each: no tokenizer is asked. */
function estimateTokens(characters: number): number {
  return Math.ceil(characters / 4);
}

/** The body of a response that is not streamed. */
export function completionBody(answer: ChatAnswer, frame: AnswerFrame): Json {
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

/** The response as server-sent events, each ending in its blank line; the last is `[DONE]`. */
export function completionEvents(answer: ChatAnswer, frame: AnswerFrame): readonly string[] {
  const head = opening(frame, "chat.completion.chunk");
  const event = (delta: Json, finishReason: string | null = null): string =>
    sse({ ...head, choices: [{ index: 0, delta, finish_reason: finishReason }] });
  const events = [event({ role: "assistant", content: "" })];
  for (const content of pieces(answer.text ?? "")) events.push(event({ content }));
  for (const [index, call] of (answer.toolCalls ?? []).entries()) {
    const { id, type, function: called } = wireCall({ ...call, argumentsText: "" });
    events.push(event({ tool_calls: [{ index, id, type, function: called }] }));
    for (const part of pieces(call.argumentsText)) {
      events.push(event({ tool_calls: [{ index, function: { arguments: part } }] }));
    }
  }
  events.push(event({}, answer.finishReason));
  if (frame.request.includeUsage) {
    events.push(sse({ ...head, choices: [], usage: wireUsage(answer, frame.request) }));
  }
  events.push("data: [DONE]\n\n");
  return events;
}

function opening(frame: AnswerFrame, object: string): { readonly [key: string]: Json } {
  const run = seedFrom(frame.runKey).toString(16).padStart(8, "0");
  return {
    id: `chatcmpl-simulated-${run}-${frame.request.messages.length}`,
    object,
    // A simulated answer has no time of its own: the same conversation gets the same bytes.
    created: 0,
    model: `simulated/${frame.modelName}`,
  };
}

function sse(data: Json): string {
  return `data: ${JSON.stringify(data)}\n\n`;
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
  const usage = answer.usage ?? estimateUsage(answer, request);
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}

function estimateUsage(answer: ChatAnswer, request: ChatRequest): ChatUsage {
  let prompt = request.tools.length === 0 ? 0 : JSON.stringify(request.tools).length;
  for (const message of request.messages) {
    prompt += message.text.length;
    if (message.role === "assistant") prompt += callCharacters(message.toolCalls);
  }
  const completion = (answer.text ?? "").length + callCharacters(answer.toolCalls ?? []);
  return { promptTokens: estimateTokens(prompt), completionTokens: estimateTokens(completion) };
}

function callCharacters(calls: readonly ChatToolCall[]): number {
  let characters = 0;
  for (const call of calls) characters += call.name.length + call.argumentsText.length;
  return characters;
}

/** Cuts a text in at most `PIECES_MAX` pieces, never inside a surrogate pair. */
function pieces(text: string): readonly string[] {
  const size = Math.max(8, Math.ceil(text.length / PIECES_MAX));
  const cut: string[] = [];
  let from = 0;
  while (from < text.length) {
    let to = Math.min(text.length, from + size);
    const last = text.charCodeAt(to - 1);
    if (to < text.length && last >= 0xd800 && last <= 0xdbff) to += 1;
    cut.push(text.slice(from, to));
    from = to;
  }
  return cut;
}
