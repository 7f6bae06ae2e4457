import type { Random } from "./random.ts";

export interface Backoff {
  /** Upper bound of the first wait, milliseconds. */
  readonly baseMs: number;
  /** No wait is longer than this, milliseconds. */
  readonly maxMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt` (the first retry is 1). Exponential with full
 * jitter: uniform in [0, min(maxMs, baseMs * 2^(attempt-1))], which spreads a herd best
 * (AWS Architecture Blog, "Exponential Backoff And Jitter").
 */
export function backoffMs(backoff: Backoff, attempt: number, random: Random): number {
  const cap = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(random() * cap);
}
