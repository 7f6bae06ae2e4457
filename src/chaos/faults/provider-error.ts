/** Errors as each provider writes them, from one description. */
import type { Json, JsonObject } from "../../std/json.ts";
import type { Dialect, FaultContext, Planned } from "../exchange.ts";

export interface ProviderError {
  readonly status: number;
  readonly message: string;
  readonly openai: { readonly type: string; readonly code: string | null };
  /** Anthropic's `error.type`. */
  readonly anthropic: string;
  /** Gemini's `error.status`, a name of google.rpc.Code. */
  readonly gemini: string;
  /** Anthropic's `error.details`, Gemini's list of google.rpc messages. */
  readonly details?: Json;
}

export function errorBody(dialect: Dialect, error: ProviderError): JsonObject {
  const { status, message, details } = error;
  const more = details === undefined ? {} : { details };
  switch (dialect) {
    case "anthropic": {
      const told = { type: error.anthropic, message, ...more };
      return { type: "error", error: told, request_id: "req_simulated" };
    }
    case "gemini":
      return { error: { code: status, message, status: error.gemini, ...more } };
    case "openai-chat":
    case "openai-responses":
    default: {
      const { type, code } = error.openai;
      return { error: { message, type, param: null, code } };
    }
  }
}

/** An error response in place of an answer. */
export function errorReply(
  context: FaultContext,
  error: ProviderError,
  headers: Readonly<Record<string, string>> = {},
): Planned {
  return {
    kind: "body",
    status: error.status,
    headers: { "content-type": "application/json", ...headers },
    body: errorBody(context.dialect, error),
  };
}

/** A page as a proxy in between writes it, in place of what the provider would have said. */
export function htmlReply(status: number, title: string): Planned {
  const body =
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n` +
    `<center><h1>${title}</h1></center>\r\n<hr><center>simulated proxy</center>\r\n` +
    `</body>\r\n</html>\r\n`;
  return { kind: "body", status, headers: { "content-type": "text/html" }, body };
}

export const RATE_LIMITED: ProviderError = {
  status: 429,
  message: "Rate limit reached for requests. Please try again later.",
  openai: { type: "requests", code: "rate_limit_exceeded" },
  anthropic: "rate_limit_error",
  gemini: "RESOURCE_EXHAUSTED",
};

export const OVERLOADED: ProviderError = {
  status: 503,
  message: "The model is overloaded. Please try again later.",
  openai: { type: "service_unavailable_error", code: "server_is_overloaded" },
  anthropic: "overloaded_error",
  gemini: "UNAVAILABLE",
};

export const SERVER_ERROR: ProviderError = {
  status: 500,
  message: "The server had an error while processing your request.",
  openai: { type: "server_error", code: "server_error" },
  anthropic: "api_error",
  gemini: "INTERNAL",
};
