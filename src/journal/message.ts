/**
 * What the model is shown and what it says, as plain JSON. The shapes are those of the AI SDK's
 * language model prompt (`LanguageModelV2Message` to `V4`), so a message goes to a provider as it
 * stands. A message is immutable: whoever derives something from it may cache by identity.
 */
import type { Json, JsonObject } from "../std/json.ts";

export interface TextPart {
  readonly type: "text";
  readonly text: string;
  readonly providerOptions?: JsonObject;
}

export interface ReasoningPart {
  readonly type: "reasoning";
  readonly text: string;
  /** Carries the provider's signature; it must travel back unchanged. */
  readonly providerOptions?: JsonObject;
}

export interface ToolCallPart {
  readonly type: "tool-call";
  /** The id in this conversation: the provider's when usable, else ours. Unique in the run. */
  readonly toolCallId: string;
  readonly toolName: string;
  readonly input: Json;
  /** Set when the provider ran the tool itself; the harness never dispatches such a call. */
  readonly providerExecuted?: boolean;
  readonly providerOptions?: JsonObject;
}

export type ToolOutput =
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "json"; readonly value: Json }
  | { readonly type: "error-text"; readonly value: string };

export interface ToolResultPart {
  readonly type: "tool-result";
  readonly toolCallId: string;
  readonly toolName: string;
  readonly output: ToolOutput;
  readonly providerOptions?: JsonObject;
}

export type AssistantPart = TextPart | ReasoningPart | ToolCallPart | ToolResultPart;

export interface UserMessage {
  readonly role: "user";
  readonly content: readonly TextPart[];
}

export interface AssistantMessage {
  readonly role: "assistant";
  readonly content: readonly AssistantPart[];
}

export interface ToolMessage {
  readonly role: "tool";
  readonly content: readonly ToolResultPart[];
}

/** A message of a run's history. The system prompt is assembled per turn and is not one. */
export type Message = UserMessage | AssistantMessage | ToolMessage;

export function userMessage(text: string): UserMessage {
  return { role: "user", content: [{ type: "text", text }] };
}

/** The plain text of a message's text parts, joined. */
export function messageText(message: Message): string {
  let text = "";
  for (const part of message.content) if (part.type === "text") text += part.text;
  return text;
}
