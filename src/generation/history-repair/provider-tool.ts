/**
 * A tool that a provider ran itself, told in words: only its maker takes the parts back, and what
 * was found with it is part of the conversation all the same.
 */
import type { ToolCallPart, ToolOutput, ToolResultPart } from "../../journal/message.ts";
import { isJsonObject, type Json } from "../../std/json.ts";

/** Ciphertext inside a result (Anthropic's web search has much of it) says nothing to others. */
const CIPHERTEXT = /^encrypted/i;

export function providerCallText({ toolName, input }: ToolCallPart): string {
  const asked = JSON.stringify(withoutCiphertext(input));
  return `\n[The tool ${toolName} was run by the model's provider with ${asked}]\n`;
}

export function providerResultText({ toolName, output }: ToolResultPart): string {
  const readable: ToolOutput =
    output.type === "json" ? { ...output, value: withoutCiphertext(output.value) } : output;
  const what = output.type === "error-text" ? "failed with" : "gave";
  return `\n[The tool ${toolName} ${what}: ${outputText(readable)}]\n`;
}

/** An output as a model reads it. */
export function outputText(output: ToolOutput): string {
  return output.type === "json" ? JSON.stringify(output.value) : output.value;
}

function withoutCiphertext(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutCiphertext);
  if (!isJsonObject(value)) return value;
  const readable: [string, Json][] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined && !CIPHERTEXT.test(key)) {
      readable.push([key, withoutCiphertext(member)]);
    }
  }
  return Object.fromEntries(readable);
}
