/** Decisions remembered; the oldest is forgotten first, and then counts as never asked for. */
const DECISIONS_MAX = 100_000;

/** How often each decision of each run was asked for. */
export interface RepeatCount {
  /** How often so far. */
  of(runKey: string, decision: number): number;
  /** Counts one more, and tells how often it was asked for before. */
  ask(runKey: string, decision: number): number;
}

export function repeatCount(decisionsMax: number = DECISIONS_MAX): RepeatCount {
  const counts = new Map<string, number>();
  const keyOf = (runKey: string, decision: number): string => `${decision} ${runKey}`;
  return {
    of: (runKey, decision) => counts.get(keyOf(runKey, decision)) ?? 0,
    ask: (runKey, decision) => {
      const key = keyOf(runKey, decision);
      const before = counts.get(key) ?? 0;
      if (before === 0 && counts.size >= decisionsMax) {
        for (const oldest of counts.keys().take(1)) counts.delete(oldest);
      }
      counts.set(key, before + 1);
      return before;
    },
  };
}
