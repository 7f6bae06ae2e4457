/**
 * Collects a streamed answer into the form `doGenerate` returns.
 *
 * T1 An answer exists only when the stream said why it finished: an end without that, or an error
 *    part, is a fault, whatever arrived before (a tool call of an unfinished stream never runs).
 * T2 Nothing is waited for without a limit: the first byte, each next one, the whole.
 * T3 What arrives is bounded; so is what is kept of a stream that broke.
 * T4 Whoever stops waiting cancels the stream, which closes the connection.
 */
import type { LanguageModelV4Content, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { untilAborted } from "../std/deadline.ts";
import type { Stop } from "../std/stop.ts";
import type { RawAnswer } from "./answer.ts";
import type { Delta } from "./model.ts";
import type { Watchdog } from "./watchdog.ts";

/** The most characters of text, reasoning and arguments one answer may stream. */
export const STREAM_CHARS_MAX: number = 16 * 1024 * 1024;

/** The most parts: a provider that repeats empty pieces for ever is stopped. */
const STREAM_PARTS_MAX = 2_000_000;

/** Characters kept of a stream, in case it breaks. */
export const ARRIVED_CHARS_MAX: number = 16 * 1024;

/** What of an answer had arrived when its stream broke. */
export interface Arrived {
  readonly text: string;
  readonly chars: number;
  /** Calls that had begun. None of them runs. */
  readonly calls: number;
}

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
  text: string;
  chars: number;
  parts: number;
  readonly calls: Set<string>;
  finish: { readonly finishReason: unknown; readonly usage: unknown } | null;
  response: { id?: string; modelId?: string };
}

export interface Collecting {
  readonly onDelta: (delta: Delta) => void;
  readonly stop: Stop;
  /** Told of every part that arrives. */
  readonly watchdog: Watchdog;
}

/** Follows one stream; what had arrived can be asked for when following it fails. */
export class StreamCollector {
  readonly #collected: Collected = {
    content: [],
    open: new Map(),
    text: "",
    chars: 0,
    parts: 0,
    calls: new Set(),
    finish: null,
    response: {},
  };

  get arrived(): Arrived {
    const { text, chars, calls } = this.#collected;
    return { text, chars, calls: calls.size };
  }

  async collect(
    stream: ReadableStream<LanguageModelV4StreamPart>,
    { onDelta, stop, watchdog }: Collecting,
  ): Promise<RawAnswer> {
    const collected = this.#collected;
    const reader = stream.getReader();
    try {
      for (;;) {
        const { done, value } = await untilAborted(reader.read(), stop);
        if (done) break;
        // The client says this before anything has arrived.
        if (value.type !== "stream-start") watchdog.fed();
        take(collected, value, onDelta);
        collected.parts += 1;
        checkSize(collected);
      }
    } catch (thrown) {
      // Nobody waits for this: a source that cannot be cancelled is left to itself.
      reader.cancel(thrown).catch(() => undefined);
      throw thrown;
    }
    return wholeOf(collected);
  }
}

function checkSize({ chars, parts }: Collected): void {
  if (chars <= STREAM_CHARS_MAX && parts <= STREAM_PARTS_MAX) return;
  const what = chars > STREAM_CHARS_MAX ? `${STREAM_CHARS_MAX} characters` : `${parts} parts`;
  throw new Error(`the answer exceeded ${what}`);
}

function wholeOf(collected: Collected): RawAnswer {
  const { finish, content, response } = collected;
  if (finish === null || isInterrupted(finish.finishReason)) {
    throw Object.assign(new Error("the stream ended before the answer did"), {
      name: "StreamBroken",
    });
  }
  // A provider may forget to end a part; the answer is whole all the same.
  for (const piece of collected.open.values()) close(collected, piece);
  return { content: content.filter((part) => part !== null), response, ...finish };
}

/**
 * How the AI SDK's clients finish a stream that never said why it ended: `interrupted`, in older
 * versions `other` or `unknown`, each without the provider's own word.
 */
function isInterrupted(reason: unknown): boolean {
  if (reason === "unknown") return true;
  if (typeof reason !== "object" || reason === null || !("unified" in reason)) return false;
  const { unified } = reason;
  const raw = "raw" in reason ? reason.raw : undefined;
  return unified === "interrupted" || (raw === undefined && unified === "other");
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
      if (piece.type === "text" && into.text.length < ARRIVED_CHARS_MAX) {
        into.text += part.delta.slice(0, ARRIVED_CHARS_MAX - into.text.length);
      }
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
      if (part.type !== "tool-call") return;
      into.chars += part.input.length;
      into.calls.add(part.toolCallId);
      return;
    case "tool-input-start":
      into.calls.add(part.id);
      return;
    case "response-metadata":
      if (part.id !== undefined) into.response.id = part.id;
      if (part.modelId !== undefined) into.response.modelId = part.modelId;
      return;
    case "finish":
      into.finish = { finishReason: part.finishReason, usage: part.usage };
      return;
    case "error":
      throw new StreamError(part.error);
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
    case "tool-input-delta":
    case "tool-input-end":
    default:
      return;
  }
}

/** An error that the provider sent within its stream, as it sent it. */
export class StreamError extends Error {
  constructor(cause: unknown) {
    super("the provider reported an error within its stream", { cause });
    this.name = "StreamError";
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
