/** OpenAI's Chat Completions (platform.openai.com/docs/api-reference/chat). */
import type { WireDialect } from "./dialect.ts";
import { checkChatHistory } from "./openai-chat-history.ts";
import { parseChatRequest } from "./openai-chat-request.ts";
import { completionBody, completionFrames } from "./openai-chat-response.ts";
import { openaiError } from "./openai-error.ts";

export function openaiChat(): WireDialect {
  return {
    name: "openai-chat",
    matches: (path) => path === "/v1/chat/completions",
    parse: parseChatRequest,
    checkHistory: (_body, request) => checkChatHistory(request.messages),
    body: completionBody,
    frames: completionFrames,
    errorBody: openaiError,
  };
}
