/**
 * Group commit: writes of all runs that are waiting share one transaction and one fsync.
 *
 * Q1 A write's promise resolves only after the COMMIT that contains it.
 * Q2 A write that refuses (a `BridleError` thrown before it changed anything) fails alone; the
 *    others of its group commit.
 * Q3 Any other failure rolls the whole group back; each write is then tried by itself, so one
 *    bad write cannot take its neighbours down.
 * Q4 Writes run in the order they were submitted.
 * Q5 A locked database is waited for without blocking the event loop, up to `busyMs`.
 * Q6 Writes gather for one turn of the event loop. A writer that was found alone does not wait,
 *    but at least every `LONE_MS` the loop turns and looks again.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { type BridleError, isBridleError } from "../../std/error.ts";
import { closedError, isBusy, storeFailure } from "./failure.ts";

interface Write {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly since: number;
}

/** Who keeps state beside the tables learns when a transaction begins and when one is undone. */
export interface QueueObserver {
  readonly begun: () => void;
  readonly rolledBack: () => void;
}

/** A group that could not begin, in order, and why. */
interface Stopped {
  readonly writes: readonly Write[];
  readonly thrown: unknown;
}

/** From this many writes in one group on, the log is allowed to grow to so many pages. */
const CROWD = 8;
const CROWD_CHECKPOINT_PAGES = 400;

/**
 * Commits of a lone writer may follow each other for this long before the event loop gets a turn,
 * in which timers, sockets and other writers are served. Milliseconds.
 */
const LONE_MS = 2;

/** No group holds more, so that one transaction stays short. */
const GROUP_MAX = 1024;

export class CommitQueue {
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #path: string;
  readonly #busyMs: number;
  #observer: QueueObserver | null = null;
  #waiting: Write[] = [];
  #isScheduled = false;
  /** The last turn of the event loop found one write, so waiting for others gains nothing. */
  #isAlone = false;
  #turnedAt = 0;
  #isCrowded = false;
  #closed: BridleError | null = null;
  #commits = 0;

  constructor(db: DatabaseSync, path: string, busyMs: number) {
    this.#db = db;
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#end = db.prepare("COMMIT");
    this.#path = path;
    this.#busyMs = busyMs;
  }

  observe(observer: QueueObserver): void {
    this.#observer = observer;
  }

  /** Transactions committed so far; the benchmark and the fsync test compare it with reality. */
  get commits(): number {
    return this.#commits;
  }

  /** Refuses every later write with this error; those already waiting still commit. */
  refuseWith(error: BridleError): void {
    this.#closed = error;
  }

  /** Refuses every later write; resolves when those already waiting are settled. */
  async close(): Promise<void> {
    this.refuseWith(closedError());
    this.flush();
    // Locked by another process: each write still waits for its own time, no longer.
    while (this.#waiting.length > 0) await sleep(5);
  }

  submit<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed !== null) {
        reject(this.#closed);
        return;
      }
      // The queue hands back to `resolve` exactly what `work` returned.
      const settle = resolve as (value: unknown) => void;
      this.#waiting.push({ work, resolve: settle, reject, since: Date.now() });
      this.#schedule();
    });
  }

  /** Commits what waits, now. */
  flush(): void {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, GROUP_MAX);
      const stopped = this.#commit(group);
      if (stopped === null) continue;
      this.#postpone(stopped);
      return;
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (this.#isAlone && performance.now() - this.#turnedAt < LONE_MS) {
      queueMicrotask(() => {
        this.#isScheduled = false;
        this.flush();
      });
      return;
    }
    setImmediate(() => {
      this.#isScheduled = false;
      this.#isAlone = this.#waiting.length === 1;
      this.flush();
      this.#turnedAt = performance.now();
    });
  }

  /** Null when every write is settled; otherwise those that could not begin. */
  #commit(group: readonly Write[]): Stopped | null {
    try {
      this.#begin.run();
    } catch (thrown) {
      return { writes: group, thrown };
    }
    const settled: (() => void)[] = [];
    try {
      this.#observer?.begun();
      for (const write of group) settled.push(attempt(write));
      this.#end.run();
      this.#commits += 1;
      if (group.length >= CROWD && !this.#isCrowded) this.#expectCrowd();
    } catch (thrown) {
      this.#rollBack();
      return this.#retryAlone(group, thrown);
    }
    for (const settle of settled) settle();
    return null;
  }

  /** Many writers fill a short log at once: fold it into the database less often. */
  #expectCrowd(): void {
    this.#isCrowded = true;
    this.#db.exec(`PRAGMA wal_autocheckpoint = ${CROWD_CHECKPOINT_PAGES}`);
  }

  #postpone({ writes, thrown }: Stopped): void {
    const failure = storeFailure(thrown, this.#path);
    const deadline = isBusy(thrown) ? Date.now() - this.#busyMs : Number.POSITIVE_INFINITY;
    const patient: Write[] = [];
    for (const write of writes) {
      if (write.since > deadline) patient.push(write);
      else write.reject(failure);
    }
    this.#waiting.unshift(...patient);
    if (this.#waiting.length > 0 && !this.#isScheduled) {
      this.#isScheduled = true;
      setTimeout(
        () => {
          this.#isScheduled = false;
          this.flush();
        },
        1 + Math.random() * 10,
      );
    }
  }

  #retryAlone(group: readonly Write[], thrown: unknown): Stopped | null {
    const [only] = group;
    if (group.length === 1 && only !== undefined) {
      only.reject(storeFailure(thrown, this.#path));
      return null;
    }
    for (const [index, write] of group.entries()) {
      const stopped = this.#commit([write]);
      // Locked by now: the rest waits behind it, in its order (Q4).
      if (stopped !== null) return { ...stopped, writes: group.slice(index) };
    }
    return null;
  }

  #rollBack(): void {
    this.#observer?.rolledBack();
    try {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
    } catch {
      // SQLite has already rolled back by itself (disk full, I/O error): nothing is left to undo.
    }
  }
}

/** Runs one write; what it says is handed out only after the commit. */
function attempt(write: Write): () => void {
  try {
    const value = write.work();
    return () => write.resolve(value);
  } catch (thrown) {
    if (!isBridleError(thrown)) throw thrown;
    return () => write.reject(thrown);
  }
}
