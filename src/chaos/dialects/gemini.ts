/** Google's generateContent (ai.google.dev/api/generate-content). */
import type { Json } from "../../std/json.ts";
import type { ChatError } from "../chat.ts";
import type { WireDialect } from "./dialect.ts";
import { checkContentsHistory } from "./gemini-history.ts";
import { CONTENT_PATH, parseContentRequest } from "./gemini-request.ts";
import { contentBody, contentFrames } from "./gemini-response.ts";

/** By status, from google.rpc.Code's mapping to HTTP. */
const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

export function gemini(): WireDialect {
  return {
    name: "gemini",
    matches: (path) => CONTENT_PATH.test(path),
    parse: parseContentRequest,
    checkHistory: checkContentsHistory,
    body: contentBody,
    frames: contentFrames,
    errorBody,
  };
}

function errorBody(code: number, error: ChatError): Json {
  const status = STATUS_NAMES[code] ?? (code < 500 ? "INVALID_ARGUMENT" : "INTERNAL");
  const place = error.param === undefined ? "" : `* GenerateContentRequest.${error.param}: `;
  return { error: { code, message: `${place}${error.message}`, status } };
}
