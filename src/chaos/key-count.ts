/** How often each key came, within limits: what has waited longest for another is forgotten. */
export interface KeyCount {
  /** How often so far; 0 for what was forgotten. */
  of(key: string): number;
  /** Counts one more, and tells which it is, from 1. */
  next(key: string): number;
}

export function keyCount(keysMax: number): KeyCount {
  const counts = new Map<string, number>();
  return {
    of: (key) => counts.get(key) ?? 0,
    next: (key) => {
      const nth = (counts.get(key) ?? 0) + 1;
      // Taken out and put back: the key that was longest silent is the first in the map.
      counts.delete(key);
      counts.set(key, nth);
      if (counts.size > keysMax) for (const oldest of counts.keys().take(1)) counts.delete(oldest);
      return nth;
    },
  };
}
