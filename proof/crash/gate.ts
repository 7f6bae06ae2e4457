/**
 * Where a child process can be killed. Each boundary has a name that is the same in every run of a
 * scenario: the operation, its ordinal, and the side of it.
 */
import { writeSync } from "node:fs";

/** `append 3 after`: the promise has resolved, nobody has been told. */
export type Side = "before" | "between" | "after";

export interface Gate {
  /** The boundaries passed so far, in order. */
  readonly passed: readonly string[];
  /** Counts one more operation of this name; what comes back passes its boundaries. */
  enter(operation: string): (side: Side) => void;
}

/** How long a child that nobody kills stands still before it gives up, ms. */
const STILL_MS = 30_000;

/** At the boundary `stopAt` the process says so and stands still, for its parent to kill it. */
export function openGate(stopAt: string | null): Gate {
  const passed: string[] = [];
  const counts = new Map<string, number>();
  return {
    passed,
    enter: (operation) => {
      const nth = (counts.get(operation) ?? 0) + 1;
      counts.set(operation, nth);
      return (side) => {
        const boundary = `${operation} ${nth} ${side}`;
        passed.push(boundary);
        if (boundary === stopAt) standStill(boundary);
      };
    },
  };
}

/** Nothing of this process runs on: no callback, no timer, no microtask. */
function standStill(boundary: string): never {
  writeSync(1, `${JSON.stringify({ at: boundary })}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STILL_MS);
  process.exit(70);
}
