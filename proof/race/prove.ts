/**
 * `prove race`: many processes work on the runs of one SQLite file, none of them knowing of the
 * others. Some are stopped (SIGSTOP) at the worst moments for longer than their leases, others at
 * any moment; woken, they go on writing what is no longer theirs to write, and must be refused.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { harness } from "../../src/index.ts";
import type { JournalStore, RunRow } from "../../src/journal/store.ts";
import { requireRun } from "../../src/journal/read-run.ts";
import { formatDuration } from "../../src/std/duration.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import type { Proof, ProofContext, ProofReport } from "../proof.ts";
import { openWorld, type World } from "../world.ts";
import { checkEffects, checkJournal } from "./check.ts";
import { clerk, LEASE_MS, raceModel, stallPoints } from "./clerk.ts";
import { raceReport, type Slept } from "./figures.ts";
import { startRacer, type Racer, type Stalled } from "./racer.ts";

export const raceProof: Proof = {
  name: "race",
  guarantee: "G1 No accepted work is lost; G2 No side effect happens twice",
  summary: "sixteen processes share two hundred runs, some stopped past their lease and woken",
  options: [],
  examples: ["", "--quick", "--json"],
  run,
};

interface Size {
  readonly processes: number;
  readonly runs: number;
  /** Processes that stand still at once at each stall point; some are left to take over. */
  readonly slots: number;
}

const full: Size = { processes: 16, runs: 200, slots: 3 };
const quick: Size = { processes: 4, runs: 40, slots: 1 };

/** All runs end within this, or they are lost. */
const PATIENCE_MS = 150_000;
const MODEL_LATENCY_MS = 20;

async function run(context: ProofContext): Promise<ProofReport> {
  const size = context.quick ? quick : full;
  const started = Date.now();
  const world = await openWorld(MODEL_LATENCY_MS);
  const store = sqlite(join(world.folder, "journal.db"));
  try {
    const wakings: Promise<Slept>[] = [];
    const onStalled = (one: Stalled, by: Racer): void => {
      wakings.push(wakeWhenTakenOver({ store, folder: world.folder }, one, by));
    };
    const racers = Array.from({ length: size.processes }, () =>
      startRacer(world, { slots: size.slots, onStalled }),
    );
    await Promise.all(racers.map(({ ready }) => ready));
    context.progress(`${size.processes} processes are ready; ${size.runs} runs start`);
    await startRuns(world, store, size);
    let isDone = false;
    const stopping = stopAnywhere(racers, () => isDone);
    const rows = await untilDone(store, { size, context }).finally(() => {
      isDone = true;
    });
    const stopped = await stopping;
    const slept = await Promise.all(wakings);
    const reports = await Promise.all(racers.map((racer) => racer.finish()));
    const acks = reports.flatMap((report) => report.acks);
    const ms = Date.now() - started;
    context.progress(`done in ${formatDuration(ms)}`);
    return raceReport({
      size,
      slept,
      stopped,
      reports,
      ms,
      quick: context.quick,
      journal: await checkJournal(store, rows, acks),
      effects: checkEffects(await world.ledger.count("")),
      integrity: await store.integrity(),
      outcomes: await outcomesOf(store, rows),
    });
  } finally {
    await store.close();
    await world.close();
  }
}

/** Accepts the runs in this process, which does none of their work. */
async function startRuns(world: World, store: JournalStore, size: Size): Promise<void> {
  const front = clerk({
    modelUrl: () => "",
    ledgerUrl: world.ledger.url,
    onAnswer: () => undefined,
  });
  const desk = await harness({ agents: [front], store, work: false });
  await Promise.all(
    Array.from({ length: size.runs }, async (_, index) => {
      const tag = `race${index}`;
      world.addModel(tag, raceModel(tag, planOf(index)));
      await desk.start(front, { input: tag, idempotencyKey: tag, principal: { id: tag } });
    }),
  );
}

/** Every third run may stall; each stall point meets each kind of payment in turn. */
function planOf(index: number): Parameters<typeof raceModel>[1] {
  const nth = Math.floor(index / 3);
  const pay = pays[Math.floor(nth / 3) % 3] ?? "pay_plain";
  const stall = index % 3 === 0 ? (stallPoints[nth % 3] ?? null) : null;
  return { isBlind: index % 4 === 0 || pay === "pay_blind", stall, pay };
}

const pays: readonly string[] = ["pay_plain", "pay_keyed", "pay_blind"];

/**
 * A stopped process lives, so nobody takes its runs before the lease ends; then it is woken. One
 * with a claim in its hands sleeps until the other has done the work: that is when its own effect
 * would be the second.
 */
async function wakeWhenTakenOver(
  { store, folder }: { readonly store: JournalStore; readonly folder: string },
  one: Stalled,
  by: Racer,
): Promise<Slept> {
  await by.untilStopped();
  const deadline = Date.now() + 20 * LEASE_MS;
  let isTakenOver = false;
  while (Date.now() < deadline) {
    const row = await store.get(one.runId);
    isTakenOver = (row?.epoch ?? 0) > one.epoch;
    if (isTakenOver && (one.point !== "claim" || row?.status === "finished")) break;
    await sleep(20);
  }
  await by.wake();
  await rm(join(folder, one.slot));
  return { point: one.point, isTakenOver };
}

/** Stops processes in turn wherever they are, in the middle of a commit for example. */
async function stopAnywhere(racers: readonly Racer[], isDone: () => boolean): Promise<number> {
  let stopped = 0;
  for (let nth = 0; !isDone(); nth++) {
    await sleep(LEASE_MS / 4);
    const racer = racers[(nth * 7) % racers.length];
    // One that stopped itself is woken by whoever waits for its takeover.
    if (racer === undefined || racer.isStalling() || isDone()) continue;
    racer.stop();
    stopped += 1;
    await sleep(LEASE_MS * 1.3);
    racer.resume();
  }
  return stopped;
}

async function untilDone(
  store: JournalStore,
  given: { readonly size: Size; readonly context: ProofContext },
): Promise<readonly RunRow[]> {
  const { size, context } = given;
  const deadline = Date.now() + PATIENCE_MS;
  for (let told = 0; ;) {
    context.signal.throwIfAborted();
    const rows = await store.list({ limit: 10_000 });
    const done = rows.filter(({ status }) => status === "finished").length;
    if (done >= size.runs || Date.now() > deadline) return rows;
    if (done - told >= size.runs / 5) {
      told = done;
      context.progress(`  ${done} of ${size.runs} runs have ended`);
    }
    await sleep(100);
  }
}

/** How often each outcome was reached; doubts of what cannot be looked up count as their own. */
async function outcomesOf(
  store: JournalStore,
  rows: readonly RunRow[],
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { runId } of rows) {
    const { outcome } = await requireRun(store, runId);
    const name = outcome === null ? "none" : `${outcome.kind}: ${outcome.reason.code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
