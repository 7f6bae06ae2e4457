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

/** A text or reasoning part that is still arriving, and its place among the parts. */
interface Piece {
  readonly type: "text" | "reasoning";
  readonly index: number;
  text: string;
  metadata: unknown;
}

interface Collected {
  readonly content: (LanguageModelV4Content | null)[];
  readonly open: Map<string, Piece>;
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
  // A provider may forget to end a part; the answer is whole all the same.
  for (const piece of collected.open.values()) close(collected, piece);
  return { content: content.filter((part) => part !== null), response, ...finish };
}

function take(
  into: Collected,
  part: LanguageModelV4StreamPart,
  onDelta: (delta: Delta) => void,
): void {
  switch (part.type) {
    case "text-start":
    case "reasoning-start":
      begin(into, part);
      return;
    case "text-delta":
    case "reasoning-delta": {
      const piece = into.open.get(keyOf(part)) ?? begin(into, part);
      piece.text += part.delta;
      into.chars += part.delta.length;
      onDelta({ kind: piece.type, text: part.delta });
      return;
    }
    case "text-end":
    case "reasoning-end": {
      const piece = into.open.get(keyOf(part));
      if (piece === undefined) return;
      piece.metadata = part.providerMetadata ?? piece.metadata;
      into.open.delete(keyOf(part));
      close(into, piece);
      return;
    }
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
    case "source":
      // That there are any is all that is read of them.
      if (into.content.at(-1)?.type !== "source") into.content.push(part);
      return;
    case "custom":
    case "file":
    case "ping":
    case "raw":
    case "reasoning-file":
    case "stream-start":
    case "tool-approval-request":
    case "tool-input-start":
    case "tool-input-delta":
    case "tool-input-end":
    default:
      return;
  }
}

type PiecePart = Extract<
  LanguageModelV4StreamPart,
  { type: `${"text" | "reasoning"}-${"start" | "delta" | "end"}` }
>;

function typeOf(part: PiecePart): "text" | "reasoning" {
  return part.type.startsWith("text") ? "text" : "reasoning";
}

function keyOf(part: PiecePart): string {
  return `${typeOf(part)} ${part.id}`;
}

/** Parts keep the order in which they began, whichever ends first. */
function begin(into: Collected, part: PiecePart): Piece {
  const metadata = part.providerMetadata;
  const piece: Piece = { type: typeOf(part), index: into.content.length, text: "", metadata };
  into.content.push(null);
  into.open.set(keyOf(part), piece);
  return piece;
}

function close(into: Collected, piece: Piece): void {
  const { type, text, index, metadata } = piece;
  const content = { type, text, ...(metadata ? { providerMetadata: metadata } : {}) };
  // Rebuilt from the stream's own pieces, so it has the shape doGenerate would have returned.
  into.content[index] = content as LanguageModelV4Content;
}
