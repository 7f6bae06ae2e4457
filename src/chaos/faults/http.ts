/** Error responses in place of an answer. */
import type { Dialect, FaultContext, Planned, WireFault } from "../exchange.ts";
import { numberOf } from "./argument.ts";
import {
  errorReply,
  htmlReply,
  OVERLOADED,
  SERVER_ERROR,
  type ProviderError,
} from "./provider-error.ts";
import { rateLimitFaults } from "./rate-limit.ts";

/** A status with the provider's error body. */
function refusal(name: string, summary: string, error: ProviderError): WireFault {
  return { name, group: "http", summary, reply: (context) => errorReply(context, error) };
}

/** What a proxy or a web server answers in the provider's place. */
function page(name: string, summary: string, reply: () => Planned): WireFault {
  return { name, group: "http", summary, reply };
}

const INVALID = { openai: "invalid_request_error", anthropic: "invalid_request_error" } as const;

function invalid(status: number, message: string, words: Partial<ProviderError>): ProviderError {
  return {
    status,
    message,
    openai: { type: INVALID.openai, code: null },
    anthropic: INVALID.anthropic,
    gemini: "INVALID_ARGUMENT",
    ...words,
  };
}

const SIGNATURES: Partial<Record<Dialect, string>> = {
  anthropic: "messages.1.content.0: Invalid `signature` in `thinking` block",
  gemini: "Function call is missing a thought_signature in functionCall parts.",
};

const statusFaults: readonly WireFault[] = [
  refusal("server_error", "500 with the provider's own error body", SERVER_ERROR),
  page("server_error_html", "500 with a web server's page", () =>
    htmlReply(500, "500 Internal Server Error"),
  ),
  page("bad_gateway", "502 with a proxy's page", () => htmlReply(502, "502 Bad Gateway")),
  refusal(
    "unavailable",
    "503: the provider is overloaded and does not say for how long",
    OVERLOADED,
  ),
  {
    name: "unavailable_retry_after",
    group: "http",
    summary: "503 with retry-after",
    argument: "milliseconds to wait; 2000 when left out",
    reply: (context) =>
      errorReply(context, OVERLOADED, {
        "retry-after": String(Math.ceil((context.leftMs ?? numberOf(context, 2_000)) / 1000)),
      }),
    blocksForMs: (context) => numberOf(context, 2_000),
  },
  refusal("gateway_timeout", "504: the provider took too long", {
    ...SERVER_ERROR,
    status: 504,
    message: "The request timed out. Please try again.",
    openai: { type: "server_error", code: "timeout" },
    anthropic: "timeout_error",
    gemini: "DEADLINE_EXCEEDED",
  }),
  page("gateway_timeout_html", "504 with a proxy's page", () =>
    htmlReply(504, "504 Gateway Time-out"),
  ),
  {
    ...refusal("overloaded", "529 overloaded_error, Anthropic's own status", {
      ...OVERLOADED,
      status: 529,
      message: "Overloaded",
    }),
    dialects: ["anthropic"],
  },
  refusal("request_timeout", "408: the request took too long to arrive", {
    ...invalid(408, "Request timed out.", { gemini: "DEADLINE_EXCEEDED" }),
    anthropic: "timeout_error",
  }),
  refusal(
    "conflict",
    "409: another request holds what this one needs",
    invalid(409, "The request conflicts with another one.", { gemini: "ABORTED" }),
  ),
  page("too_large_html", "413 with a proxy's page in place of the provider's error", () =>
    htmlReply(413, "413 Request Entity Too Large"),
  ),
  refusal(
    "unauthorized",
    "401: the key is not valid",
    invalid(401, "Incorrect API key provided.", {
      openai: { type: INVALID.openai, code: "invalid_api_key" },
      anthropic: "authentication_error",
      gemini: "UNAUTHENTICATED",
    }),
  ),
  refusal(
    "forbidden",
    "403: the key may not use this model",
    invalid(403, "You do not have access to this model.", {
      openai: { type: INVALID.openai, code: "model_not_allowed" },
      anthropic: "permission_error",
      gemini: "PERMISSION_DENIED",
    }),
  ),
  refusal(
    "payment_required",
    "402: there is no credit left",
    invalid(402, "Insufficient credits. Add more to go on.", {
      openai: { type: INVALID.openai, code: "insufficient_credits" },
      anthropic: "billing_error",
      gemini: "FAILED_PRECONDITION",
    }),
  ),
  refusal(
    "model_not_found",
    "404: there is no such model",
    invalid(404, "The model does not exist or you do not have access to it.", {
      openai: { type: INVALID.openai, code: "model_not_found" },
      anthropic: "not_found_error",
      gemini: "NOT_FOUND",
    }),
  ),
  page("address_not_found", "404 with a page: the base URL is wrong", () =>
    htmlReply(404, "404 Not Found"),
  ),
  refusal(
    "bad_request",
    "400: the provider refuses the request as it stands",
    invalid(400, "Invalid request.", {}),
  ),
  {
    name: "signature_refused",
    group: "http",
    summary: "400 because the signature of earlier reasoning did not come back",
    dialects: ["anthropic", "gemini"],
    reply: (context: FaultContext) =>
      errorReply(context, invalid(400, SIGNATURES[context.dialect] ?? "Invalid signature", {})),
  },
  page("html_with_200", "200 with a page: a captive portal or a login wall", () =>
    htmlReply(200, "Please sign in"),
  ),
  page("empty_200", "200 with an empty body", () => ({
    kind: "body",
    status: 200,
    headers: { "content-type": "application/json" },
    body: "",
  })),
];

export const httpFaults: readonly WireFault[] = [...rateLimitFaults, ...statusFaults];
