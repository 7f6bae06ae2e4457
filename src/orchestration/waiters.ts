/** Who waits for a run's end: told at once when it ends here, by looking when elsewhere. */
import { requireRun } from "../journal/read-run.ts";
import type { RunState } from "../journal/run.ts";
import type { JournalStore } from "../journal/store.ts";
import { BridleError } from "../std/error.ts";

/** How often runs in other processes are looked at, ms. */
const LOOK_MS = 100;

interface Waiter {
  readonly resolve: (state: RunState) => void;
  readonly reject: (error: unknown) => void;
}

interface WaitersParts {
  readonly store: JournalStore;
  /** True for a run that this process is working on: its end is told, not looked for. */
  readonly isHere?: (runId: string) => boolean;
}

export class Waiters {
  readonly #parts: WaitersParts;
  readonly #waiting = new Map<string, Waiter[]>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isStopped = false;

  constructor(parts: WaitersParts) {
    this.#parts = parts;
  }

  /**
   * Resolves with the final state. Rejects with `aborted` when this harness stops first: the run
   * itself goes on wherever one works.
   */
  async wait(runId: string): Promise<RunState> {
    const { store } = this.#parts;
    const row = await store.get(runId);
    if (row === undefined || row.status === "finished") return requireRun(store, runId);
    if (this.#isStopped) throw stoppedError(runId);
    return new Promise((resolve, reject) => {
      const waiters = this.#waiting.get(runId) ?? [];
      waiters.push({ resolve, reject });
      this.#waiting.set(runId, waiters);
      this.#timer ??= setInterval(() => void this.#look(), LOOK_MS);
    });
  }

  settle(state: RunState): void {
    for (const { resolve } of this.#take(state.runId)) resolve(state);
  }

  /** The harness stops: nobody here would learn of an end any more. */
  stop(): void {
    this.#isStopped = true;
    for (const runId of this.#waiting.keys()) this.#fail(runId, stoppedError(runId));
  }

  #fail(runId: string, error: unknown): void {
    for (const { reject } of this.#take(runId)) reject(error);
  }

  #take(runId: string): readonly Waiter[] {
    const waiters = this.#waiting.get(runId) ?? [];
    this.#waiting.delete(runId);
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    return waiters;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (const runId of this.#waiting.keys()) {
        if (this.#parts.isHere?.(runId) !== true) await this.#lookAt(runId);
      }
    } finally {
      this.#isLooking = false;
    }
  }

  /** A run that cannot be read fails those who wait for it and nobody else. */
  async #lookAt(runId: string): Promise<void> {
    const { store } = this.#parts;
    try {
      const row = await store.get(runId);
      if (row?.status === "finished") this.settle(await requireRun(store, runId));
    } catch (thrown) {
      this.#fail(runId, thrown);
    }
  }
}

function stoppedError(runId: string): BridleError {
  return new BridleError("aborted", `This harness stopped before run ${runId} ended`, {
    hint: "The run goes on in the next process: wait there with (await harness.run(id)).outcome().",
  });
}
