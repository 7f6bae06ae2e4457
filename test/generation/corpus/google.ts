import {
  AUTH,
  FILTERED,
  HISTORY,
  MODEL,
  OTHER,
  overflow,
  OVERFLOW,
  OVERLOADED,
  QUOTA,
  RATE,
  refusal,
  refused,
  row,
  UNAVAILABLE,
  wait,
  type Row,
} from "./row.ts";

function body(code: number, status: string, message: string) {
  return { error: { code, message, status } };
}

function detailed(plain: ReturnType<typeof body>, details: readonly object[]) {
  return { error: { ...plain.error, details } };
}

function spent(...quotaIds: readonly string[]) {
  return {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    violations: quotaIds.map((quotaId) => ({ quotaId, quotaMetric: "generate_content_requests" })),
  };
}

function retryIn(retryDelay: string) {
  return { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay };
}

const MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
const DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
const CURRENT = "You exceeded your current quota, please check your plan and billing details.";

function exhausted(message: string, ...details: readonly object[]) {
  return refused(429, detailed(body(429, "RESOURCE_EXHAUSTED", message), details));
}

/** Shapes: google.rpc's error details, Gemini's pages on limits and troubleshooting. */
const limits: readonly Row[] = [
  refusal("a minute's quota", exhausted(CURRENT, spent(MINUTE), retryIn("34s")), wait(34_000)),
  refusal("a fraction of a second", exhausted(CURRENT, retryIn("34.5s")), wait(34_500)),
  refusal("a day's quota", exhausted(CURRENT, spent(DAY), retryIn("34s")), QUOTA),
  refusal("a minute's and a day's quota", exhausted(CURRENT, spent(MINUTE, DAY)), QUOTA),
  refusal("no details: a minute is assumed", exhausted("Resource has been exhausted"), RATE),
  refusal(
    "the wait in its sentence",
    exhausted(`${CURRENT} Please retry in 34.074824224s.`),
    wait(34_075),
  ),
  refusal(
    "a model that the free tier has none of",
    exhausted(`${CURRENT} * Quota exceeded for metric: requests, limit: 0, model: pro`),
    QUOTA,
  ),
  refusal(
    "the detail in the metric's name",
    exhausted(CURRENT, { violations: [{ quotaMetric: "generate_requests_per_model_per_day" }] }),
    QUOTA,
  ),
  refusal(
    "a list around the error",
    refused(429, [detailed(body(429, "RESOURCE_EXHAUSTED", "Limited"), [retryIn("3s")])]),
    wait(3000),
  ),
  refusal(
    "Vertex, by the reason alone",
    refused(429, { error: { code: 429, errors: [{ reason: "rateLimitExceeded" }] } }),
    RATE,
  ),
];

const failures: readonly Row[] = [
  refusal(
    "503",
    refused(503, body(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")),
    OVERLOADED,
  ),
  refusal("500", refused(500, body(500, "INTERNAL", "An internal error occurred")), UNAVAILABLE),
  refusal("504", refused(504, body(504, "DEADLINE_EXCEEDED", "Deadline expired")), UNAVAILABLE),
  refusal("499", refused(499, body(499, "CANCELLED", "The operation was cancelled.")), UNAVAILABLE),
  refusal("403", refused(403, body(403, "PERMISSION_DENIED", "Not allowed")), AUTH),
  refusal(
    "400 for a wrong key",
    refused(
      400,
      detailed(body(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" },
      ]),
    ),
    AUTH,
  ),
  refusal(
    "400 for a wrong key, by the sentence alone",
    refused(400, body(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.")),
    AUTH,
  ),
  refusal(
    "400 for a region",
    refused(400, body(400, "FAILED_PRECONDITION", "User location is not supported for the API")),
    AUTH,
  ),
  refusal(
    "400 without billing",
    refused(400, body(400, "FAILED_PRECONDITION", "Please enable billing on project 1")),
    QUOTA,
  ),
  refusal(
    "404 for a model",
    refused(404, body(404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta")),
    MODEL,
  ),
  refusal(
    "400 for a field",
    refused(400, body(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name")),
    OTHER,
  ),
  row("402 inside a stream", body(402, "UNKNOWN", "Billing"), { ...QUOTA, status: 402 }),
];

const histories: readonly Row[] = [
  "Please ensure that function response turn comes immediately after a function call turn.",
  "Please ensure that function call turn comes immediately after a user turn.",
  "Please ensure that the number of function response parts is equal to the number of function " +
    "call parts of the function call turn.",
  "Function call is missing a thought_signature in functionCall parts.",
  "Thought signature is not valid: thought_signature",
].map((message) =>
  refusal(
    `history: ${message.slice(0, 60)}`,
    refused(400, body(400, "INVALID_ARGUMENT", message)),
    HISTORY,
  ),
);

const others: readonly Row[] = [
  refusal(
    "overflow with counts",
    refused(
      400,
      body(
        400,
        "INVALID_ARGUMENT",
        "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
      ),
    ),
    overflow(1_196_265, 1_048_575),
  ),
  refusal(
    "overflow with the limit alone",
    refused(
      400,
      body(
        400,
        "INVALID_ARGUMENT",
        "The input token count exceeds the maximum number of tokens allowed (1048576).",
      ),
    ),
    { kind: "context_overflow", tokensMax: 1_048_576 },
  ),
  refusal(
    "Vertex: overflow",
    refused(
      400,
      body(
        400,
        "INVALID_ARGUMENT",
        "Unable to submit request because the input token count is 1200000 but the model only " +
          "supports up to 1048576.",
      ),
    ),
    overflow(1_200_000, 1_048_576),
  ),
  refusal(
    "overflow without counts",
    refused(400, body(400, "INVALID_ARGUMENT", "Input exceeds the maximum context length")),
    OVERFLOW,
  ),
  row("a blocked prompt", { error: null, promptFeedback: { blockReason: "OTHER" } }, FILTERED),
  row(
    "an error inside a stream, its status mirrored",
    body(503, "UNAVAILABLE", "The service is currently unavailable."),
    { ...OVERLOADED, status: 503, arrived: "text", hasBegun: true },
  ),
];

export const googleRows: readonly Row[] = [...limits, ...failures, ...histories, ...others];
