/**
 * One process's hold on its runs: claims them, keeps their leases alive, advances them.
 *
 * K1 A run is advanced only under a fence this process claimed.
 * K2 A lease is extended well before it ends; one that is lost stops the run here at once.
 */
import type { Clock } from "../std/clock.ts";
import { BridleError } from "../std/error.ts";
import { readRun } from "../journal/read-run.ts";
import type { RunState } from "../journal/run.ts";
import type { Fence, JournalStore } from "../journal/store.ts";
import type { Advance } from "./engine.ts";
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
  /** Claimed rather than created here: others may have posted to it before. */
  readonly isClaimed: boolean;
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
    this.#fresh.set(fence.runId, { fence, state, until, isClaimed: false });
  }

  session(runId: string): Session | undefined {
    return this.#sessions.get(runId);
  }

  async advance(runId: string, takeFromEpoch?: number): Promise<Advance> {
    if (this.#sessions.has(runId)) return { kind: "idle" };
    const held = this.#fresh.get(runId) ?? (await this.#claim(runId, takeFromEpoch));
    this.#fresh.delete(runId);
    if (held === null) return { kind: "idle" };
    const { store, clock, programs, leaseMs } = this.#options;
    const { fence, state, until } = held;
    const session = new Session({ store, clock, fence, state, lease: { ms: leaseMs, until } });
    this.#sessions.set(runId, session);
    this.#startBeat();
    let advance: Advance | null = null;
    try {
      const program = programs.get(held.state.created?.agent ?? "");
      if (program === undefined) throw unknownAgent(held.state, [...programs.keys()]);
      session.isDraining = this.#isDraining;
      if (fence.epoch > 1) {
        session.push({ kind: "run.leased", epoch: fence.epoch, owner: this.#options.owner });
      }
      if (held.isClaimed) {
        // Whatever was posted while nobody held the run is new to this holder.
        session.noteInbox(Number.MAX_SAFE_INTEGER);
        await abortIfCancelled(session);
      }
      advance = await program.advance(session);
      return advance;
    } finally {
      this.#sessions.delete(runId);
      await this.#letGo(session, advance);
    }
  }

  /** No new turns from now on; runs are given back at their next boundary. */
  startDraining(): void {
    this.#isDraining = true;
    for (const session of this.#sessions.values()) session.isDraining = true;
  }

  /** Stops what still runs: model calls are abandoned, effects stay claimed for the next worker. */
  abandon(): void {
    const reason = new BridleError("aborted", "The worker is stopping");
    for (const session of this.#sessions.values()) session.lose(reason);
  }

  /** Mail was posted here for a run: its session looks at once. */
  async noteMail(runId: string): Promise<void> {
    const session = this.#sessions.get(runId);
    if (session === undefined) return;
    session.noteInbox(session.state.inboxSeen + 1);
    await abortIfCancelled(session);
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
    const state = await readRun(store, runId);
    if (state === undefined) return null;
    return { fence: claimed.fence, state, until: nowMs + leaseMs, isClaimed: true };
  }

  async #letGo(session: Session, advance: Advance | null): Promise<void> {
    if (advance?.kind === "done" && session.state.outcome !== null) {
      this.#options.onFinished(session.state);
      return;
    }
    // A lost fence is already someone else's; anything else is given back at once.
    await session.store.release(session.fence).catch(() => undefined);
  }

  #startBeat(): void {
    if (this.#beat !== undefined) return;
    this.#beat = setInterval(() => {
      if (this.#sessions.size === 0) {
        clearInterval(this.#beat);
        this.#beat = undefined;
        return;
      }
      for (const session of this.#sessions.values()) void this.#extend(session);
    }, this.#options.leaseMs / 3);
    this.#beat.unref();
  }

  async #extend(session: Session): Promise<void> {
    try {
      await session.extend();
      if (session.hasMail) await abortIfCancelled(session);
    } catch {
      // A store that cannot be reached now is met by the run's own next write.
    }
  }
}

/** A cancel does not wait for the model or for reads in flight. */
async function abortIfCancelled(session: Session): Promise<void> {
  const entries = await session.store.inbox(session.fence.runId, session.state.inboxSeen);
  if (!entries.some((entry) => entry.kind === "cancel")) return;
  session.abort.abort(new BridleError("aborted", "The run was cancelled"));
}

function unknownAgent(state: RunState, known: readonly string[]): BridleError {
  const name = state.created?.agent ?? "";
  return new BridleError("agent_unknown", `Run ${state.runId} needs the agent "${name}"`, {
    hint: `This process has: ${known.join(", ") || "none"}. Add the agent, or run the old version.`,
  });
}
