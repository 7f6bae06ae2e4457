import { BridleError } from "../std/error.ts";

/** A run key longer than this does not belong in a URL. */
const RUN_KEY_CHARACTERS_MAX = 512;

/**
 * The path prefix that carries a run key, so that any client can be pointed at its own run by its
 * base URL alone. The empty key has none. Throws `input_invalid` for a key a URL cannot carry.
 */
export function runPrefix(runKey: string): string {
  if (runKey === "") return "";
  // A URL parser resolves "." and ".." away, percent-encoded or not (WHATWG URL, 4.4).
  const isDots = runKey === "." || runKey === "..";
  if (isDots || !runKey.isWellFormed() || runKey.length > RUN_KEY_CHARACTERS_MAX) {
    throw new BridleError("input_invalid", "This run key cannot travel in a URL.", {
      hint: `Use well-formed text of at most ${RUN_KEY_CHARACTERS_MAX} characters, not dots alone.`,
    });
  }
  return `/r/${encodeURIComponent(runKey)}`;
}

export interface Address {
  readonly runKey: string;
  /** What follows the prefix: `/v1/chat/completions`. */
  readonly path: string;
  /** The same with its query, as it was written. */
  readonly target: string;
  readonly query: URLSearchParams;
}

/** Splits a request target. Undefined for a key that `runPrefix` would not have let travel. */
export function readAddress(target: string): Address | undefined {
  const mark = target.indexOf("?");
  const whole = mark === -1 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1));
  if (!whole.startsWith("/r/")) return { runKey: "", path: whole, target, query };
  const slash = whole.indexOf("/", 3);
  const end = slash === -1 ? whole.length : slash;
  const runKey = decoded(whole.slice(3, end));
  // What is remembered of a run goes by its key: one without a limit would have memory without one.
  if (runKey === undefined || runKey.length > RUN_KEY_CHARACTERS_MAX) return undefined;
  return { runKey, path: whole.slice(end), target: target.slice(end), query };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
