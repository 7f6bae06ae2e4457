/**
 * The reference ledger counts everything anew each time; a store that keeps running sums must
 * answer alike after any steps. Each scope has its own lines, as the budgets of a deployment do.
 */
import assert from "node:assert/strict";
import { memoryStore } from "../journal/memory-store.ts";
import type { Line, Settlement } from "../journal/ledger.ts";
import type { Append, JournalStore } from "../journal/store.ts";
import { pick, seededRandom, type Random } from "../std/random.ts";
import { SAMPLE_START, startRun, write, type Pen } from "./sample-run.ts";
import { twoHandles, type StoreCase } from "./opened-store.ts";

const STEPS = 500;
const RUNS = 4;
const WINDOWS_MS = [40, 400] as const;

/** One run's pen is the same in both stores: the same events make the same hashes. */
interface Play {
  readonly random: Random;
  readonly reference: JournalStore;
  readonly handles: readonly [JournalStore, JournalStore];
  readonly pens: Map<string, Pen>;
  /** Keys that were asked for, by run. */
  readonly keys: Map<string, string[]>;
  now: number;
  runs: number;
  granted: number;
  denied: number;
}

export const LEDGER_RANDOM_CASES: readonly StoreCase[] = [1, 2, 3, 4].map((seed) => ({
  title: `U1 to U9: counts ${STEPS} random steps as the reference ledger does (seed ${seed})`,
  run: async (opened) => {
    const play: Play = {
      random: seededRandom(seed),
      reference: memoryStore(),
      handles: await twoHandles(opened),
      pens: new Map(),
      keys: new Map(),
      now: SAMPLE_START,
      runs: 0,
      granted: 0,
      denied: 0,
    };
    for (let n = 0; n < RUNS; n++) await begin(play);
    for (let n = 0; n < STEPS; n++) {
      // Mostly a few milliseconds, sometimes back, sometimes past every window.
      play.now += pick([0, 1, 2, 5, 9, -3, 60, 500], play.random) ?? 1;
      await step(play);
    }
    await compareAll(play);
    assert.ok(play.granted > STEPS / 10, `${play.granted} were granted`);
    assert.ok(play.denied > STEPS / 20, `${play.denied} were denied`);
  },
}));

async function begin(play: Play): Promise<void> {
  const runId = `r${play.runs++}`;
  play.pens.set(runId, await startRun(play.handles[0], runId));
  await startRun(play.reference, runId);
  play.keys.set(runId, []);
}

async function step(play: Play): Promise<void> {
  const { random, pens } = play;
  const runId = pick([...pens.keys()], random) ?? "";
  const pen = pens.get(runId);
  assert.ok(pen !== undefined, "some run is open");
  const roll = random();
  if (roll < 0.62) return reserveOne(play, runId);
  if (roll < 0.7) {
    const key = pick(play.keys.get(runId) ?? [], random) ?? "none";
    await both(play, (store) => store.unreserve(pen.fence, key));
    return compareAll(play);
  }
  if (roll < 0.97) return settleSome(play, pen);
  return finish(play, pen);
}

async function reserveOne(play: Play, runId: string): Promise<void> {
  const { random } = play;
  const keys = play.keys.get(runId) ?? [];
  const known = random() < 0.1 ? pick(keys, random) : undefined;
  const key = known ?? `k${keys.length}`;
  if (known === undefined) keys.push(key);
  const lines = someLines(random, runId);
  const at = play.now;
  const answer = await both(play, (store) => store.reserve({ key, runId, at, lines }));
  if (answer.kind === "reserved") play.granted += 1;
  else play.denied += 1;
}

function someLines(random: Random, runId: string): readonly Line[] {
  const amount = Math.floor(random() * 12);
  const of = (scope: string, max: number | null): Line => {
    return { kind: "budget", scope, unit: "usdMicros", amount, max };
  };
  const orgWide = { kind: "budget", scope: "org", unit: "calls", amount } as const;
  const tally = { kind: "tally", scope: "org/refunds", amount, windowMs: 400 } as const;
  const all: readonly (readonly Line[])[] = [
    WINDOWS_MS.map((windowMs): Line => ({ ...orgWide, max: windowMs / 4 + 20, windowMs })),
    [of("org", 3_000)],
    [of(`run/${runId}`, 60)],
    [{ kind: "slot", scope: "org/tool", max: 5 }],
    [{ kind: "rate", scope: "org/model", capacity: 60, refillPerMs: 1 / 7, amount }],
    [tally],
    [{ ...tally, scope: "org/payees", distinct: pick(["x", "y", "z"], random) ?? "" }],
  ];
  const chosen = all.filter(() => random() < 0.5).flat();
  return chosen.length > 0 ? chosen : [of("org", null)];
}

async function settleSome(play: Play, pen: Pen): Promise<void> {
  const { random } = play;
  const keys = play.keys.get(pen.fence.runId) ?? [];
  const settle = Array.from({ length: 3 }, (): Settlement => {
    const key = pick(keys, random) ?? "none";
    if (random() < 0.4) return { key };
    const actual = Array.from({ length: 4 }, () =>
      random() < 0.3 ? null : Math.floor(random() * 15),
    );
    return { key, actual };
  });
  await append(play, pen, { settle });
  if (random() < 0.3) await say(play, pen.fence.runId);
}

/** A run that ends is replaced by another. */
async function finish(play: Play, pen: Pen): Promise<void> {
  await append(play, pen, { after: { status: "finished", outcome: "succeeded" } });
  play.pens.delete(pen.fence.runId);
  await begin(play);
  await compareAll(play);
}

async function append(play: Play, pen: Pen, parts: Partial<Append>): Promise<void> {
  const given = { expected: pen.head, hash: pen.hash, events: [], ...parts };
  const made = await both(play, (store) => store.append(pen.fence, given));
  play.pens.set(pen.fence.runId, { fence: pen.fence, head: made.head, hash: made.hash });
}

/** An event that settles nothing moves nothing. */
async function say(play: Play, runId: string): Promise<void> {
  const pen = play.pens.get(runId);
  if (pen === undefined) return;
  const { head, hash } = await both(play, (store) => write(store, pen, ["a word"]));
  play.pens.set(runId, { fence: pen.fence, head, hash });
}

async function compareAll(play: Play): Promise<void> {
  await both(play, (store) => store.accounts({ limit: 1_000 }));
  const windows = WINDOWS_MS.map((windowMs) => ({ scope: "org", unit: "calls", windowMs }));
  const tallies = ["org/refunds", "org/payees"].map((scope) => ({
    scope,
    unit: "tally",
    windowMs: 400,
  }));
  await both(play, (store) => store.usage([...windows, ...tallies], play.now));
}

/** Does the same in both; their answers must be the same. */
async function both<T>(play: Play, act: (store: JournalStore) => Promise<T>): Promise<T> {
  const expected = await act(play.reference);
  const answer = await act(play.random() < 0.5 ? play.handles[0] : play.handles[1]);
  assert.deepEqual(answer, expected);
  return expected;
}
