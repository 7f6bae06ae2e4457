/**
 * How a tool says that it did not work. What matters most is whether the effect happened:
 * a `ToolError` says it did not, anything else that is thrown leaves it open.
 */
export class ToolError extends Error {
  /** True when the same call may succeed later. */
  readonly isTransient: boolean;
  /** "no": nothing was changed. "unknown": it may have been. */
  readonly happened: "no" | "unknown";
  /** What the model should do instead. */
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: {
      readonly isTransient?: boolean;
      readonly happened?: "no" | "unknown";
      readonly hint?: string;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ToolError";
    this.isTransient = options.isTransient ?? false;
    this.happened = options.happened ?? "no";
    this.hint = options.hint;
  }
}

/** By its shape: the tool may come from another copy of this package. */
export function isToolError(thrown: unknown): thrown is ToolError {
  if (thrown instanceof ToolError) return true;
  return (
    thrown instanceof Error &&
    thrown.name === "ToolError" &&
    "isTransient" in thrown &&
    typeof thrown.isTransient === "boolean" &&
    "happened" in thrown &&
    (thrown.happened === "no" || thrown.happened === "unknown")
  );
}

/** Error codes of Node's network stack for failures that pass. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

/** True when trying again may help: said by the tool, or a network failure by its code. */
export function isTransient(thrown: unknown): boolean {
  if (isToolError(thrown)) return thrown.isTransient;
  if (!(thrown instanceof Error)) return false;
  if (thrown.name === "TimeoutError" || thrown.name === "AbortError") return true;
  const codes = [thrown, thrown.cause].map((error) =>
    typeof error === "object" && error !== null && "code" in error ? error.code : undefined,
  );
  return codes.some((code) => typeof code === "string" && TRANSIENT_CODES.has(code));
}

/** True when a throw proves that nothing was changed. */
export function didNotHappen(thrown: unknown): boolean {
  if (isToolError(thrown)) return thrown.happened === "no";
  // The connection was refused: the request never left.
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : undefined;
  return (
    typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ECONNREFUSED"
  );
}
