/** Who waits for a run's end: told at once when it ends here, by looking when elsewhere. */
import { requireRun } from "../journal/read-run.ts";
import type { RunState } from "../journal/run.ts";
import type { JournalStore } from "../journal/store.ts";

/** How often runs in other processes are looked at, ms. */
const LOOK_MS = 100;

type Waiter = {
  readonly resolve: (state: RunState) => void;
  readonly reject: (error: unknown) => void;
};

export class Waiters {
  readonly #store: JournalStore;
  readonly #waiting = new Map<string, Waiter[]>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(store: JournalStore) {
    this.#store = store;
  }

  /** Resolves with the final state. */
  async wait(runId: string): Promise<RunState> {
    const row = await this.#store.get(runId);
    if (row === undefined || row.status === "finished") return requireRun(this.#store, runId);
    return new Promise((resolve, reject) => {
      const waiters = this.#waiting.get(runId) ?? [];
      waiters.push({ resolve, reject });
      this.#waiting.set(runId, waiters);
      this.#timer ??= setInterval(() => void this.#look(), LOOK_MS);
    });
  }

  settle(state: RunState): void {
    const waiters = this.#waiting.get(state.runId);
    if (waiters === undefined) return;
    this.#waiting.delete(state.runId);
    for (const { resolve } of waiters) resolve(state);
    if (this.#waiting.size === 0) this.#stopLooking();
  }

  /** The process is going away: who still waits must ask another one. */
  stop(): void {
    this.#stopLooking();
    this.#waiting.clear();
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (const [runId, waiters] of this.#waiting) {
        const row = await this.#store.get(runId);
        if (row?.status !== "finished") continue;
        const state = await requireRun(this.#store, runId);
        this.#waiting.delete(runId);
        for (const { resolve } of waiters) resolve(state);
      }
    } catch (thrown) {
      for (const waiters of this.#waiting.values())
        for (const { reject } of waiters) reject(thrown);
      this.#waiting.clear();
    } finally {
      this.#isLooking = false;
      if (this.#waiting.size === 0) this.#stopLooking();
    }
  }
}
