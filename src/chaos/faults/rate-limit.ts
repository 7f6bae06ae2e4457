/** 429 in its many forms: how long to wait is told in a header, in the body, or not at all. */
import type { Json } from "../../std/json.ts";
import { systemClock } from "../../std/clock.ts";
import type { Dialect, FaultContext, Planned, WireFault } from "../exchange.ts";
import { numberOf } from "./argument.ts";
import { errorReply, RATE_LIMITED, type ProviderError } from "./provider-error.ts";

interface Limit {
  readonly name: string;
  readonly summary: string;
  readonly dialects?: readonly Dialect[];
  /** When the caller names no other. */
  readonly waitMs: number;
  readonly reply: (context: FaultContext, waitMs: number) => Planned;
}

/** A limit that tells its wait, and that the server then holds the client to. */
function limit(parts: Limit): WireFault {
  const { name, summary, dialects, waitMs } = parts;
  return {
    name,
    group: "http",
    summary,
    argument: `milliseconds to wait; ${waitMs} when left out`,
    ...(dialects === undefined ? {} : { dialects }),
    reply: (context) => parts.reply(context, context.leftMs ?? numberOf(context, waitMs)),
    blocksForMs: (context) => numberOf(context, waitMs),
  };
}

function inSeconds(ms: number): string {
  return String(Math.ceil(ms / 1000));
}

/** OpenAI writes `1s`, `6m0s`; https://platform.openai.com/docs/guides/rate-limits. */
function openaiDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

function later(ms: number): Date {
  // HTTP dates have no milliseconds: rounded up, or the client would come too early.
  return new Date(Math.ceil((systemClock.now() + ms) / 1000) * 1000);
}

function rateLimited(context: FaultContext, headers: Readonly<Record<string, string>>): Planned {
  return errorReply(context, RATE_LIMITED, headers);
}

const RPC = "type.googleapis.com/google.rpc";

function quotaDetails(quotaId: string, retryMs: number): Json {
  const violation = {
    quotaMetric: "generativelanguage.googleapis.com/generate_content_requests",
    quotaId,
    quotaDimensions: { location: "global", model: "simulated" },
    quotaValue: "10",
  };
  return [
    { "@type": `${RPC}.QuotaFailure`, violations: [violation] },
    { "@type": `${RPC}.RetryInfo`, retryDelay: `${inSeconds(retryMs)}s` },
  ];
}

function geminiLimited(context: FaultContext, details: Json): Planned {
  const message = "You exceeded your current quota, please check your plan and billing details.";
  return errorReply(context, { ...RATE_LIMITED, message, details });
}

const QUOTA: ProviderError = {
  ...RATE_LIMITED,
  message: "You exceeded your current quota, please check your plan and billing details.",
  openai: { type: "insufficient_quota", code: "insufficient_quota" },
};

const SPEND: ProviderError = {
  ...RATE_LIMITED,
  message: "Your organization has reached its spend limit.",
  openai: { type: "insufficient_quota", code: "organization_spend_limit_exceeded" },
};

const SLOW_DOWN: ProviderError = {
  ...RATE_LIMITED,
  message: "Your rate of requests grew too fast. Please slow down and ramp up gradually.",
  openai: { type: "rate_limit_error", code: "slow_down" },
};

export const rateLimitFaults: readonly WireFault[] = [
  limit({
    name: "rate_limited_short",
    summary: "429 with retry-after in seconds, as most providers send it",
    waitMs: 2_000,
    reply: (context, ms) => rateLimited(context, { "retry-after": inSeconds(ms) }),
  }),
  limit({
    name: "rate_limited_long",
    summary: "429 whose retry-after is longer than the 60 s that common clients heed",
    waitMs: 120_000,
    reply: (context, ms) => rateLimited(context, { "retry-after": inSeconds(ms) }),
  }),
  limit({
    name: "rate_limited_date",
    summary: "429 whose retry-after is an HTTP date (RFC 9110, 10.2.3)",
    waitMs: 2_000,
    reply: (context, ms) => rateLimited(context, { "retry-after": later(ms).toUTCString() }),
  }),
  limit({
    name: "rate_limited_ms",
    summary: "429 with retry-after-ms, as OpenAI and Azure send it",
    waitMs: 1_500,
    reply: (context, ms) => rateLimited(context, { "retry-after-ms": String(Math.ceil(ms)) }),
  }),
  {
    name: "rate_limited_bare",
    group: "http",
    summary: "429 that does not say how long to wait",
    reply: (context) => rateLimited(context, {}),
  },
  {
    name: "rate_limited_garbled",
    group: "http",
    summary: "429 whose retry-after is neither a number nor a date",
    reply: (context) => rateLimited(context, { "retry-after": "soon" }),
  },
  limit({
    name: "rate_limited_reset",
    summary: "429 that tells the wait in x-ratelimit-reset-requests alone, as 2s or 1m30s",
    dialects: ["openai-chat", "openai-responses"],
    waitMs: 2_000,
    reply: (context, ms) =>
      rateLimited(context, {
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": openaiDuration(ms),
      }),
  }),
  limit({
    name: "rate_limited_reset_time",
    summary: "429 that tells the wait in anthropic-ratelimit-requests-reset alone (RFC 3339)",
    dialects: ["anthropic"],
    waitMs: 2_000,
    reply: (context, ms) =>
      rateLimited(context, {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": later(ms).toISOString().replace(".000Z", "Z"),
      }),
  }),
  limit({
    name: "rate_limited_retry_info",
    summary: "429 that tells the wait in the body's google.rpc.RetryInfo alone, per minute",
    dialects: ["gemini"],
    waitMs: 2_000,
    reply: (context, ms) =>
      geminiLimited(
        context,
        quotaDetails("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", ms),
      ),
  }),
  {
    name: "quota_per_day",
    group: "http",
    summary: "429 for the quota of a day; its RetryInfo of 30 s invites a loop that cannot help",
    dialects: ["gemini"],
    reply: (context) =>
      geminiLimited(
        context,
        quotaDetails("GenerateRequestsPerDayPerProjectPerModel-FreeTier", 30_000),
      ),
  },
  {
    name: "quota_exhausted",
    group: "http",
    summary: "429 insufficient_quota: the money is gone and waiting does not help",
    dialects: ["openai-chat", "openai-responses"],
    reply: (context) => errorReply(context, QUOTA),
  },
  {
    name: "spend_limit",
    group: "http",
    summary: "429 for a spend limit, without retry-after: never worth a retry",
    dialects: ["openai-chat", "openai-responses", "anthropic"],
    reply: (context) =>
      errorReply(
        context,
        context.dialect === "anthropic"
          ? { ...SPEND, details: { error_code: "enforced_spend_limit_reached" } }
          : SPEND,
      ),
  },
  limit({
    name: "slow_down",
    summary: "429 slow_down for a ramp that is too steep, with retry-after",
    dialects: ["openai-chat", "openai-responses", "anthropic"],
    waitMs: 3_000,
    reply: (context, ms) => errorReply(context, SLOW_DOWN, { "retry-after": inSeconds(ms) }),
  }),
];
