import type { PlannedFault, RateGate } from "./exchange.ts";

/** Runs that are held back at once; the one that was closed first is let in first. */
const RUNS_MAX = 10_000;
/** No provider names a longer time. */
const CLOSED_MS_MAX = 24 * 60 * 60_000;
/** Timers strike a little early, and clocks of two programs read differently. */
const TOLERANCE_MS = 25;

/**
 * Holds a client to the time that a fault named: whoever comes earlier is refused again and told
 * how long it has to wait yet. By run key: clients of the plain address share one.
 */
export function rateGate(now: () => number = Date.now): RateGate {
  const closed = new Map<string, { readonly planned: PlannedFault; readonly untilMs: number }>();
  return {
    closedFor: (runKey) => {
      const entry = closed.get(runKey);
      if (entry === undefined) return undefined;
      const leftMs = entry.untilMs - now();
      if (leftMs > TOLERANCE_MS) return { planned: entry.planned, leftMs };
      closed.delete(runKey);
      return undefined;
    },
    close: (runKey, planned, ms) => {
      const untilMs = now() + Math.min(ms, CLOSED_MS_MAX);
      if ((closed.get(runKey)?.untilMs ?? 0) >= untilMs) return;
      closed.delete(runKey);
      closed.set(runKey, { planned, untilMs });
      if (closed.size > RUNS_MAX) for (const first of closed.keys().take(1)) closed.delete(first);
    },
  };
}
