/** Every code a `BridleError` can carry, in one place. The CLI maps them to exit codes. */
export type ErrorCode =
  | "config_missing"
  | "config_invalid"
  | "agent_unknown"
  | "agent_invalid"
  | "agent_broken"
  | "tool_invalid"
  | "intent_invalid"
  | "policy_invalid"
  | "approval_invalid"
  | "approval_unknown"
  | "approval_ambiguous"
  | "breaker_unknown"
  | "breaker_contended"
  | "model_unknown"
  | "model_key_missing"
  | "model_failed"
  | "route_invalid"
  | "input_invalid"
  | "input_too_large"
  | "run_unknown"
  | "run_running"
  | "run_terminal"
  | "run_ambiguous"
  | "idempotency_mismatch"
  | "event_invalid"
  | "event_too_large"
  | "event_unknown_version"
  | "events_limit"
  | "blob_too_large"
  | "blob_missing"
  | "fenced"
  | "sequence_conflict"
  | "journal_corrupt"
  | "store_busy"
  | "store_corrupt"
  | "store_full"
  | "store_newer"
  | "store_unreadable"
  | "store_closed"
  | "limit_invalid"
  | "port_in_use"
  | "usage"
  | "aborted"
  | "invariant_broken";

export interface ErrorParts {
  /** What the caller can do next, one sentence. */
  readonly hint?: string;
  /** For the developer's log only: never sent to a model or over HTTP. */
  readonly detail?: unknown;
  readonly cause?: unknown;
}

/** Registered, so that an error of another copy of this package is one too. */
const brand = Symbol.for("bridle.error");

/**
 * The one error class. `message` is one sentence for whoever called, `hint` the next step,
 * `detail` is for the developer alone. Expected outcomes are values, not errors: this is for
 * misuse and the unexpected.
 */
export class BridleError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly detail: unknown;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && brand in value;
  }

  constructor(code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = "BridleError";
    this.code = code;
    this.hint = parts.hint;
    this.detail = parts.detail;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a `BridleError`, of the given code when one is named. */
export function isBridleError(value: unknown, code?: ErrorCode): value is BridleError {
  return value instanceof BridleError && (code === undefined || value.code === code);
}

/** One line for a log or an observation, from anything that was thrown. */
export function errorMessage(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  try {
    if (thrown instanceof Error) return ownMessage(thrown);
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return "something that cannot be shown was thrown";
  }
}

/** Errors of plain JavaScript may carry anything as their message. */
function ownMessage({ message, name }: { message: unknown; name: string }): string {
  return typeof message === "string" && message !== "" ? message : name;
}
