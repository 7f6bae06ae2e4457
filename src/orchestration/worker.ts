/**
 * One process's hold on its runs: claims them, keeps their leases alive, advances them.
 *
 * K1 A run is advanced only under a fence this process claimed.
 * K2 A lease is extended well before it ends; one that is lost stops the run here at once.
 * K3 A run that is given up for any reason is given back at once.
 */
import type { Clock } from "../std/clock.ts";
import { BridleError, isBridleError } from "../std/error.ts";
import { requireRun } from "../journal/read-run.ts";
import type { RunState } from "../journal/run.ts";
import type { Fence, JournalStore } from "../journal/store.ts";
import type { Advance } from "./engine.ts";
import { stopIfCancelled } from "./mail.ts";
import type { Program } from "./program.ts";
import { Session } from "./session.ts";

export interface WorkerOptions {
  readonly store: JournalStore;
  readonly clock: Clock;
  readonly owner: string;
  readonly leaseMs: number;
  readonly programs: ReadonlyMap<string, Program>;
  /** Called with the final state of each run that ended here. */
  readonly onFinished: (state: RunState) => void;
}

/** A run under this worker's lease, as its session begins. */
interface Held {
  readonly fence: Fence;
  readonly state: RunState;
  /** When the lease ends, ms since the epoch. */
  readonly until: number;
  /** Something may have been posted to it that nobody has read. */
  readonly mustLook: boolean;
  /** The worker before this one never gave it back. */
  readonly hasLapsed: boolean;
}

export class Worker {
  readonly #options: WorkerOptions;
  readonly #sessions = new Map<string, Session>();
  /** Runs created here under a lease: no need to claim or read them again. */
  readonly #fresh = new Map<string, Held>();
  #beat: NodeJS.Timeout | undefined;
  #isDraining = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Hands over a run that was created under this worker's lease, which ends at `until`. */
  adopt(fence: Fence, state: RunState, until: number): void {
    if (this.#isDraining) {
      void this.#release(fence);
      return;
    }
    this.#fresh.set(fence.runId, { fence, state, until, mustLook: false, hasLapsed: false });
    this.#startBeat();
  }

  /** True while this worker holds the run. */
  holds(runId: string): boolean {
    return this.#sessions.has(runId) || this.#fresh.has(runId);
  }

