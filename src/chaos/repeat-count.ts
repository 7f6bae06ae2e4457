import { keyCount } from "./key-count.ts";

/** Decisions remembered; one that was forgotten counts as never asked for. */
const DECISIONS_MAX = 100_000;

/** How often each decision of each run was asked for. */
export interface RepeatCount {
  /** How often so far. */
  of(runKey: string, decision: number): number;
  /** Counts one more, and tells how often it was asked for before. */
  ask(runKey: string, decision: number): number;
}

export function repeatCount(decisionsMax: number = DECISIONS_MAX): RepeatCount {
  const counts = keyCount(decisionsMax);
  const keyOf = (runKey: string, decision: number): string => `${decision} ${runKey}`;
  return {
    of: (runKey, decision) => counts.of(keyOf(runKey, decision)),
    ask: (runKey, decision) => counts.next(keyOf(runKey, decision)) - 1,
  };
}
