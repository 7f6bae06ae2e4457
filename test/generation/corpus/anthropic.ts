import {
  AUTH,
  FILTERED,
  HISTORY,
  MODEL,
  NOW,
  OTHER,
  OVERLOADED,
  overflow,
  QUOTA,
  RATE,
  refusal,
  refused,
  row,
  SIZE,
  UNAVAILABLE,
  wait,
  type Row,
} from "./row.ts";

function body(type: string, message: string, details?: object) {
  return { type: "error", error: { type, message, details }, request_id: "req_1" };
}

function invalid(message: string) {
  return refused(400, body("invalid_request_error", message));
}

const inAMinute = new Date(NOW + 60_000).toISOString();
const inAnHour = new Date(NOW + 3_600_000).toISOString();

/** Shapes: Anthropic's pages on errors and rate limits. */
const limits: readonly Row[] = [
  refusal(
    "429 with retry-after",
    refused(429, body("rate_limit_error", "would exceed your organization's rate limit"), {
      "retry-after": "12",
    }),
    wait(12_000),
  ),
  refusal(
    "429 of an acceleration limit, without a header",
    refused(429, body("rate_limit_error", "Number of tokens grows too fast")),
    RATE,
  ),
  refusal(
    "429 whose input tokens are used up until a moment",
    refused(429, body("rate_limit_error", "Limited"), {
      "anthropic-ratelimit-requests-remaining": "40",
      "anthropic-ratelimit-requests-reset": inAnHour,
      "anthropic-ratelimit-input-tokens-remaining": "0",
      "anthropic-ratelimit-input-tokens-reset": inAMinute,
    }),
    wait(60_000),
  ),
  refusal(
    "429 of which no limit is used up",
    refused(429, body("rate_limit_error", "Limited"), {
      "anthropic-ratelimit-requests-remaining": "40",
      "anthropic-ratelimit-requests-reset": inAnHour,
    }),
    RATE,
  ),
  refusal(
    "429 with a date",
    refused(429, body("rate_limit_error", "Limited"), {
      "retry-after": new Date(NOW + 30_000).toUTCString(),
    }),
    wait(30_000),
  ),
  refusal(
    "429 with a date that has passed",
    refused(429, body("rate_limit_error", "Limited"), {
      "retry-after": new Date(NOW - 30_000).toUTCString(),
    }),
    wait(0),
  ),
  refusal(
    "429 of the enforced spend limit",
    refused(429, body("rate_limit_error", "Limit", { error_code: "enforced_spend_limit_reached" })),
    QUOTA,
  ),
  refusal(
    "429 that asks for extra usage",
    refused(429, body("rate_limit_error", "Extra usage is required for long context requests.")),
    QUOTA,
  ),
  refusal(
    "400 of the limit one set oneself",
    invalid(
      "You have reached your specified API usage limits. You will regain access on 2026-12-01 " +
        "at 00:00 UTC.",
    ),
    QUOTA,
  ),
  refusal("400 without credit", invalid("Your credit balance is too low to access the API"), QUOTA),
  refusal("402", refused(402, body("billing_error", "Payment")), QUOTA),
];

const failures: readonly Row[] = [
  refusal("401", refused(401, body("authentication_error", "invalid x-api-key")), AUTH),
  refusal("403", refused(403, body("permission_error", "Your key may not")), AUTH),
  refusal("404 of a model", refused(404, body("not_found_error", "model: claude-9")), MODEL),
  refusal("409", refused(409, body("conflict_error", "Conflict")), UNAVAILABLE),
  refusal("413", refused(413, body("request_too_large", "Request exceeds the maximum size")), SIZE),
  refusal(
    "413 as a page of the CDN",
    refused(413, "<html><head><title>413 Payload Too Large</title></head><body>cloudflare</body>"),
    SIZE,
  ),
  refusal("500", refused(500, body("api_error", "Internal server error")), UNAVAILABLE),
  refusal("504", refused(504, body("timeout_error", "Request timed out")), UNAVAILABLE),
  refusal("529", refused(529, body("overloaded_error", "Overloaded")), OVERLOADED),
  refusal("529 as a bare status", refused(529, ""), OVERLOADED),
  refusal("400 of a parameter", invalid("max_tokens: 99 > 64, which is the maximum"), OTHER),
  refusal(
    "400 of the output filter",
    invalid("Output blocked by content filtering policy"),
    FILTERED,
  ),
];

/** Sentences of conversations that were cut, merged or moved between models. */
const histories: readonly Row[] = [
  "messages.2: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1.",
  "messages.0.content.1: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1.",
  "messages.1.content.0: Invalid `signature` in `thinking` block",
  "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.",
  "messages.5.content.0: the first block must be `thinking` or `redacted_thinking`. Found `text`.",
  "messages.3: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot " +
    "be modified.",
  "messages: `tool_use` ids must be unique",
  "messages: text content blocks must be non-empty",
  "This model does not support assistant message prefill. The conversation must end with a user " +
    "message.",
].map((message) => refusal(`history: ${message.slice(0, 60)}`, invalid(message), HISTORY));

const overflows: readonly Row[] = [
  refusal(
    "overflow of the prompt",
    invalid("prompt is too long: 214676 tokens > 200000 maximum"),
    overflow(214_676, 200_000),
  ),
  refusal(
    "overflow with the reserved output",
    invalid(
      "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease " +
        "input length or `max_tokens` and try again",
    ),
    overflow(209_573, 200_000),
  ),
];

/** Events of a stream of status 200, as they are and as the client unwraps them. */
const events: readonly Row[] = [
  row("an error event", body("overloaded_error", "Overloaded"), {
    ...OVERLOADED,
    arrived: "text",
    hasBegun: true,
  }),
  row("an error event before anything", body("api_error", "Internal"), {
    ...UNAVAILABLE,
    arrived: "nothing",
    hasBegun: true,
  }),
  row("an unwrapped error event", { type: "rate_limit_error", message: "Limited" }, RATE),
  row("an error event in the midst of arguments", body("timeout_error", "Late"), {
    ...UNAVAILABLE,
    arrived: "arguments",
    hasBegun: true,
  }),
  row(
    "the first event as the client throws it, under a status that it made up",
    refused(529, { type: "overloaded_error", message: "Overloaded" }),
    { ...OVERLOADED, status: undefined },
  ),
  row(
    "an error put in an error by a proxy",
    refused(400, {
      error: {
        code: 400,
        message: JSON.stringify(body("invalid_request_error", "prompt is too long: 3 tokens > 2")),
        status: "INVALID_ARGUMENT",
      },
    }),
    { kind: "context_overflow", status: 400, says: /^prompt is too long/ },
  ),
];

export const anthropicRows: readonly Row[] = [
  ...limits,
  ...failures,
  ...histories,
  ...overflows,
  ...events,
];
