/**
 * What went wrong when a model was asked, in as few kinds as decide what happens next. The whole
 * classifier of provider faults is to stand here; today it knows what plain retrying needs.
 */
import { errorMessage } from "../std/error.ts";

export type FaultKind = "transient" | "rejected" | "aborted" | "malformed";

export interface Fault {
  readonly kind: FaultKind;
  /** For a person and the journal; never holds a key or a request body. */
  readonly message: string;
  readonly status?: number;
  /** The provider asked to wait this long, ms. */
  readonly retryAfterMs?: number;
}

/** Statuses after which the same request may succeed. */
const TRANSIENT_STATUS: ReadonlySet<number> = new Set([
  408, 409, 425, 429, 500, 502, 503, 504, 529,
]);

export function classifyFault(thrown: unknown, abortSignal: AbortSignal): Fault {
  if (abortSignal.aborted) return { kind: "aborted", message: "the model call was cancelled" };
  const message = errorMessage(thrown).slice(0, 500);
  const facts = typeof thrown === "object" && thrown !== null ? thrown : {};
  const status = "statusCode" in facts ? facts.statusCode : undefined;
  if (typeof status === "number") {
    const retryAfterMs = retryAfterOf(facts);
    const kind = TRANSIENT_STATUS.has(status) ? "transient" : "rejected";
    return { kind, message, status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if ("isRetryable" in facts && facts.isRetryable === true) return { kind: "transient", message };
  if (thrown instanceof TypeError && message.includes("fetch failed")) {
    return { kind: "transient", message };
  }
  if (message.includes("terminated") || message.includes("ECONNRESET")) {
    return { kind: "transient", message };
  }
  return { kind: "rejected", message };
}

function retryAfterOf(facts: object): number | undefined {
  const headers = "responseHeaders" in facts ? facts.responseHeaders : undefined;
  if (typeof headers !== "object" || headers === null) return undefined;
  const value = "retry-after" in headers ? headers["retry-after"] : undefined;
  const seconds = typeof value === "string" ? Number(value) : Number.NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
