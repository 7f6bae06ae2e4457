import { backoffMs, type Backoff } from "../std/backoff.ts";
import type { Random } from "../std/random.ts";
import type { Fault } from "./fault.ts";

export interface ModelRetry extends Backoff {
  readonly attemptsMax: number;
  /** A provider that asks to wait longer than this is not waited for here. */
  readonly waitMaxMs: number;
  /** An attempt without a whole answer after this long is given up, ms. Default 600,000. */
  readonly timeoutMs?: number;
}

export const defaultModelRetry: ModelRetry = {
  attemptsMax: 5,
  baseMs: 500,
  maxMs: 15_000,
  waitMaxMs: 60_000,
};

/** How long to wait before asking again, or null when asking again is not the answer. */
export function retryDelayMs(
  retry: ModelRetry,
  failure: { readonly fault: Fault; readonly attempts: number },
  random: Random,
): number | null {
  const { fault, attempts } = failure;
  if (fault.kind !== "transient" || attempts >= retry.attemptsMax) return null;
  const asked = fault.retryAfterMs ?? 0;
  if (asked > retry.waitMaxMs) return null;
  return Math.max(asked, backoffMs(retry, attempts, random));
}
