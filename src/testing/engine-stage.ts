/** What engines are tried on: a store with real runs, and a worker that counts what it is asked. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Advance, Engine, Serving } from "../orchestration/engine.ts";
import type { JournalStore } from "../journal/store.ts";
import type { ContractCase } from "./contract-case.ts";
import { appendOf, sampleRun, type Pen } from "./sample-run.ts";

/** An engine of its own for one case, and the empty store it serves. */
export interface OpenedEngine {
  readonly store: JournalStore;
  /** Each call gives one more process's worth of engine. */
  readonly engine: () => Engine;
  readonly close: () => Promise<void>;
}

export interface EngineUnderTest {
  readonly name: string;
  /** The engines advance at most `concurrency` runs at once, each. */
  readonly open: (options?: EngineOptions) => Promise<OpenedEngine>;
}

export interface EngineOptions {
  readonly concurrency: number;
}

export type EngineCase = ContractCase<OpenedEngine, EngineOptions>;

/** What a worker does with a run it is asked to advance. */
export type Act = (pass: Pass) => Promise<Advance>;

export interface Pass {
  readonly runId: string;
  /** Which pass over this run it is, from 1. */
  readonly nth: number;
  /** Claims the run; undefined when somebody else has it or it has ended. */
  readonly claim: () => Promise<Pen | undefined>;
  /** Appends the end of the run. */
  readonly finish: (pen: Pen) => Promise<Advance>;
  /** Appends a wait until `wakeAt` and gives the lease back. */
  readonly park: (pen: Pen, wakeAt: number | null) => Promise<void>;
}

/** What was seen while an engine served. */
export interface Stage {
  readonly serving: Serving;
  /** The run of each pass, in order. */
  readonly passes: string[];
  /** When each pass began, ms since the epoch. */
  readonly times: number[];
  readonly problems: string[];
  /** The most passes that were open at once. */
  readonly busiest: () => number;
  readonly open: () => number;
  /** Runs that were advanced twice at the same time. */
  readonly overlaps: string[];
}

const LEASE_MS = 30_000;

/** How long an engine may take to find what nobody told it of, ms. */
export const PATIENCE_MS = 8_000;

/** Lets the engine serve, with `act` in the place of a worker. */
export function playOn(opened: OpenedEngine, act: Act, owner = "stage"): Stage {
  const { store } = opened;
  const active = new Map<string, number>();
  const counts = new Map<string, number>();
  const passes: string[] = [];
  const times: number[] = [];
  const problems: string[] = [];
  const overlaps: string[] = [];
  let busiest = 0;
  const advance = async (runId: string): Promise<Advance> => {
    const nth = (counts.get(runId) ?? 0) + 1;
    counts.set(runId, nth);
    passes.push(runId);
    times.push(Date.now());
    if (active.has(runId)) overlaps.push(runId);
    active.set(runId, nth);
    busiest = Math.max(busiest, active.size);
    try {
      return await act(passOf(store, { runId, nth, owner }));
    } finally {
      active.delete(runId);
    }
  };
  const serving = opened.engine().serve({
    owner,
    store,
    now: () => Date.now(),
    advance,
    onProblem: (runId) => problems.push(runId),
  });
  const open = (): number => active.size;
  return { serving, passes, times, problems, overlaps, open, busiest: () => busiest };
}

function passOf(
  store: JournalStore,
  given: { readonly runId: string; readonly nth: number; readonly owner: string },
): Pass {
  const { runId, nth, owner } = given;
  return {
    runId,
    nth,
    claim: async () => {
      const claimed = await store.claim(runId, { owner, nowMs: Date.now(), leaseMs: LEASE_MS });
      if (claimed.kind !== "claimed") return undefined;
      const last = (await store.read(runId, claimed.row.head)).at(-1);
      return { fence: claimed.fence, head: last?.seq ?? 0, hash: last?.hash ?? "" };
    },
    finish: async (pen) => {
      const then = { status: "finished", outcome: "succeeded" } as const;
      await store.append(pen.fence, appendOf(pen, [`finished by ${owner}`], then));
      return { kind: "done" };
    },
    park: async (pen, wakeAt) => {
      const { inboxHead } = await store.extend(pen.fence, Date.now() + LEASE_MS);
      const then = { status: "parked", wakeAt, inboxSeen: inboxHead } as const;
      await store.append(pen.fence, appendOf(pen, ["parked"], then));
      await store.release(pen.fence);
    },
  };
}

/** Claims the run and ends it, after `ms` of work. */
export function finishAfter(ms: number): Act {
  return async ({ claim, finish }) => {
    const pen = await claim();
    if (pen === undefined) return { kind: "idle" };
    await sleep(ms);
    return finish(pen);
  };
}

/** Creates runs that anybody may claim. */
export async function createRuns(
  store: JournalStore,
  count: number,
  prefix = "r",
): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, n) => `${prefix}${n}`);
  for (const name of names) await store.create(sampleRun(name));
  return names;
}

/** Waits until it is so, or fails naming what did not come about. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) assert.fail(`within ${PATIENCE_MS} ms: ${what}`);
    await sleep(10);
  }
}

export async function allFinished(store: JournalStore, count: number): Promise<boolean> {
  return (await store.list({ status: "finished", limit: count })).length === count;
}

/** Stops the engine; a case that leaves one running would disturb the next. */
export async function drainAll(...stages: readonly Stage[]): Promise<void> {
  for (const { serving } of stages) await serving.drain(PATIENCE_MS);
}
