/**
 * One request and its response as the stages of a faulty wire see them. The response comes about
 * in stages, and a fault acts on one or several of them, so that faults compose:
 *
 *   answer (what the model says) → body or frames (a dialect's JSON) → steps (bytes and waits)
 *
 * X1 Every stage is pure but for its seeded random numbers: the same exchange gets the same bytes.
 */
import type { Json, JsonObject } from "../std/json.ts";
import type { Random } from "../std/random.ts";
import type { ChatAnswer, ChatRequest } from "./chat.ts";

/** The wire formats that are served, by the API they copy. */
export const dialects = ["openai-chat", "openai-responses", "anthropic", "gemini"] as const;
export type Dialect = (typeof dialects)[number];

/** Which part of an answer a frame brings; a stream is cut at these. */
export type FrameKind =
  | "role"
  | "text"
  | "reasoning"
  /** Opens a tool call: its id and name. */
  | "tool_name"
  /** Part of a call's arguments; Gemini brings name and arguments whole, in one such frame. */
  | "arguments"
  /** Closes a block or a call, where a dialect says so. */
  | "part_end"
  | "finish"
  | "usage"
  /**
   * OpenAI's `[DONE]`, Anthropic's `message_stop`, Responses' `response.completed` (which is the
   * finish and the usage as well). Gemini has none: its finish is the last.
   */
  | "done"
  /** Anthropic's sign of life, which says nothing. */
  | "ping";

/** One server-sent event. */
export interface Frame {
  readonly kind: FrameKind | "fault";
  /** The `event:` line, for dialects that write one. */
  readonly event?: string;
  /** A string goes out as it is, anything else as JSON. */
  readonly data: Json;
}

/** The response before it becomes bytes. */
export type Planned =
  | {
      readonly kind: "body";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** A string goes out as it is, anything else as JSON. */
      readonly body: Json;
    }
  | {
      readonly kind: "stream";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly frames: readonly Frame[];
    };

/** What happens on the socket, in order. After the last step the response ends, if it is open. */
export type Step =
  /** Status line and headers. */
  | {
      readonly kind: "head";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** Before the head: onto the bare socket. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "wait"; readonly ms: number }
  /** Nothing more comes, and the connection stays open until the client leaves. */
  | { readonly kind: "hang" }
  /** TCP reset. */
  | { readonly kind: "reset" }
  /** The response ends in order. Before the head: the connection closes without a word. */
  | { readonly kind: "end" };

/** What a fault knows of the exchange it acts on. */
export interface FaultContext {
  readonly dialect: Dialect;
  readonly request: ChatRequest;
  /** Which decision of the conversation is asked for: its assistant messages so far. */
  readonly decision: number;
  /** How often this decision was asked for before. */
  readonly repeat: number;
  /** Seeded by the plan's seed, the run key, the decision and the repeat. */
  readonly random: Random;
  /** What stands behind a colon in a fault's name: `slow:2000` has "2000". */
  readonly argument: string | undefined;
  /**
   * Set when a client came before the time that this fault named: how long it has to wait yet.
   * The reply is then given again, with this time in its headers.
   */
  readonly leftMs: number | undefined;
}

export type FaultGroup =
  | "http"
  | "connection"
  | "stream"
  | "in_band"
  | "encoding"
  | "answer"
  | "call"
  | "overflow"
  | "model";

/** One way in which a wire fails. Each member acts on one stage; several may be given. */
export interface WireFault {
  /** Lower case with underscores; stable, because scripts and reports name it. */
  readonly name: string;
  readonly group: FaultGroup;
  /** One line, with the source of the shape where it copies a real one. */
  readonly summary: string;
  /** Absent: all of them. */
  readonly dialects?: readonly Dialect[];
  /** Absent: streamed and whole answers. */
  readonly only?: "stream" | "whole";
  /** Needs an answer of this form to show: else the fault is not drawn. */
  readonly needs?: "text" | "call";
  /** Absent when the fault takes none. What `slow:2000` may say, for the help. */
  readonly argument?: string;
  /** The largest number it may say; a billion when left out. */
  readonly argumentMax?: number;
  /** In place of asking the model: an error response. Of several faults the first replies. */
  reply?(context: FaultContext): Planned;
  /** Nobody gets in before so many milliseconds have passed: the server says no until then. */
  blocksForMs?(context: FaultContext): number;
  answer?(answer: ChatAnswer, context: FaultContext): ChatAnswer;
  /** On whole answers: the dialect's JSON. */
  body?(body: JsonObject, context: FaultContext): Json;
  frames?(frames: readonly Frame[], context: FaultContext): readonly Frame[];
  steps?(steps: readonly Step[], context: FaultContext): readonly Step[];
}

/** Which faults one request meets. */
export interface FaultPlan {
  next(exchange: {
    readonly runKey: string;
    readonly dialect: Dialect;
    readonly request: ChatRequest;
    readonly decision: number;
    readonly repeat: number;
  }): readonly PlannedFault[];
}

export interface PlannedFault {
  readonly fault: WireFault;
  readonly argument: string | undefined;
  readonly random: Random;
}

/** Holds a run's requests back until the time that a fault named has passed. */
export interface RateGate {
  /** The fault that keeps this run out and for how long yet; undefined when it may come in. */
  closedFor(
    runKey: string,
  ): { readonly planned: PlannedFault; readonly leftMs: number } | undefined;
  /** Nobody with this key comes in for `ms` from now. */
  close(runKey: string, planned: PlannedFault, ms: number): void;
}

/** What became of one request, told when its connection is done with it. */
export interface ExchangeRecord {
  readonly runKey: string;
  readonly dialect: Dialect;
  readonly stream: boolean;
  /** Its assistant messages. Undefined for a body that could not be read. */
  readonly decision: number | undefined;
  /** How often this run asked for this decision before; refused and early requests not counted. */
  readonly repeat: number;
  /** The faults that showed, in order, with their arguments: `slow:2000`. */
  readonly faults: readonly string[];
  /** As it was sent; 0 when the connection ended before a head. */
  readonly status: number;
  /** SHA-256 of the body's canonical JSON: equal for a request that is sent again unchanged. */
  readonly requestHash: string;
  /** SHA-256 of the messages before the first answer: it tells conversations of one key apart. */
  readonly openingHash: string;
  /** When the request was read, and when the connection was done with it; epoch milliseconds. */
  readonly atMs: number;
  readonly endedAtMs: number;
  /** True when the client closed the connection before all of the response was sent. */
  readonly clientLeft: boolean;
  /** Set when the request came before the time that a fault had named: by how much. */
  readonly earlyByMs: number | undefined;
}
