import { chatFailure, type ChatFailure, type ChatMessage } from "../chat.ts";

/**
 * The two rules by which OpenAI's Responses refuse an input (HTTP 400), in their own words: every
 * call has an output and every output a call. Their order and distance do not matter.
 */
export function checkInputHistory(messages: readonly ChatMessage[]): ChatFailure | undefined {
  const calls = new Set<string>();
  const outputs = new Set<string>();
  for (const message of messages) {
    if (message.role === "tool") outputs.add(message.callId);
    if (message.role === "assistant") for (const { id } of message.toolCalls) calls.add(id);
  }
  const unanswered = calls.values().find((id) => !outputs.has(id));
  if (unanswered !== undefined) {
    return refused(`No tool output found for function call ${unanswered}.`);
  }
  const stray = outputs.values().find((id) => !calls.has(id));
  if (stray === undefined) return undefined;
  return refused(`No tool call found for function call output with call_id ${stray}.`);
}

function refused(message: string): ChatFailure {
  return chatFailure({ status: 400, code: "invalid_history", message, param: "input" });
}
