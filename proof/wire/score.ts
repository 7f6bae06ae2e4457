/**
 * What one played task is worth, by the same rule for every loop: the state of the database, the
 * writes that were applied to it, and what the loop claims. No loop sees the reference solution.
 */
import { canonicalJson } from "../../src/std/json.ts";
import type { Domain } from "../tau/data.ts";
import type { Db } from "../tau/db.ts";
import { dbHash, expectedHash } from "../tau/score.ts";
import type { Task, TaskAction } from "../tau/task.ts";

/** How a loop ended. */
export interface Claim {
  /** The loop says that the work is done: it ended without an error and not for a limit. */
  readonly claimedDone: boolean;
  /** Why it does not say so. */
  readonly error?: string;
}

/** One call that reached a tool, in the order of the calls. */
export interface ScoredCall extends TaskAction {
  readonly effect: "read" | "write";
  readonly kind: "result" | "refused";
}

export interface Outcome extends Claim {
  readonly task: Task;
  readonly db: Db;
  readonly calls: readonly ScoredCall[];
}

export interface WireScore {
  /** The database is in the state that the reference solution leaves. */
  readonly isExact: boolean;
  /** Claimed as done, and the database is in another state. */
  readonly isSilent: boolean;
  /** Applications of a write beyond those that the reference has of it, or beyond the first. */
  readonly doubled: number;
  readonly claimedDone: boolean;
  readonly error: string | null;
}

export function scoreWire(domain: Domain, outcome: Outcome): WireScore {
  const { task, db, calls, claimedDone, error } = outcome;
  const isExact = dbHash(db) === expectedHash(domain, task);
  return {
    isExact,
    isSilent: claimedDone && !isExact,
    doubled: doubledWrites(task, calls),
    claimedDone,
    error: error ?? null,
  };
}

/**
 * The same write, by name and arguments, applied more often than it is in the reference. A write
 * that the reference does not have may happen once: that is a wrong write, not a doubled one.
 */
function doubledWrites(task: Task, calls: readonly ScoredCall[]): number {
  const wanted = countCalls(task.actions);
  const applied = countCalls(
    calls.filter(({ effect, kind }) => effect === "write" && kind === "result"),
  );
  let doubled = 0;
  for (const [write, times] of applied) doubled += Math.max(0, times - (wanted.get(write) ?? 1));
  return doubled;
}

function countCalls(calls: readonly TaskAction[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const call of calls) {
    const key = canonicalJson([call.name, call.arguments]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
