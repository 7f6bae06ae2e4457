import { describe, expect } from "vitest";
import type { Dialect } from "../../../src/chaos/door.ts";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../../src/std/json.ts";
import { expectGroup, type Expectation } from "./group.ts";
import type { Tried } from "./trial.ts";

function errorOf({ seen }: Tried): JsonObject {
  const parsed = parseJson(seen.text);
  const body: Json = parsed.ok ? parsed.value : null;
  const error = isJsonObject(body) ? body["error"] : undefined;
  if (!isJsonObject(error)) throw new Error(`no error in ${seen.text}`);
  return error;
}

/** The word by which a client of each dialect tells errors apart. */
function wordOf(tried: Tried): Json | undefined {
  const error = errorOf(tried);
  if (tried.dialect === "anthropic") return error["type"];
  return tried.dialect === "gemini" ? error["status"] : error["code"];
}

interface Wanted {
  readonly status: number;
  readonly openai?: string | null;
  readonly anthropic?: string;
  readonly gemini?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

function wanted(expected: Wanted): Expectation {
  const words: Readonly<Record<Dialect, string | null | undefined>> = {
    "openai-chat": expected.openai,
    "openai-responses": expected.openai,
    anthropic: expected.anthropic,
    gemini: expected.gemini,
  };
  return (tried) => {
    const { seen, dialect } = tried;
    expect(seen).toMatchObject({ status: expected.status, ended: "whole" });
    expect(seen.headers["content-type"]).toBe("application/json");
    expect(seen.headers["x-bridle-simulated"]).toBe("bench");
    expect(wordOf(tried)).toBe(words[dialect]);
    for (const [name, value] of Object.entries(expected.headers ?? {})) {
      expect(seen.headers[name]).toBe(value);
    }
  };
}

function page(status: number, words: string): Expectation {
  return ({ seen }) => {
    expect(seen).toMatchObject({ status, ended: "whole" });
    expect(seen.headers["content-type"]).toContain("text/html");
    expect(seen.text).toContain(`<title>${words}</title>`);
  };
}

const LIMITED: Wanted = {
  status: 429,
  openai: "rate_limit_exceeded",
  anthropic: "rate_limit_error",
  gemini: "RESOURCE_EXHAUSTED",
};
const OVERLOADED: Wanted = {
  status: 503,
  openai: "server_is_overloaded",
  anthropic: "overloaded_error",
  gemini: "UNAVAILABLE",
};

/** Between now and so many seconds from now, give or take the second that is cut off. */
function expectSoon(date: string | undefined, seconds: number): void {
  const ms = Date.parse(date ?? "") - Date.now();
  expect(ms).toBeGreaterThan((seconds - 2) * 1000);
  expect(ms).toBeLessThanOrEqual((seconds + 1) * 1000);
}

function expectQuota(quota: string, delay: string): Expectation {
  return (tried) => {
    wanted(LIMITED)(tried);
    const details = JSON.stringify(errorOf(tried)["details"]);
    expect(details).toContain(quota);
    expect(details).toContain(`"retryDelay":"${delay}"`);
    expect(tried.seen.headers["retry-after"]).toBeUndefined();
  };
}

const httpExpectations: Readonly<Record<string, Expectation>> = {
  rate_limited_short: wanted({ ...LIMITED, headers: { "retry-after": "2" } }),
  rate_limited_long: wanted({ ...LIMITED, headers: { "retry-after": "120" } }),
  rate_limited_date: (tried) => {
    wanted(LIMITED)(tried);
    expectSoon(tried.seen.headers["retry-after"], 2);
    expect(tried.seen.headers["retry-after"]).toMatch(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/);
  },
  rate_limited_ms: wanted({
    ...LIMITED,
    headers: { "retry-after-ms": "1500", "retry-after": undefined },
  }),
  rate_limited_bare: wanted({
    ...LIMITED,
    headers: { "retry-after": undefined, "retry-after-ms": undefined },
  }),
  rate_limited_garbled: wanted({ ...LIMITED, headers: { "retry-after": "soon" } }),
  rate_limited_reset: wanted({
    ...LIMITED,
    headers: {
      "retry-after": undefined,
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "2s",
    },
  }),
  rate_limited_reset_time: (tried) => {
    wanted({ ...LIMITED, headers: { "retry-after": undefined } })(tried);
    const reset = tried.seen.headers["anthropic-ratelimit-requests-reset"];
    expectSoon(reset, 2);
    expect(reset).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}Z$/);
  },
  rate_limited_retry_info: expectQuota("PerMinute", "2s"),
  quota_per_day: expectQuota("PerDay", "30s"),
  quota_exhausted: wanted({ status: 429, openai: "insufficient_quota" }),
  spend_limit: (tried) => {
    wanted({
      status: 429,
      openai: "organization_spend_limit_exceeded",
      anthropic: "rate_limit_error",
      headers: { "retry-after": undefined },
    })(tried);
    if (tried.dialect !== "anthropic") return;
    expect(errorOf(tried)["details"]).toEqual({ error_code: "enforced_spend_limit_reached" });
  },
  slow_down: wanted({ ...LIMITED, openai: "slow_down", headers: { "retry-after": "3" } }),
  server_error: wanted({
    status: 500,
    openai: "server_error",
    anthropic: "api_error",
    gemini: "INTERNAL",
  }),
  server_error_html: page(500, "500 Internal Server Error"),
  bad_gateway: page(502, "502 Bad Gateway"),
  unavailable: wanted({ ...OVERLOADED, headers: { "retry-after": undefined } }),
  unavailable_retry_after: wanted({ ...OVERLOADED, headers: { "retry-after": "2" } }),
  gateway_timeout: wanted({
    status: 504,
    openai: "timeout",
    anthropic: "timeout_error",
    gemini: "DEADLINE_EXCEEDED",
  }),
  gateway_timeout_html: page(504, "504 Gateway Time-out"),
  overloaded: wanted({ status: 529, anthropic: "overloaded_error" }),
  request_timeout: wanted({
    status: 408,
    openai: null,
    anthropic: "timeout_error",
    gemini: "DEADLINE_EXCEEDED",
  }),
  conflict: wanted({
    status: 409,
    openai: null,
    anthropic: "invalid_request_error",
    gemini: "ABORTED",
  }),
  too_large_html: page(413, "413 Request Entity Too Large"),
  unauthorized: wanted({
    status: 401,
    openai: "invalid_api_key",
    anthropic: "authentication_error",
    gemini: "UNAUTHENTICATED",
  }),
  forbidden: wanted({
    status: 403,
    openai: "model_not_allowed",
    anthropic: "permission_error",
    gemini: "PERMISSION_DENIED",
  }),
  payment_required: wanted({
    status: 402,
    openai: "insufficient_credits",
    anthropic: "billing_error",
    gemini: "FAILED_PRECONDITION",
  }),
  model_not_found: wanted({
    status: 404,
    openai: "model_not_found",
    anthropic: "not_found_error",
    gemini: "NOT_FOUND",
  }),
  address_not_found: page(404, "404 Not Found"),
  bad_request: wanted({
    status: 400,
    openai: null,
    anthropic: "invalid_request_error",
    gemini: "INVALID_ARGUMENT",
  }),
  signature_refused: (tried) => {
    wanted({ status: 400, anthropic: "invalid_request_error", gemini: "INVALID_ARGUMENT" })(tried);
    expect(errorOf(tried)["message"]).toContain("signature");
  },
  html_with_200: page(200, "Please sign in"),
  empty_200: ({ seen }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole", text: "" });
    expect(seen.headers["content-length"]).toBe("0");
  },
};

describe("http faults", () => {
  expectGroup("http", httpExpectations);
});
