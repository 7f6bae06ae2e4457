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
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isBridleError, type BridleError } from "../../std/error.ts";
import { isBusy, storeFailure } from "./failure.ts";

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
      if (!this.#commit(group)) return;
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** False when the database is locked: the group waits on. */
  #commit(group: readonly Write[]): boolean {
    try {
      this.#begin.run();
    } catch (thrown) {
      return this.#postpone(group, thrown);
    }
    const settled: (() => void)[] = [];
    try {
      this.#observer?.begun();
      for (const write of group) settled.push(attempt(write));
      this.#end.run();
      this.#commits += 1;
    } catch (thrown) {
      this.#rollBack();
      this.#retryAlone(group, thrown);
      return true;
    }
    for (const settle of settled) settle();
    return true;
  }

  #postpone(group: readonly Write[], thrown: unknown): boolean {
    const failure = storeFailure(thrown, this.#path);
    const deadline = Date.now() - this.#busyMs;
    const patient = isBusy(thrown) ? group.filter((write) => write.since > deadline) : [];
    for (const write of group) if (!patient.includes(write)) write.reject(failure);
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
    return false;
  }

  #retryAlone(group: readonly Write[], thrown: unknown): void {
    const [only] = group;
    if (group.length === 1 && only !== undefined) {
      only.reject(storeFailure(thrown, this.#path));
      return;
    }
    for (const write of group) this.#commit([write]);
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