  async advance(runId: string, takeFromEpoch?: number): Promise<Advance> {
    if (this.#sessions.has(runId)) return { kind: "idle" };
    const held = this.#fresh.get(runId) ?? (await this.#claim(runId, takeFromEpoch));
    this.#fresh.delete(runId);
    if (held === null) return { kind: "idle" };
    const { store, clock, leaseMs } = this.#options;
    const { until, ...rest } = held;
    const session = new Session({ store, clock, ...rest, lease: { ms: leaseMs, until } });
    this.#sessions.set(runId, session);
    this.#startBeat();
    let advance: Advance = { kind: "idle" };
    try {
      advance = await this.#run(session);
    } catch (thrown) {
      // Taken over or told to stop: the run goes on elsewhere, which is no problem of its own.
      if (!session.isLost || !isStop(thrown)) throw thrown;
    } finally {
      this.#sessions.delete(runId);
      await this.#letGo(session, advance);
    }
    return advance;
  }

  /** No new turns from now on; runs are given back at their next boundary. */
  startDraining(): void {
    this.#isDraining = true;
    for (const session of this.#sessions.values()) session.startDraining();
  }

  /**
   * Stops what still runs: model calls are abandoned, effects stay claimed for the next worker.
   * Runs that were not begun are given back.
   */
  async abandon(): Promise<void> {
    const reason = new BridleError("aborted", "The worker is stopping");
    for (const session of this.#sessions.values()) session.lose(reason);
    const unbegun = [...this.#fresh.values()];
    this.#fresh.clear();
    await Promise.all(unbegun.map(({ fence }) => this.#release(fence)));
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  /** Mail was posted here for a run. True when the run is held here, so that its holder looks. */
  async noteMail(runId: string): Promise<boolean> {
    const session = this.#sessions.get(runId);
    const unbegun = this.#fresh.get(runId);
    if (unbegun !== undefined) this.#fresh.set(runId, { ...unbegun, mustLook: true });
    if (session === undefined) return unbegun !== undefined;
    session.notePost();
    // The post is durable already; a look that fails is made again at the next turn.
    await stopIfCancelled(session).catch(() => undefined);
    return true;
  }

  async #run(session: Session): Promise<Advance> {
    const { programs, owner } = this.#options;
    const { state, fence } = session;
    const program = programs.get(state.created?.agent ?? "");
    if (program === undefined) throw unknownAgent(state, [...programs.keys()]);
    if (this.#isDraining) session.startDraining();
    if (fence.epoch > 1) {
      const after = session.hasLapsed ? { after: "crash" as const } : {};
      session.push({ kind: "run.leased", ...after, epoch: fence.epoch, owner });
    }
    return program.advance(session);
  }

  async #claim(runId: string, takeFromEpoch: number | undefined): Promise<Held | null> {
    const { store, clock, owner, leaseMs } = this.#options;
    const nowMs = clock.now();
    const claimed = await store.claim(runId, {
      owner,
      leaseMs,
      nowMs,
      ...(takeFromEpoch === undefined ? {} : { takeFromEpoch }),
    });
    if (claimed.kind !== "claimed") return null;
    const { fence } = claimed;
    try {
      const state = await requireRun(store, runId);
      const hasLapsed = claimed.lapsed !== null;
      return { fence, state, until: nowMs + leaseMs, mustLook: true, hasLapsed };
    } catch (thrown) {
      await this.#release(fence);
      throw thrown;
    }
  }

  async #letGo(session: Session, advance: Advance): Promise<void> {
    if (advance.kind === "done" && session.state.outcome !== null) {
      this.#options.onFinished(session.state);
      return;
    }
    await this.#release(session.fence);
  }

  /** A fence that is lost is someone else's already; a store that is gone has no leases. */
  async #release(fence: Fence): Promise<void> {
    await this.#options.store.release(fence).catch(() => undefined);
  }

  #startBeat(): void {
    if (this.#beat !== undefined) return;
    this.#beat = setInterval(() => {
      if (this.#sessions.size === 0 && this.#fresh.size === 0) {
        clearInterval(this.#beat);
        this.#beat = undefined;
        return;
      }
      for (const session of this.#sessions.values()) void this.#extend(session);
      for (const { fence } of this.#fresh.values()) void this.#extendFresh(fence);
    }, this.#options.leaseMs / 3);
    this.#beat.unref();
  }

  async #extend(session: Session): Promise<void> {
    try {
      await session.extend();
      if (session.hasMail) await stopIfCancelled(session);
    } catch {
      // A store that cannot be reached now is met by the run's own next write.
    }
  }

  /** A run that waits for its first slot keeps its lease; one that was taken is forgotten. */
  async #extendFresh(fence: Fence): Promise<void> {
    const { clock, store, leaseMs } = this.#options;
    const until = clock.now() + leaseMs;
    const extended = await store.extend(fence, until).catch(() => null);
    const unbegun = this.#fresh.get(fence.runId);
    if (extended === null || unbegun?.fence !== fence) return;
    if (extended.held) this.#fresh.set(fence.runId, { ...unbegun, until });
    else this.#fresh.delete(fence.runId);
  }
}

/** The two ways in which a worker is stopped from outside the run. */
function isStop(thrown: unknown): boolean {
  return isBridleError(thrown, "fenced") || isBridleError(thrown, "aborted");
}

function unknownAgent(state: RunState, known: readonly string[]): BridleError {
  const name = state.created?.agent ?? "";
  return new BridleError("agent_unknown", `Run ${state.runId} needs the agent "${name}"`, {
    hint: `This process has: ${known.join(", ") || "none"}. Add the agent, or run the old version.`,
  });
}
