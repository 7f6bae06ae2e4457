/** Anthropic's Messages (docs.anthropic.com/en/api/messages). */
import type { Json } from "../../std/json.ts";
import type { ChatError } from "../chat.ts";
import { checkMessagesHistory } from "./anthropic-history.ts";
import { parseMessagesRequest } from "./anthropic-request.ts";
import { messageBody, messageFrames } from "./anthropic-response.ts";
import type { WireDialect } from "./dialect.ts";

/** By status, from the documented table of errors. */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  504: "timeout_error",
  529: "overloaded_error",
};

export function anthropic(): WireDialect {
  return {
    name: "anthropic",
    matches: (path) => path === "/v1/messages",
    parse: parseMessagesRequest,
    checkHistory: checkMessagesHistory,
    body: messageBody,
    frames: messageFrames,
    errorBody,
  };
}

function errorBody(status: number, error: ChatError): Json {
  const message = error.param === undefined ? error.message : `${error.param}: ${error.message}`;
  const type = ERROR_TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  return { type: "error", error: { type, message }, request_id: "req_simulated" };
}
