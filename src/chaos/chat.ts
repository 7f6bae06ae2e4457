/**
 * The conversation as the models of this room see it, whatever dialect it came in: close to
 * OpenAI's Chat Completions, parsed once and stripped of what a model that only plays a script
 * never reads.
 */
import type { Json } from "../std/json.ts";

/** One tool call. `argumentsText` is as written: it need not be JSON. */
export interface ChatToolCall {
  readonly id: string;
  readonly name: string;
  readonly argumentsText: string;
}

export interface PromptMessage {
  readonly role: "system" | "developer" | "user";
  /** The text parts joined; images and files carry no text. */
  readonly text: string;
}

export interface AssistantMessage {
  readonly role: "assistant";
  readonly text: string;
  readonly toolCalls: readonly ChatToolCall[];
}

export interface ToolMessage {
  readonly role: "tool";
  /** The id of the call that this answers. */
  readonly callId: string;
  readonly text: string;
}

export type ChatMessage = PromptMessage | AssistantMessage | ToolMessage;

export interface ChatTool {
  readonly name: string;
  /** JSON Schema of the arguments, not checked here. */
  readonly parameters: Json;
}

export interface ChatRequest {
  /** What the client asked for; the answer names the simulated model instead. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ChatTool[];
  readonly stream: boolean;
  /** `stream_options.include_usage` of OpenAI's chat; the other dialects always tell the usage. */
  readonly includeUsage: boolean;
}

export type FinishReason = "stop" | "tool_calls" | "length" | "content_filter";

export interface ChatUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface ChatAnswer {
  readonly kind: "answer";
  readonly text?: string;
  readonly toolCalls?: readonly ChatToolCall[];
  readonly finishReason: FinishReason;
  /** Left out: the server estimates it, four characters to a token. */
  readonly usage?: ChatUsage;
}

/** What an error says, before a dialect gives it a shape. */
export interface ChatError {
  readonly message: string;
  readonly code: string;
  /** Which member of the request is wrong, in the dialect's notation: `messages[2].content`. */
  readonly param?: string;
}

interface FailedResponse {
  readonly kind: "failure";
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sent as it is written, whatever dialect the client speaks. */
export interface WrittenFailure extends FailedResponse {
  /** A string goes out as plain text (a proxy's HTML page, say), anything else as JSON. */
  readonly body: Json;
}

/** Sent in the error shape of the dialect that the client speaks. */
export interface NeutralFailure extends FailedResponse {
  readonly error: ChatError;
}

/** An HTTP error in place of an answer. */
export type ChatFailure = WrittenFailure | NeutralFailure;

export type ChatReply = ChatAnswer | ChatFailure;

export interface ChatErrorParts extends ChatError {
  readonly status: number;
}

/**
 * A failure that is marked as not worth retrying. Only OpenAI's and Anthropic's own clients read
 * the mark; others go by the status, so a refusal that must not loop is a 4xx.
 */
export function chatFailure(parts: ChatErrorParts): NeutralFailure {
  const { status, ...error } = parts;
  return { kind: "failure", status, error, headers: { "x-should-retry": "false" } };
}
