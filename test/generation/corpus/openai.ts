import {
  ADDRESS,
  AUTH,
  FILTERED,
  HISTORY,
  MODEL,
  OTHER,
  OVERLOADED,
  overflow,
  OVERFLOW,
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

function body(message: string, type: string, code: string | null = null) {
  return { error: { message, type, param: null, code } };
}

function invalid(message: string, code: string | null = null) {
  return refused(400, body(message, "invalid_request_error", code));
}

/** Shapes: OpenAI's API reference and its guide to error codes. */
const limits: readonly Row[] = [
  refusal(
    "a limit of requests with retry-after",
    refused(429, body("Rate limit reached for gpt-5.2", "requests", "rate_limit_exceeded"), {
      "retry-after": "6",
    }),
    wait(6000),
  ),
  refusal(
    "a limit of requests with milliseconds, which win over seconds",
    refused(429, body("Rate limit reached", "requests", "rate_limit_exceeded"), {
      "retry-after-ms": "350",
      "retry-after": "1",
    }),
    wait(350),
  ),
  refusal(
    "a limit of tokens that says the wait in its sentence",
    refused(
      429,
      body(
        "Rate limit reached for gpt-5.2 on tokens per min (TPM): Limit 30000, Used 29000, " +
          "Requested 4100. Please try again in 6.2s. Visit https://platform.openai.com",
        "tokens",
        "rate_limit_exceeded",
      ),
    ),
    wait(6200),
  ),
  refusal(
    "a limit whose tokens are used up and whose requests are not",
    refused(429, body("Rate limit reached", "tokens", "rate_limit_exceeded"), {
      "x-ratelimit-remaining-requests": "90",
      "x-ratelimit-reset-requests": "1h2m3.5s",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "1m30s",
    }),
    wait(90_000),
  ),
  refusal(
    "a limit of which nothing is told to be used up",
    refused(429, body("Rate limit reached", "tokens", "rate_limit_exceeded"), {
      "x-ratelimit-reset-requests": "6ms",
      "x-ratelimit-reset-tokens": "6s",
    }),
    wait(6000),
  ),
  refusal(
    "a day's limit of requests is waited for as told",
    refused(
      429,
      body(
        "Rate limit reached on requests per day (RPD): Limit 200, Used 200, Requested 1. Please " +
          "try again in 7m12s.",
        "requests",
        "rate_limit_exceeded",
      ),
    ),
    wait(432_000),
  ),
  refusal("a bare 429", refused(429, ""), RATE),
  refusal(
    "a request larger than a minute's allowance",
    refused(
      429,
      body(
        "Request too large for gpt-5.2 in organization org-x on tokens per min (TPM): Limit " +
          "30000, Requested 41,250. The input or output tokens must be reduced.",
        "tokens",
        "rate_limit_exceeded",
      ),
    ),
    overflow(41_250, 30_000),
  ),
  refusal(
    "slow down: the ramp is too steep for everybody's good",
    refused(429, body("Slow down", "requests", "slow_down"), { "retry-after": "20" }),
    { kind: "overloaded", retryAfterMs: 20_000 },
  ),
  ...[
    "insufficient_quota",
    "credit_balance_exhausted",
    "project_spend_limit_exceeded",
    "organization_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_hard_limit_reached",
  ].map((code) =>
    refusal(
      `429 ${code}, with a wait that would be in vain`,
      refused(429, body("You cannot spend more.", code, code), { "retry-after": "5" }),
      QUOTA,
    ),
  ),
  refusal(
    "the quota sentence without its code",
    refused(429, body("You exceeded your current quota, please check your plan.", "requests")),
    QUOTA,
  ),
];

const failures: readonly Row[] = [
  refusal("500 server_error", refused(500, body("The server had an error", "server_error")), {
    kind: "unavailable",
  }),
  refusal(
    "503 server_is_overloaded",
    refused(503, body("Overloaded", "service_unavailable_error", "server_is_overloaded")),
    OVERLOADED,
  ),
  refusal("502 without a body", refused(502, ""), UNAVAILABLE),
  refusal("504 with a wait", refused(504, "", { "retry-after": "2" }), {
    kind: "unavailable",
    retryAfterMs: 2000,
  }),
  refusal(
    "401 with the key in its sentence",
    refused(401, body("Incorrect API key provided: sk-abc.", "e", "invalid_api_key")),
    AUTH,
  ),
  refusal(
    "403 for a region",
    refused(403, body("Country", "e", "unsupported_country_region_territory")),
    AUTH,
  ),
  refusal(
    "403 for a model that the project may not use",
    refused(403, body("Project does not have access to model", "e", "model_not_found")),
    MODEL,
  ),
  refusal(
    "404 for an unknown model",
    refused(404, body("The model `gpt-9` does not exist", "e", "model_not_found")),
    MODEL,
  ),
  refusal(
    "404 for an unknown path",
    refused(404, body("Invalid URL (POST /chat)", "invalid_request_error")),
    ADDRESS,
  ),
  refusal(
    "404 for an answer that was not stored",
    refused(404, body("Item with id 'rs_1' not found. Items are not persisted when", "e")),
    HISTORY,
  ),
  refusal(
    "400 for a previous response",
    invalid("Previous response with id 'resp_1' not found.", "previous_response_not_found"),
    HISTORY,
  ),
  refusal("400 for a parameter", invalid("Unsupported value: 'temperature'"), OTHER),
  refusal(
    "400 for a text that is too long",
    invalid("Invalid 'input': string too long.", "string_above_max_length"),
    SIZE,
  ),
  refusal("409", refused(409, body("Conflict", "conflict")), UNAVAILABLE),
  refusal(
    "a prompt flagged by the policy",
    invalid("Invalid prompt: your prompt was flagged as violating our usage policy.", "x"),
    FILTERED,
  ),
  refusal("content_policy_violation", invalid("No.", "content_policy_violation"), FILTERED),
];

/** The conversation's form: sentences reported for resumed and cut conversations. */
const histories: readonly Row[] = [
  "No tool output found for function call call_9.",
  "No tool call found for function call output with call_id call_9.",
  "An assistant message with 'tool_calls' must be followed by tool messages responding to each " +
    "'tool_call_id'. The following tool_call_ids did not have response messages: call_1",
  "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with " +
    "'tool_calls'.",
  "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
  "Item 'msg_1' of type 'message' was provided without its required 'reasoning' item: 'rs_1'.",
  "Duplicate item found with id fc_1.",
].map((message) => refusal(`history: ${message.slice(0, 50)}`, invalid(message), HISTORY));

const overflows: readonly Row[] = [
  refusal(
    "overflow with the prompt's count",
    invalid(
      "This model's maximum context length is 128000 tokens. However, your messages resulted in " +
        "130512 tokens. Please reduce the length of the messages.",
      "context_length_exceeded",
    ),
    overflow(130_512, 128_000),
  ),
  refusal(
    "overflow by the reserved output",
    invalid(
      "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens " +
        "(5000 in the messages, 4000 in the completion).",
      "context_length_exceeded",
    ),
    overflow(9000, 8192),
  ),
  refusal(
    "overflow of the Responses API",
    invalid(
      "Your input exceeds the context window of this model. Please adjust your input.",
      "context_length_exceeded",
    ),
    OVERFLOW,
  ),
  refusal("overflow by the code alone", invalid("Too long.", "context_length_exceeded"), OVERFLOW),
  refusal(
    "no overflow: more output than the model can give",
    invalid("max_tokens is too large: 99999. This model supports at most 16384 tokens", "x"),
    OTHER,
  ),
];

/** Inside a stream of status 200: chat chunks, and events of the Responses API. */
const events: readonly Row[] = [
  row("chat: an error chunk", body("Overloaded", "server_error"), {
    ...OVERLOADED,
    arrived: "text",
    hasBegun: true,
    says: "Overloaded",
  }),
  row(
    "Responses: an error event",
    {
      type: "error",
      sequence_number: 3,
      error: { type: "e", code: "rate_limit_exceeded", message: "try again in 2s" },
    },
    wait(2000),
  ),
  row(
    "Responses: an error event in the older form",
    { type: "error", code: "server_error", message: "Sorry", param: null, sequence_number: 3 },
    UNAVAILABLE,
  ),
  row(
    "Responses: failed, over quota",
    { type: "response.failed", response: { error: { code: "insufficient_quota", message: "m" } } },
    QUOTA,
  ),
  row(
    "Responses: failed by an overflow, under a status that the client made up",
    refused(500, {
      type: "response.failed",
      sequence_number: 1,
      response: { error: { code: "context_length_exceeded", message: "exceeds the window" } },
    }),
    { ...OVERFLOW, status: undefined },
  ),
  row(
    "Responses: a failed whole answer, under a status that the client made up",
    refused(400, {
      object: "response",
      status: "failed",
      error: { code: "server_error", message: "The model crashed." },
      output: [],
    }),
    { ...UNAVAILABLE, status: undefined },
  ),
  row(
    "Responses: incomplete at the output limit",
    {
      type: "response.incomplete",
      response: { incomplete_details: { reason: "max_output_tokens" } },
    },
    { kind: "truncated" },
  ),
  row(
    "Responses: incomplete by the filter",
    { type: "response.incomplete", response: { incomplete_details: { reason: "content_filter" } } },
    FILTERED,
  ),
];

/** Azure OpenAI: its filter's error and its limits. */
const azure: readonly Row[] = [
  refusal(
    "Azure: the content filter",
    refused(400, {
      error: {
        code: "content_filter",
        message: "The response was filtered due to the prompt triggering",
        innererror: { code: "ResponsibleAIPolicyViolation", content_filter_result: {} },
      },
    }),
    FILTERED,
  ),
  refusal(
    "Azure: the filter's inner code alone",
    refused(400, { error: { message: "m", innererror: { code: "ResponsibleAIPolicyViolation" } } }),
    FILTERED,
  ),
  refusal(
    "Azure: the wait in its sentence",
    refused(429, { error: { code: "429", message: "Please retry after 26 seconds." } }),
    wait(26_000),
  ),
  refusal(
    "Azure: no such deployment",
    refused(404, { error: { code: "DeploymentNotFound", message: "The API deployment" } }),
    MODEL,
  ),
];

export const openaiRows: readonly Row[] = [
  ...limits,
  ...failures,
  ...histories,
  ...overflows,
  ...events,
  ...azure,
];
