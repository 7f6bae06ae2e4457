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
  | "arguments"
  /** Closes a block or a call, where a dialect says so. */
  | "part_end"
  | "finish"
  | "usage"
  /** OpenAI's `[DONE]`, Anthropic's `message_stop`, Responses' `response.completed`. */
  | "done";

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

/** What happens on the socket, in order. */
export type Step =
  /** Status line and headers. */
  | {
      readonly kind: "head";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "wait"; readonly ms: number }
  /** Nothing more comes, and the connection stays open until the client leaves. */
  | { readonly kind: "hang" }
  /** TCP reset. */
  | { readonly kind: "reset" }
  /** The response ends in order. */
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
  /** In place of asking the model: an error response. */
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
