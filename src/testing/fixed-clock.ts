import { setImmediate as nextTick } from "node:timers/promises";
import type { Clock } from "../std/clock.ts";

/** A clock that stands still until it is moved by hand. */
export interface FixedClock extends Clock {
  /**
   * Moves time on by whole milliseconds. Sleepers wake in the order of their deadlines, each at
   * its own moment, and what they start is given a turn before the next one wakes.
   */
  advance(ms: number): Promise<void>;
  /** How many sleep now. */
  readonly sleeping: number;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Starts at 2026-01-01T00:00:00Z unless told otherwise. */
export function fixedClock(startMs: number = Date.UTC(2026, 0, 1)): FixedClock {
  let now = startMs;
  const sleepers = new Set<Sleeper>();
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(reasonOf(signal));
        return;
      }
      const stop = (): void => {
        sleepers.delete(sleeper);
        reject(reasonOf(signal));
      };
      const wake = (): void => {
        sleepers.delete(sleeper);
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      const sleeper: Sleeper = { at: now + Math.max(0, ms), wake };
      sleepers.add(sleeper);
      signal?.addEventListener("abort", stop, { once: true });
    });
  const advance = async (ms: number): Promise<void> => {
    const until = now + ms;
    await nextTick();
    for (let next = earliest(sleepers, until); next; next = earliest(sleepers, until)) {
      now = Math.max(now, next.at);
      next.wake();
      await nextTick();
    }
    now = until;
    await nextTick();
  };
  return {
    now: () => now,
    sleep,
    advance,
    get sleeping() {
      return sleepers.size;
    },
  };
}

/** The first to wake no later than `until`; of two with one deadline, who slept first. */
function earliest(sleepers: Iterable<Sleeper>, until: number): Sleeper | undefined {
  let first: Sleeper | undefined;
  for (const sleeper of sleepers) {
    if (sleeper.at <= until && (first === undefined || sleeper.at < first.at)) first = sleeper;
  }
  return first;
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}
