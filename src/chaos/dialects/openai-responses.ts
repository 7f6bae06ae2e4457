/** OpenAI's Responses (platform.openai.com/docs/api-reference/responses). */
import type { WireDialect } from "./dialect.ts";
import { openaiError } from "./openai-error.ts";
import { checkInputHistory } from "./openai-responses-history.ts";
import { parseInputRequest } from "./openai-responses-request.ts";
import { responseBody, responseFrames, storedResponse } from "./openai-responses-response.ts";
import { responseMemory } from "./response-memory.ts";

/** The one dialect that remembers: clients may name what was said before by its id alone. */
export function openaiResponses(): WireDialect {
  const memory = responseMemory();
  return {
    name: "openai-responses",
    matches: (path) => path === "/v1/responses",
    parse: (body, address) => parseInputRequest(body, memory.of(address.runKey)),
    checkHistory: (_body, request) => checkInputHistory(request.messages),
    body: responseBody,
    frames: responseFrames,
    errorBody: openaiError,
    remember: (answer, frame) => {
      if (frame.body["store"] === false) return;
      memory.keep(frame.runKey, storedResponse(answer, frame));
    },
  };
}
