/** One thing that a client throws or a stream brings, and the fault it is. */
import { STATUS_CODES } from "node:http";
import { APICallError } from "@ai-sdk/provider";
import type { FaultSource } from "../../../src/generation/fault/classify.ts";
import type { Nature } from "../../../src/generation/fault/nature.ts";

export interface Row {
  readonly name: string;
  readonly thrown: unknown;
  /** Kind and members of the kind, whole: nothing else may be there. */
  readonly fault: Nature;
  readonly status?: number | undefined;
  readonly arrived?: FaultSource["arrived"];
  readonly hasBegun?: boolean;
  /** The message holds this. */
  readonly says?: string | RegExp;
}

/** The clock of every row. */
export const NOW: number = Date.UTC(2026, 10, 20, 12, 0, 0);

export type Rest = Omit<Row, "name" | "thrown" | "fault">;

/** An answer with this status and body, as the AI SDK's clients throw it. */
export function refused(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): APICallError {
  return new APICallError({
    message: STATUS_CODES[status] ?? "",
    url: "https://provider.test/v1/chat",
    requestBodyValues: { messages: [{ role: "user", content: "rate limit, prompt is too long" }] },
    statusCode: status,
    responseHeaders: { "content-type": "application/json", ...headers },
    responseBody: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** A row for a refused request; its status is the answer's. */
export function refusal(name: string, thrown: APICallError, fault: Nature): Row {
  return { name, thrown, fault, status: thrown.statusCode };
}

/** Any other row: the fault's members, and what else is expected. */
export function row(name: string, thrown: unknown, expected: Nature & Rest): Row {
  const { status, arrived, hasBegun, says, ...fault } = expected;
  return {
    name,
    thrown,
    fault,
    status,
    ...(arrived === undefined ? {} : { arrived }),
    ...(hasBegun === undefined ? {} : { hasBegun }),
    ...(says === undefined ? {} : { says }),
  };
}

export const RATE: Nature = { kind: "rate_limited" };
export const QUOTA: Nature = { kind: "quota_exhausted" };
export const OVERLOADED: Nature = { kind: "overloaded" };
export const UNAVAILABLE: Nature = { kind: "unavailable" };
export const AUTH: Nature = { kind: "auth" };
export const FILTERED: Nature = { kind: "content_filtered" };
export const MALFORMED: Nature = { kind: "malformed" };
export const OVERFLOW: Nature = { kind: "context_overflow" };
export const HISTORY: Nature = { kind: "invalid_request", about: "history" };
export const MODEL: Nature = { kind: "invalid_request", about: "model" };
export const ADDRESS: Nature = { kind: "invalid_request", about: "address" };
export const SIZE: Nature = { kind: "invalid_request", about: "size" };
export const OTHER: Nature = { kind: "invalid_request", about: "other" };

export function overflow(tokens: number, tokensMax: number): Nature {
  return { kind: "context_overflow", tokens, tokensMax };
}

export function wait(retryAfterMs: number): Nature {
  return { kind: "rate_limited", retryAfterMs };
}
