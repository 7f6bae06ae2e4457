/**
 * The engine behind `run` and `resume`: it advances one run and leaves all others alone, so that
 * a command does what it was asked and nothing else.
 *
 * O1 A run that a live worker holds is waited for, never taken.
 * O2 It ends when the run is finished, parked, given back by a drain, or cannot be advanced.
 */
import type { Engine, ServeOptions, Serving } from "../orchestration/engine.ts";
import { isOwnerDead } from "../orchestration/owner.ts";
import type { RunRow } from "../journal/store.ts";
import { systemClock } from "../std/clock.ts";
import { BridleError, isBridleError } from "../std/error.ts";

export type Ended =
  | { readonly kind: "finished" }
  | { readonly kind: "parked" }
  /** A drain gave it back, or ran out of time waiting for it. */
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly thrown: unknown };

/** How often a run that another worker holds is looked at, ms. */
const LOOK_MS = 100;

export class OneRun implements Engine {
  readonly name = "one-run";
  #serve: ServeOptions | undefined;
  #runId: string | undefined;
  #isDraining = false;
  readonly #ended = Promise.withResolvers<Ended>();

  serve(options: ServeOptions): Serving {
    this.#serve = options;
    return {
      room: () => (this.#runId === undefined && !this.#isDraining ? 1 : 0),
      wake: ({ runId }) => void this.take(runId),
      drain: (ms) => this.#drain(ms),
    };
  }

  /** Drives the run; one per engine, and asking again changes nothing. */
  take(runId: string): Promise<Ended> {
    if (this.#runId === undefined) {
      this.#runId = runId;
      this.#drive(runId).then(
        (ended) => this.#ended.resolve(ended),
        (thrown: unknown) => this.#ended.resolve({ kind: "failed", thrown }),
      );
    }
    return this.#ended.promise;
  }

  async #drive(runId: string): Promise<Ended> {
    const serve = this.#serve;
    if (serve === undefined) throw new BridleError("invariant_broken", "The engine serves nobody");
    for (;;) {
      const row = await serve.store.get(runId);
      if (row === undefined || row.status === "finished") return { kind: "finished" };
      if (this.#isDraining) return { kind: "stopped" };
      const now = serve.now();
      if (row.status === "parked" && (row.wakeAt === null || row.wakeAt > now)) {
        return { kind: "parked" };
      }
      if (isAnothers(row, serve, now)) await systemClock.sleep(LOOK_MS);
      else await this.#advance(row, serve);
    }
  }

  async #advance(row: RunRow, serve: ServeOptions): Promise<void> {
    const { lease, epoch } = row;
    const isLeft = lease !== null && lease.owner !== serve.owner;
    try {
      const advance = await serve.advance(row.runId, isLeft ? epoch : undefined);
      // Idle without a reason in the row (a lease that was just lost): look again, not at once.
      if (advance.kind === "idle") await systemClock.sleep(LOOK_MS / 5);
    } catch (thrown) {
      // Another worker has it now: it is waited for like any other's (O1).
      if (!isBridleError(thrown, "fenced") && !isBridleError(thrown, "sequence_conflict"))
        throw thrown;
    }
  }

  async #drain(ms: number): Promise<{ readonly left: number }> {
    this.#isDraining = true;
    if (this.#runId === undefined) return { left: 0 };
    const late = new AbortController();
    const waited = systemClock.sleep(ms, late.signal).then(
      () => ({ left: 1 }),
      () => ({ left: 0 }),
    );
    const drained = await Promise.race([this.#ended.promise.then(() => ({ left: 0 })), waited]);
    late.abort();
    this.#ended.resolve({ kind: "stopped" });
    return drained;
  }
}

function isAnothers(row: RunRow, serve: ServeOptions, now: number): boolean {
  const { lease } = row;
  if (lease === null || lease.owner === serve.owner || lease.until <= now) return false;
  return !isOwnerDead(lease.owner);
}
