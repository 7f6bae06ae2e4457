/**
 * The engine in this process: a scheduler over the store's leases. It remembers nothing that a
 * crash could lose: what is due is asked of the store.
 *
 * B1 At most `concurrency` runs advance at once.
 * B2 Lanes take turns: a tenant with a thousand runs delays another's first by one run per slot.
 * B3 A run whose owner died on this machine is taken over at the next look, others when their
 *    lease ends.
 * B4 A run that cannot be advanced is tried again later and later, and does not block others.
 */
import { backoffMs } from "../../std/backoff.ts";
import { isOwnerDead } from "../../orchestration/owner.ts";
import type { Advance, Engine, ServeOptions, Serving, Wake } from "../../orchestration/engine.ts";
import type { RunRow } from "../../journal/store.ts";
import { Lanes } from "./lanes.ts";

export interface EmbeddedOptions {
  /** Runs that advance at once in this process. Default 32. */
  readonly concurrency?: number;
  /** How often the store is asked for work that other processes left, ms. Default 200. */
  readonly pollMs?: number;
}

/** The longest queue held in memory; the rest stays in the store. */
const QUEUE_MAX = 10_000;
/** Runs asked of the store at a time. */
const FETCH_MAX = 1_000;
/** How often live leases are checked for dead owners, ms. */
const DEAD_CHECK_MS = 500;

export function embedded(options: EmbeddedOptions = {}): Engine {
  const { concurrency = 32, pollMs = 200 } = options;
  return {
    name: "embedded",
    serve: (serve) => new Scheduler({ ...serve, concurrency, pollMs }),
  };
}

interface SchedulerOptions extends ServeOptions {
  readonly concurrency: number;
  readonly pollMs: number;
}

class Scheduler implements Serving {
  readonly #options: SchedulerOptions;
  readonly #lanes = new Lanes(QUEUE_MAX);
  readonly #active = new Set<string>();
  readonly #takeFrom = new Map<string, number>();
  readonly #failures = new Map<string, { count: number; notBefore: number }>();
  readonly #timer: NodeJS.Timeout;
  #isDraining = false;
  #isLooking = false;
  #deadCheckedAt = 0;
  #idle: (() => void)[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), options.pollMs);
    void this.#look();
  }

  room(): number {
    if (this.#isDraining) return 0;
    return Math.max(0, this.#options.concurrency - this.#active.size - this.#lanes.size);
  }

  wake(wake: Wake): void {
    if (this.#isDraining) return;
    this.#lanes.add(wake);
    this.#fill();
  }

  async drain(ms: number): Promise<{ readonly left: number }> {
    this.#isDraining = true;
    clearInterval(this.#timer);
    if (this.#active.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      });
      await Promise.race([new Promise<void>((resolve) => this.#idle.push(resolve)), late]);
      clearTimeout(timer);
    }
    return { left: this.#active.size };
  }

  #fill(): void {
    while (!this.#isDraining && this.#active.size < this.#options.concurrency) {
      const next = this.#lanes.next((id) => !this.#active.has(id));
      if (next === undefined) return;
      void this.#advance(next);
    }
  }

  async #advance({ runId, lane }: Wake): Promise<void> {
    this.#active.add(runId);
    const takeFrom = this.#takeFrom.get(runId);
    this.#takeFrom.delete(runId);
    let advance: Advance = { kind: "idle" };
    try {
      advance = await this.#options.advance(runId, takeFrom);
      this.#failures.delete(runId);
    } catch (thrown) {
      this.#postpone(runId, thrown);
    }
    this.#active.delete(runId);
    // A deadline in the future is found again by looking; one that is due goes on at once.
    if (advance.kind === "at" && advance.atMs <= this.#options.now()) {
      this.#lanes.add({ runId, lane });
    }
    if (this.#active.size === 0) for (const idle of this.#idle.splice(0)) idle();
    this.#fill();
    // More work may lie in the store. Not after a pass that moved nothing: asking again at once
    // would find the same run, for ever.
    const hasMoved = advance.kind === "done" && this.#lanes.size === 0 && this.#active.size === 0;
    if (hasMoved && !this.#isDraining) void this.#look();
  }

  #postpone(runId: string, thrown: unknown): void {
    const count = (this.#failures.get(runId)?.count ?? 0) + 1;
    const delay = 250 + backoffMs({ baseMs: 500, maxMs: 60_000 }, count, Math.random);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size >= QUEUE_MAX && oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(runId, { count, notBefore: this.#options.now() + delay });
    this.#options.onProblem(runId, thrown);
  }

  /** Asks the store what could run. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#isDraining || this.#lanes.size >= FETCH_MAX) return;
    this.#isLooking = true;
    try {
      const now = this.#options.now();
      for (const { runId, lane } of await this.#due(now)) this.#offer(runId, lane);
      if (now - this.#deadCheckedAt >= DEAD_CHECK_MS) {
        this.#deadCheckedAt = now;
        await this.#lookForDeadOwners(now);
      }
    } catch (thrown) {
      this.#options.onProblem("(any)", thrown);
    } finally {
      this.#isLooking = false;
    }
    this.#fill();
  }

  /** A full page may hide a small lane behind a large one: then all that the queue holds is asked. */
  async #due(now: number): Promise<readonly RunRow[]> {
    const { store } = this.#options;
    const due = await store.list({ claimableAt: now, limit: FETCH_MAX });
    if (due.length < FETCH_MAX) return due;
    return store.list({ claimableAt: now, limit: QUEUE_MAX });
  }

  async #lookForDeadOwners(now: number): Promise<void> {
    const rows = await this.#options.store.list({ claimableAt: now, leased: true, limit: 10_000 });
    const dead = new Map<string, boolean>();
    for (const { runId, lane, lease, epoch } of rows) {
      if (lease === null || lease.owner === this.#options.owner) continue;
      const isDead = dead.get(lease.owner) ?? isOwnerDead(lease.owner);
      dead.set(lease.owner, isDead);
      if (!isDead) continue;
      this.#takeFrom.set(runId, epoch);
      this.#offer(runId, lane);
    }
  }

  #offer(runId: string, lane: string): void {
    if (this.#active.has(runId)) return;
    const failed = this.#failures.get(runId);
    if (failed !== undefined && failed.notBefore > this.#options.now()) return;
    this.#lanes.add({ runId, lane });
  }
}
