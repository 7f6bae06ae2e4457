/**
 * The ledger by hand: a thousand runs at once, in several processes on one SQLite file, want to
 * spend more than there is: of their own budget, their user's, everybody's, within windows, and with
 * few slots. Processes are killed (SIGKILL) at random moments and others take their runs over. A
 * process outside takes the money and keeps its own count; afterwards that count is held against
 * every limit. Windows are held against the dates of the reservations, which is what they go by.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JournalStore, RunRow } from "../../src/journal/store.ts";
import { formatDuration } from "../../src/std/duration.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { sampleRun } from "../../src/testing/sample-run.ts";
import { endChildren } from "../child.ts";
import type { ProofContext, ProofReport } from "../proof.ts";
import { checkSpending } from "./check.ts";
import { countSpends, startCounter } from "./counter.ts";
import { budgetReport } from "./figures.ts";
import { limitsOf, runIdOf } from "./plan.ts";
import { startWorker, type Worker, type WorkerOptions } from "./worker.ts";

interface Size {
  readonly runs: number;
  readonly processes: number;
  /** Between two kills, at least and at most. */
  readonly killEveryMs: readonly [number, number];
}

const full: Size = { runs: 1_000, processes: 8, killEveryMs: [300, 1_000] };
const quick: Size = { runs: 80, processes: 3, killEveryMs: [250, 600] };

/** All runs end within this, or they are lost. */
const PATIENCE_MS = 150_000;

interface Stage {
  readonly size: Size;
  readonly context: ProofContext;
  readonly store: JournalStore;
  readonly options: Omit<WorkerOptions, "name" | "dead">;
  readonly dead: string[];
  /** Everyone who ever worked; the living are those at the end of their line. */
  readonly all: Worker[];
  readonly living: Worker[];
}

export async function runLedger(context: ProofContext): Promise<ProofReport> {
  const size = context.quick ? quick : full;
  const started = Date.now();
  const folder = await mkdtemp(join(tmpdir(), "bridle-proof-"));
  const store = sqlite(join(folder, "journal.db"), { busyMs: 60_000 });
  try {
    const counterUrl = await startCounter(folder);
    await startRuns(store, size.runs);
    const share = Math.ceil(size.runs / size.processes);
    const options = { folder, counterUrl, runs: size.runs, share };
    const stage: Stage = { size, context, store, options, dead: [], all: [], living: [] };
    for (let n = 0; n < size.processes; n++) addWorker(stage);
    await Promise.all(stage.living.map(({ ready }) => ready));
    context.progress(`${size.processes} processes share ${size.runs} runs`);
    const { rows, kills } = await killUntilDone(stage);
    // What the living have seen since they last spoke.
    await sleep(500);
    const ms = Date.now() - started;
    context.progress(`done in ${formatDuration(ms)}`);
    const counted = await countSpends(counterUrl);
    return budgetReport({
      size,
      kills,
      rows,
      tallies: stage.all.map((worker) => worker.tally()),
      counted,
      spending: await checkSpending(store, limitsOf(size.runs), counted),
      integrity: await store.integrity(),
      quick: context.quick,
      ms,
    });
  } finally {
    await endChildren();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startRuns(store: JournalStore, runs: number): Promise<void> {
  const at = Date.now();
  await Promise.all(
    Array.from({ length: runs }, (_, n) => store.create(sampleRun(runIdOf(n), { at }))),
  );
}

function addWorker({ options, dead, all, living }: Stage): void {
  const worker = startWorker({ ...options, name: `w${all.length}`, dead });
  // Whoever is killed before it is ready has nobody who waits for it.
  worker.ready.catch(() => undefined);
  all.push(worker);
  living.push(worker);
}

/** Kills one after the other and puts another in its place, until every run has ended. */
async function killUntilDone(
  stage: Stage,
): Promise<{ readonly rows: readonly RunRow[]; readonly kills: number }> {
  const { size, store, context, living } = stage;
  const [leastMs, mostMs] = size.killEveryMs;
  const deadline = Date.now() + PATIENCE_MS;
  let told = 0;
  for (let kills = 0; ; kills++) {
    await sleep(leastMs + Math.random() * (mostMs - leastMs));
    context.signal.throwIfAborted();
    for (const worker of stage.all) {
      const failure = worker.failure();
      if (failure !== null) throw new Error(failure);
    }
    const rows = await store.list({ limit: 10_000 });
    const done = rows.filter(({ status }) => status === "finished").length;
    if (done >= size.runs || Date.now() > deadline) return { rows, kills };
    if (done - told >= size.runs / 5) {
      told = done;
      context.progress(`  ${done} of ${size.runs} runs have ended, ${kills} kills`);
    }
    const [victim] = living.splice(Math.floor(Math.random() * living.length), 1);
    if (victim === undefined) throw new Error("Nobody is left to be killed");
    await victim.kill();
    // It may itself have died before it had taken over what others left.
    stage.dead.push(victim.name);
    addWorker(stage);
  }
}
