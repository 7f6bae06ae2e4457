import type { Wake } from "../../orchestration/engine.ts";

/** A fair queue: each lane in its own order, lanes in turn. A run waits in it at most once. */
export class Lanes {
  readonly #max: number;
  readonly #lanes = new Map<string, string[]>();
  readonly #queued = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#queued.size;
  }

  /** A full queue drops the wake: it is a hint, and the store still knows the run. */
  add({ runId, lane }: Wake): void {
    if (this.#queued.has(runId) || this.#queued.size >= this.#max) return;
    this.#queued.add(runId);
    const queue = this.#lanes.get(lane);
    if (queue === undefined) this.#lanes.set(lane, [runId]);
    else queue.push(runId);
  }

  /** The next run that `isFree`; its lane goes to the end of the line. */
  next(isFree: (runId: string) => boolean): Wake | undefined {
    for (const [lane, queue] of this.#lanes) {
      const index = queue.findIndex(isFree);
      if (index < 0) continue;
      const [runId] = queue.splice(index, 1);
      this.#lanes.delete(lane);
      if (queue.length > 0) this.#lanes.set(lane, queue);
      if (runId === undefined) continue;
      this.#queued.delete(runId);
      return { runId, lane };
    }
    return undefined;
  }
}
