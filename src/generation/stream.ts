/**
 * Collects a streamed answer into the form `doGenerate` returns.
 *
 * An answer exists only when the stream said `finish`: an end without it, or an error part, is a
 * fault, whatever arrived before (a tool call of an unfinished stream must never run).
 */
import type { LanguageModelV4Content, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { RawAnswer } from "./answer.ts";
import type { Delta } from "./model.ts";

/** The most characters of text, reasoning and arguments one answer may stream. */
export const STREAM_CHARS_MAX: number = 16 * 1024 * 1024;

interface Collected {
  readonly content: LanguageModelV4Content[];
  readonly open: Map<string, { text: string; metadata: unknown }>;
  chars: number;
  finish: { readonly finishReason: unknown; readonly usage: unknown } | null;
  response: { id?: string; modelId?: string };
}

export async function collectStream(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  onDelta: (delta: Delta) => void,
): Promise<RawAnswer> {
  const collected: Collected = {
    content: [],
    open: new Map(),
    chars: 0,
    finish: null,
    response: {},
  };
  for await (const part of stream) {
    take(collected, part, onDelta);
    if (collected.chars > STREAM_CHARS_MAX) {
      throw new Error(`the answer exceeded ${STREAM_CHARS_MAX} characters`);
    }
  }
  const { finish, content, response } = collected;
  if (finish === null) {
    throw Object.assign(new Error("the stream ended before the answer did"), { isRetryable: true });
  }
  return { content, response, ...finish };
}

function take(
  into: Collected,
  part: LanguageModelV4StreamPart,
  onDelta: (delta: Delta) => void,
): void {
  switch (part.type) {
    case "text-start":
    case "reasoning-start":
      into.open.set(`${part.type}${part.id}`, { text: "", metadata: part.providerMetadata });
      return;
    case "text-delta":
    case "reasoning-delta": {
      const kind = part.type === "text-delta" ? "text" : "reasoning";
      const piece = into.open.get(`${kind}-start${part.id}`);
      if (piece !== undefined) piece.text += part.delta;
      into.chars += part.delta.length;
      onDelta({ kind, text: part.delta });
      return;
    }
    case "text-end":
    case "reasoning-end":
      close(into, part);
      return;
    case "tool-call":
    case "tool-result":
      into.content.push(part);
      into.chars += part.type === "tool-call" ? part.input.length : 0;
      return;
    case "response-metadata":
      if (part.id !== undefined) into.response.id = part.id;
      if (part.modelId !== undefined) into.response.modelId = part.modelId;
      return;
    case "finish":
      into.finish = { finishReason: part.finishReason, usage: part.usage };
      return;
    case "error":
      throw part.error instanceof Error ? part.error : new Error(JSON.stringify(part.error));
    case "custom":
    case "file":
    case "ping":
    case "raw":
    case "reasoning-file":
    case "source":
    case "stream-start":
    case "tool-approval-request":
    case "tool-input-start":
    case "tool-input-delta":
    case "tool-input-end":
    default:
      return;
  }
}

function close(
  into: Collected,
  part: Extract<LanguageModelV4StreamPart, { type: "text-end" | "reasoning-end" }>,
): void {
  const type = part.type === "text-end" ? "text" : "reasoning";
  const key = `${type}-start${part.id}`;
  const piece = into.open.get(key);
  if (piece === undefined) return;
  into.open.delete(key);
  const metadata = part.providerMetadata ?? piece.metadata;
  const content = { type, text: piece.text, ...(metadata ? { providerMetadata: metadata } : {}) };
  // Rebuilt from the stream's own pieces, so it has the shape doGenerate would have returned.
  into.content.push(content as LanguageModelV4Content);
}
