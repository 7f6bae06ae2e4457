/**
 * The conversation as the models of this room see it: OpenAI's Chat Completions wire format,
 * parsed once and stripped of what a model that only plays a script never reads.
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
  /** `stream_options.include_usage`: one more chunk, with the usage, before `[DONE]`. */
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

/** An HTTP error in place of an answer. */
export interface ChatFailure {
  readonly kind: "failure";
  readonly status: number;
  /** A string goes out as plain text (a proxy's HTML page, say), anything else as JSON. */
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

export type ChatReply = ChatAnswer | ChatFailure;

export interface ChatErrorParts {
  readonly status: number;
  readonly message: string;
  readonly code: string;
  /** Which member of the request is wrong, in OpenAI's notation: `messages[2].content`. */
  readonly param?: string;
}

/**
 * A failure in OpenAI's error shape, marked as not worth retrying. Only OpenAI's own clients read
 * the mark; others go by the status, so a refusal that must not loop is a 4xx.
 */
export function chatFailure(parts: ChatErrorParts): ChatFailure {
  return {
    kind: "failure",
    status: parts.status,
    body: {
      error: {
        message: parts.message,
        type: parts.status < 500 ? "invalid_request_error" : "server_error",
        param: parts.param ?? null,
        code: parts.code,
      },
    },
    headers: { "x-should-retry": "false" },
  };
}
