import { chatFailure, type ChatFailure, type ChatMessage } from "../chat.ts";

/**
 * The two rules by which OpenAI refuses a history (HTTP 400), which a harness that resumes or
 * compacts breaks first: every tool call is answered before anything else is said, and every tool
 * message answers a call of the assistant message just before it. One pass over the messages.
 */
export function checkChatHistory(messages: readonly ChatMessage[]): ChatFailure | undefined {
  let open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") {
      if (!open.delete(message.callId)) return strayResult(index);
      continue;
    }
    if (open.size > 0) return unanswered(index, open);
    if (message.role === "assistant" && message.toolCalls.length > 0) {
      open = new Set(message.toolCalls.map((call) => call.id));
    }
  }
  return open.size > 0 ? unanswered(messages.length, open) : undefined;
}

function strayResult(index: number): ChatFailure {
  return chatFailure({
    status: 400,
    code: "invalid_history",
    message:
      "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
    param: `messages[${index}].role`,
  });
}

function unanswered(index: number, open: ReadonlySet<string>): ChatFailure {
  return chatFailure({
    status: 400,
    code: "invalid_history",
    message:
      "An assistant message with 'tool_calls' must be followed by tool messages responding to " +
      "each 'tool_call_id'. The following tool_call_ids did not have response messages: " +
      [...open].join(", "),
    param: `messages[${index}]`,
  });
}
