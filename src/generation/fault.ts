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
  /** A streamed answer had begun: what was made of it is billed, whatever the status says. */
  readonly hasBegun?: boolean;
  /** The provider asked to wait this long, ms. */
  readonly retryAfterMs?: number;
}

/** Shapes of keys, and where addresses and headers carry them. */
const KEY_SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\b(?:sk|pk|rk|gsk|xai|key)[-_][\w-]{8,}/g, "[key]"],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, "$1 [key]"],
  [/([?&](?:api[-_]?key|key|token|access_token)=)[^&\s"']+/gi, "$1[key]"],
  [/(:\/\/)[^/\s:@]+:[^/\s@]+@/g, "$1[key]@"],
];
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD/i;

/** Servers quote what they refuse: keys of the environment and what looks like one go. */
export function redactKeys(text: string): string {
  let redacted = text;
  for (const [name, value = ""] of Object.entries(process.env)) {
    if (value.length < 8 || !SECRET_NAME.test(name)) continue;
    redacted = redacted.replaceAll(value, `[${name}]`);
  }
  for (const [shape, instead] of KEY_SHAPES) redacted = redacted.replaceAll(shape, instead);
  return redacted;
}

/** Statuses after which the same request may succeed. */
const TRANSIENT_STATUS: ReadonlySet<number> = new Set([
  408, 409, 425, 429, 500, 502, 503, 504, 529,
]);

export function classifyFault(thrown: unknown, stop: { readonly aborted: boolean }): Fault {
  if (stop.aborted) return { kind: "aborted", message: "the model call was cancelled" };
  const message = redactKeys(errorMessage(thrown)).slice(0, 500);
  const facts = typeof thrown === "object" && thrown !== null ? thrown : {};
  const status = "statusCode" in facts ? facts.statusCode : undefined;
  // An answer that broke off is reported under the status it began with, and that was no refusal.
  const isBroken = typeof status === "number" && status < 300;
  if (isBroken && "cause" in facts && facts.cause instanceof TypeError) {
    return { kind: "transient", message };
  }
  if (typeof status === "number") {
    const retryAfterMs = retryAfterOf(facts);
    const kind = TRANSIENT_STATUS.has(status) ? "transient" : "rejected";
    return { kind, message, status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if ("name" in facts && facts.name === "TimeoutError") return { kind: "transient", message };
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
