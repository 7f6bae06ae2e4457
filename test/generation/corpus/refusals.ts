/** Refused requests, as each API answers them over HTTP. */
import type { Nature } from "../../../src/generation/fault/nature.ts";
import {
  AUTH,
  FILTERED,
  HISTORY,
  MODEL,
  OVERFLOW,
  OVERLOADED,
  overflow,
  QUOTA,
  SIZE,
  UNAVAILABLE,
  wait,
} from "./row.ts";
import { PAGE } from "./exchange.ts";

/** A refused request, by client: status, body, what it is, headers. */
export type Refusal = readonly [number, unknown, Nature, Readonly<Record<string, string>>?];

export function openai(
  message: string,
  code: string | null,
  type = "invalid_request_error",
): object {
  return { error: { message, type, param: null, code } };
}

export function anthropic(type: string, message: string, details?: object): object {
  return { type: "error", error: { type, message, details }, request_id: "req_1" };
}

export function google(
  code: number,
  status: string,
  message: string,
): {
  readonly error: { readonly code: number; readonly status: string; readonly message: string };
} {
  return { error: { code, status, message } };
}

const ofOpenai: readonly Refusal[] = [
  [429, openai("Slow", "rate_limit_exceeded", "tokens"), wait(1500), { "retry-after-ms": "1500" }],
  [429, openai("No credit", "insufficient_quota", "insufficient_quota"), QUOTA],
  [429, openai("Slow down", "slow_down", "requests"), OVERLOADED],
  [400, openai("Too long", "context_length_exceeded"), OVERFLOW],
  [400, openai("No tool output found for function call call_1.", null), HISTORY],
  [401, openai("Incorrect API key provided: test-key-0123456789", "invalid_api_key"), AUTH],
  [404, openai("The model `m` does not exist", "model_not_found"), MODEL],
  [500, openai("The server had an error", null, "server_error"), UNAVAILABLE],
];

const ofAnthropic: readonly Refusal[] = [
  [429, anthropic("rate_limit_error", "Limited"), wait(7000), { "retry-after": "7" }],
  [
    429,
    anthropic("rate_limit_error", "Limit", { error_code: "enforced_spend_limit_reached" }),
    QUOTA,
  ],
  [529, anthropic("overloaded_error", "Overloaded"), OVERLOADED],
  [
    400,
    anthropic("invalid_request_error", "prompt is too long: 214676 tokens > 200000 maximum"),
    overflow(214_676, 200_000),
  ],
  [400, anthropic("invalid_request_error", "Your credit balance is too low"), QUOTA],
  [
    400,
    anthropic("invalid_request_error", "messages.1: Invalid `signature` in `thinking` block"),
    HISTORY,
  ],
  [404, anthropic("not_found_error", "model: m"), MODEL],
  [413, "<html><head><title>413 Request Entity Too Large</title></head></html>", SIZE],
  [401, anthropic("authentication_error", "invalid x-api-key"), AUTH],
];

const ofGoogle: readonly Refusal[] = [
  [
    429,
    {
      error: {
        ...google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota").error,
        details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.5s" }],
      },
    },
    wait(34_500),
  ],
  [
    429,
    {
      error: {
        ...google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota").error,
        details: [{ violations: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel" }] }],
      },
    },
    QUOTA,
  ],
  [503, google(503, "UNAVAILABLE", "The model is overloaded."), OVERLOADED],
  [500, google(500, "INTERNAL", "An internal error has occurred."), UNAVAILABLE],
  [400, google(400, "INVALID_ARGUMENT", "API key not valid."), AUTH],
  [404, google(404, "NOT_FOUND", "models/m is not found for API version v1beta"), MODEL],
  [400, google(400, "INVALID_ARGUMENT", "missing a thought_signature in parts"), HISTORY],
  [400, [google(400, "INVALID_ARGUMENT", "API key not valid.")], AUTH],
];

const ofCompatible: readonly Refusal[] = [
  [
    429,
    { error: { code: 429, message: "Limited", metadata: { headers: { "Retry-After": "9" } } } },
    wait(9000),
  ],
  [402, { error: { code: 402, message: "Insufficient credits" } }, QUOTA],
  [403, { error: { code: 403, message: "m requires moderation. Flagged" } }, FILTERED],
  [404, { error: "model 'm' not found, try pulling it first" }, MODEL],
  [
    400,
    {
      error: {
        message: "exceeds",
        type: "exceed_context_size_error",
        n_prompt_tokens: 9,
        n_ctx: 8,
      },
    },
    overflow(9, 8),
  ],
  [
    400,
    { message: "m", object: "error", type: "BadRequestError", code: 400 },
    {
      kind: "invalid_request",
      about: "other",
    },
  ],
  [503, { error: "server busy, please try again" }, OVERLOADED],
  [502, PAGE, UNAVAILABLE],
];

export const REFUSALS: Readonly<Record<string, readonly Refusal[]>> = {
  responses: ofOpenai,
  chat: ofOpenai,
  anthropic: ofAnthropic,
  google: ofGoogle,
  compatible: ofCompatible,
};
