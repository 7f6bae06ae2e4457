import {
  ADDRESS,
  AUTH,
  FILTERED,
  MALFORMED,
  MODEL,
  NOW,
  OTHER,
  OVERFLOW,
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

function router(code: number, message: string, metadata?: object) {
  return { error: { code, message, metadata }, user_id: "user_1" };
}

/** Shapes: OpenRouter's page on errors, and reports of what it sends. */
const openRouter: readonly Row[] = [
  refusal("OpenRouter: 402", refused(402, router(402, "Insufficient credits")), QUOTA),
  refusal(
    "OpenRouter: too little credit for the reserved output",
    refused(402, router(402, "This request requires more credits, or fewer max_tokens.")),
    QUOTA,
  ),
  refusal(
    "OpenRouter: 403 of the moderation",
    refused(
      403,
      router(403, "openai/gpt-4o requires moderation on OpenAI. Your input was flagged", {
        reasons: ["violence"],
        flagged_input: "…",
      }),
    ),
    FILTERED,
  ),
  refusal("OpenRouter: 408", refused(408, router(408, "Timed out")), UNAVAILABLE),
  refusal(
    "OpenRouter: 429 with the reset among the body's headers",
    refused(
      429,
      router(429, "Rate limit exceeded: free-models-per-min.", {
        headers: {
          "X-RateLimit-Limit": "20",
          "X-RateLimit-Remaining": "0",
          "X-RateLimit-Reset": String(NOW + 41_000),
        },
      }),
    ),
    wait(41_000),
  ),
  row(
    "OpenRouter: 429 of the provider behind it",
    refused(
      429,
      router(429, "Provider returned error", {
        raw: "qwen/qwen3 is temporarily rate-limited upstream. Please retry shortly.",
        provider_name: "Chutes",
      }),
    ),
    { ...RATE, status: 429, says: /upstream/ },
  ),
  row(
    "OpenRouter: the body of the provider behind it, in a string",
    refused(
      400,
      router(400, "Provider returned error", {
        raw: JSON.stringify({ error: { message: "m", code: "context_length_exceeded" } }),
      }),
    ),
    { ...OVERFLOW, status: 400, says: "m" },
  ),
  refusal("OpenRouter: 502", refused(502, router(502, "Provider returned error")), UNAVAILABLE),
  refusal("OpenRouter: 503", refused(503, router(503, "No provider")), OVERLOADED),
  refusal(
    "OpenRouter: overflow",
    refused(
      400,
      router(
        400,
        "This endpoint's maximum context length is 32768 tokens. However, you requested about " +
          "42000 tokens (30000 of text input, 2000 of tool input, 10000 in the output).",
      ),
    ),
    overflow(42_000, 32_768),
  ),
  refusal(
    "OpenRouter: no such model",
    refused(400, router(400, "nobody/nothing is not a valid model ID")),
    MODEL,
  ),
  refusal("OpenRouter: 401", refused(401, router(401, "No auth credentials found")), AUTH),
  row(
    "OpenRouter: a status mirrored in a stream",
    { id: "gen-1", error: { code: 502, message: "Upstream died" }, choices: [] },
    { ...UNAVAILABLE, status: 502, arrived: "text", hasBegun: true },
  ),
  row(
    "OpenRouter: a status mirrored in a whole answer of status 200",
    refused(200, router(429, "Rate limited")),
    { ...RATE, status: 429 },
  ),
  row(
    "OpenRouter: an error inside a choice",
    refused(200, { choices: [{ error: { code: 503, message: "Down" }, message: {} }] }),
    { ...OVERLOADED, status: 503 },
  ),
];

function page(title: string): string {
  return `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>x</h1></body></html>`;
}

/** Pages of Cloudflare, nginx, AWS's load balancer and sign-in portals. */
const pages: readonly Row[] = [
  ...[500, 520, 521, 522, 523, 524, 525, 526, 527, 530].map((status) =>
    refusal(`a page with ${status}`, refused(status, page(`Error ${status}`)), UNAVAILABLE),
  ),
  refusal("nginx: 502", refused(502, page("502 Bad Gateway")), UNAVAILABLE),
  refusal("nginx: 503", refused(503, page("503 Service Temporarily Unavailable")), OVERLOADED),
  refusal("nginx: 504", refused(504, page("504 Gateway Time-out")), UNAVAILABLE),
  refusal("nginx: 413", refused(413, page("413 Request Entity Too Large")), SIZE),
  refusal("nginx: 414", refused(414, page("414 Request-URI Too Large")), SIZE),
  refusal("nginx: 404", refused(404, page("404 Not Found")), ADDRESS),
  refusal("nginx: 405", refused(405, page("405 Not Allowed")), ADDRESS),
  refusal("Cloudflare: 403", refused(403, page("Attention Required! | Cloudflare")), AUTH),
  refusal("Cloudflare: 429", refused(429, page("You are being rate limited")), RATE),
  row("a page with a good status", refused(200, page("Sign in")), {
    ...MALFORMED,
    status: 200,
    says: /Sign in/,
  }),
  row("a page as an error part", page("Sign in"), { ...MALFORMED, says: /Sign in/ }),
  refusal("a proxy that wants a password", refused(407, ""), AUTH),
  refusal("a redirect that was not followed", refused(302, ""), ADDRESS),
  refusal(
    "Envoy: no upstream",
    refused(503, "upstream connect error or disconnect/reset before headers"),
    OVERLOADED,
  ),
];

/** Statuses alone, as RFC 9110 and the field use them. */
const bare: readonly Row[] = (
  [
    [400, OTHER],
    [401, AUTH],
    [402, QUOTA],
    [403, AUTH],
    [404, ADDRESS],
    [408, UNAVAILABLE],
    [409, UNAVAILABLE],
    [410, MODEL],
    [413, SIZE],
    [415, OTHER],
    [422, OTHER],
    [425, UNAVAILABLE],
    [429, RATE],
    [431, SIZE],
    [499, UNAVAILABLE],
    [500, UNAVAILABLE],
    [501, OTHER],
    [503, OVERLOADED],
    [507, UNAVAILABLE],
  ] as const
).map(([status, fault]) => refusal(`a bare ${status}`, refused(status, ""), fault));

/** LiteLLM and the like put another's error into a sentence, Python's way or JSON's. */
const wrapped: readonly Row[] = [
  row(
    "a status and a body in a sentence",
    new Error('429 {"error":{"message":"Slow","type":"tokens","code":"rate_limit_exceeded"}}'),
    { ...RATE, status: 429, says: "Slow" },
  ),
  row(
    "a body as Python prints it",
    "Error code: 400 - {'error': {'message': 'Too long', 'code': 'context_length_exceeded'}}",
    { ...OVERFLOW, status: 400 },
  ),
  row("a body in the message of an error", new Error('{"error":{"code":503}}'), {
    ...OVERLOADED,
    status: 503,
  }),
  refusal(
    "LiteLLM: a budget",
    refused(400, { error: { message: "Budget has been exceeded! Current cost: 1", code: "400" } }),
    QUOTA,
  ),
  refusal(
    "a body cut off",
    refused(429, '{"error": {"message": "You have no cre", "code": "insufficient_quota"'),
    QUOTA,
  ),
  refusal(
    "an event in place of a body",
    refused(429, 'event: error\ndata: {"error":{"type":"overloaded_error","message":"m"}}\n\n'),
    OVERLOADED,
  ),
];

export const gatewayRows: readonly Row[] = [...openRouter, ...pages, ...bare, ...wrapped];
