/**
 * The reference store says what is right: both are given the same random steps, sensible and
 * not, and must answer alike every time.
 */
import assert from "node:assert/strict";
import { memoryStore } from "../journal/memory-store.ts";
import type { Append, JournalStore } from "../journal/store.ts";
import { isBridleError } from "../std/error.ts";
import { pick, seededRandom, type Random } from "../std/random.ts";
import { SAMPLE_START, sampleRun, saying, type Pen } from "./sample-run.ts";
import { twoHandles, type StoreCase } from "./opened-store.ts";

const LIMITS = { spillChars: 200, eventCharsMax: 2_000, blobBytesMax: 5_000, eventsPerRunMax: 290 };
const RUNS = ["r1", "r2", "r3", "r4"];
const STEPS = 400;

export const RANDOM_CASES: readonly StoreCase[] = [1, 2, 3, 4, 5, 6].map((seed) => ({
  title: `answers ${STEPS} random steps as the reference store does (seed ${seed})`,
  options: LIMITS,
  run: async (opened) => {
    const random = seededRandom(seed);
    const handles = await twoHandles(opened);
    const reference = memoryStore({ limits: LIMITS });
    const pens: Pen[] = [{ fence: { runId: "r1", epoch: 1 }, head: 1, hash: "" }];
    for (let n = 0; n < STEPS; n++) {
      const step = nextStep(random, pens, SAMPLE_START + n);
      const store = random() < 0.5 ? handles[0] : handles[1];
      const expected = await answerOf(reference, step);
      const answer = await answerOf(store, step);
      assert.deepEqual(answer, expected, `step ${n}: ${step.name}`);
      keepPen(pens, step, expected);
    }
    for (const runId of RUNS) {
      assert.deepEqual(await handles[0].get(runId), await reference.get(runId));
      assert.deepEqual(await handles[0].read(runId, 1), await reference.read(runId, 1));
      assert.deepEqual(await handles[0].inbox(runId, 0), await reference.inbox(runId, 0));
    }
  },
}));

interface Step {
  readonly name: string;
  readonly pen?: Pen;
  readonly run: (store: JournalStore) => Promise<unknown>;
}

/** An answer, or the code with which it was refused. */
async function answerOf(store: JournalStore, step: Step): Promise<unknown> {
  try {
    return await step.run(store);
  } catch (thrown) {
    if (isBridleError(thrown)) return { refused: thrown.code };
    throw thrown;
  }
}

/** `at` never goes back: what a run's row says of a clock that does is nobody's law. */
function nextStep(random: Random, pens: readonly Pen[], at: number): Step {
  const runId = pick(RUNS, random) ?? "r1";
  const roll = random();
  if (roll < 0.08) return createStep(random, runId, at);
  if (roll < 0.25) return claimStep(random, runId, at);
  if (roll < 0.6) return appendStep(random, pens, at);
  if (roll < 0.72) return postStep(random, runId, at);
  const { fence } = pick(pens, random) ?? { fence: { runId, epoch: 1 } };
  if (roll < 0.8) return { name: "extend", run: (store) => store.extend(fence, at) };
  if (roll < 0.85) return { name: "release", run: (store) => store.release(fence) };
  if (roll < 0.9) return { name: "nextWake", run: (store) => store.nextWake() };
  const leased = random() < 0.5;
  return { name: "list", run: (store) => store.list({ claimableAt: at, leased }) };
}

function createStep(random: Random, runId: string, at: number): Step {
  const lease = { owner: "c", until: at + 50 };
  const run = sampleRun(runId, {
    at,
    ...(random() < 0.5 ? { lease } : {}),
    ...(random() < 0.5 ? { idempotencyKey: pick(["k1", "k2", "k3"], random) ?? "" } : {}),
  });
  return { name: `create ${runId}`, run: (store) => store.create(run) };
}

function claimStep(random: Random, runId: string, at: number): Step {
  const request = {
    owner: pick(["a", "b"], random) ?? "a",
    nowMs: at,
    leaseMs: 30,
    ...(random() < 0.3 ? { takeFromEpoch: Math.floor(random() * 4) } : {}),
  };
  return {
    name: `claim ${runId}`,
    run: async (store) => {
      const claimed = await store.claim(runId, request);
      const last = (await store.read(runId, 1)).at(-1);
      return { claimed, hash: last?.hash };
    },
  };
}

function appendStep(random: Random, pens: readonly Pen[], at: number): Step {
  const pen = pick(pens, random);
  if (pen === undefined) return { name: "nothing", run: () => Promise.resolve() };
  const size = pick([0, 1, 1, 1, 3], random) ?? 1;
  const chars = pick([5, 5, 5, 150, 400, 6_000], random) ?? 5;
  const events = Array.from({ length: size }, () => ({ at, body: saying("x".repeat(chars)) }));
  const afters: readonly Append["after"][] = [
    { status: "parked", wakeAt: at, inboxSeen: Math.floor(random() * 3) },
    { status: "parked", wakeAt: null, inboxSeen: Math.floor(random() * 9) },
    ...(random() < 0.1 ? [{ status: "finished", outcome: "succeeded" } as const] : []),
  ];
  const after = random() < 0.3 ? pick(afters, random) : undefined;
  const expected = random() < 0.9 ? pen.head : pen.head + 1;
  const append = { expected, hash: pen.hash, events, ...(after === undefined ? {} : { after }) };
  const name = `append ${size} to ${pen.fence.runId} at epoch ${pen.fence.epoch}`;
  return { name, pen, run: (store) => store.append(pen.fence, append) };
}

function postStep(random: Random, runId: string, at: number): Step {
  const key = `k${Math.floor(random() * 12)}`;
  const text = "y".repeat(random() < 0.1 ? 3_000 : 5);
  const entry = { key, kind: "steer", body: { text }, at } as const;
  return { name: `post ${runId}`, run: (store) => store.post(runId, entry) };
}

/** Pens go stale on purpose: an old one is kept beside the new one for a while. */
function keepPen(pens: Pen[], step: Step, answer: unknown): void {
  if (typeof answer !== "object" || answer === null) return;
  const fresh = penOf(step, answer);
  if (fresh === undefined) return;
  pens.push(fresh);
  if (pens.length > 6) pens.shift();
}

function penOf(step: Step, answer: object): Pen | undefined {
  if ("head" in answer && "hash" in answer && step.pen !== undefined) {
    return { fence: step.pen.fence, head: Number(answer.head), hash: String(answer.hash) };
  }
  if (!("claimed" in answer) || !("hash" in answer)) return undefined;
  const { claimed, hash } = answer;
  if (!isClaimed(claimed)) return undefined;
  return { fence: claimed.fence, head: claimed.row.head, hash: String(hash) };
}

type Claimed = Extract<Awaited<ReturnType<JournalStore["claim"]>>, { kind: "claimed" }>;

function isClaimed(answer: unknown): answer is Claimed {
  return typeof answer === "object" && answer !== null && "fence" in answer && "row" in answer;
}
