/**
 * A thousand runs of whole agents in several worker processes on one SQLite file. Workers are
 * killed (SIGKILL), or stopped until others have taken their runs and then let go on, so that two
 * workers ask for the same run at once. Models refuse, break off, answer late and do not say what
 * they counted. What the world billed is held against every limit.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JournalStore, RunState } from "../../../src/index.ts";
import { requireRun } from "../../../src/journal/read-run.ts";
import type { RunRow } from "../../../src/journal/store.ts";
import { formatDuration } from "../../../src/std/duration.ts";
import { sqlite } from "../../../src/storage/sqlite/door.ts";
import { endChildren } from "../../child.ts";
import type { ProofContext, ProofReport } from "../../proof.ts";
import { checkWorld } from "./check.ts";
import { openClient, type Client } from "./client.ts";
import { harnessReport } from "./figures.ts";
import { startWorker, type Worker, type WorkerOptions } from "./worker.ts";
import { countWorld, startWorld } from "./world.ts";

interface Size {
  readonly runs: number;
  readonly processes: number;
  readonly leaseMs: number;
  /** Between two kills or stops, at least and at most. */
  readonly everyMs: readonly [number, number];
  /** Outlasts the lease; the others work meanwhile. */
  readonly stopMs: number;
}

const full: Size = {
  runs: 1_000,
  processes: 6,
  leaseMs: 2_500,
  everyMs: [600, 1_600],
  stopMs: 4_500,
};
const quick: Size = { runs: 80, processes: 3, leaseMs: 1_200, everyMs: [300, 700], stopMs: 2_500 };

const PATIENCE_MS = 200_000;
/** For what those who were stopped still ask when the last run has ended. */
const SETTLE_MS = 1_000;
/** Each so many-th blow stops a worker in place of killing it. */
const STOP_EVERY = 3;

interface Stage {
  readonly size: Size;
  readonly context: ProofContext;
  readonly store: JournalStore;
  readonly client: Client;
  readonly options: WorkerOptions;
  readonly all: Worker[];
  readonly living: Worker[];
  readonly stopped: Set<Worker>;
}

export async function runHarness(context: ProofContext): Promise<ProofReport> {
  const size = context.quick ? quick : full;
  const started = Date.now();
  const folder = await mkdtemp(join(tmpdir(), "bridle-proof-"));
  const store = sqlite(join(folder, "journal.db"), { busyMs: 60_000 });
  try {
    const url = await startWorld(folder);
    const { runs, leaseMs, processes } = size;
    const client = await openClient(store, { url, runs });
    const share = Math.ceil(runs / processes);
    const options = { folder, url, runs, share, leaseMs };
    const lists = { all: [], living: [], stopped: new Set<Worker>() };
    const stage: Stage = { size, context, store, client, options, ...lists };
    for (let n = 0; n < processes; n++) addWorker(stage);
    await Promise.all(stage.living.map(({ ready }) => ready));
    context.progress(`${processes} workers share ${runs} runs of whole agents`);
    const { rows, kills, stops } = await strikeUntilDone(stage);
    while (stage.stopped.size > 0) await sleep(100);
    await sleep(SETTLE_MS);
    const counted = await countWorld(url);
    const states = await readStates(stage);
    const ms = Date.now() - started;
    context.progress(`whole agents: done in ${formatDuration(ms)}`);
    return harnessReport({
      runs,
      blows: { kills, stops },
      rows,
      states,
      raised: client.raised(),
      problems: stage.all.flatMap(({ problems }) => problems),
      counted,
      found: await checkWorld(store, states, counted),
      integrity: await store.integrity(),
      ms,
    });
  } finally {
    await endChildren();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function addWorker({ options, all, living }: Stage): void {
  const worker = startWorker(options);
  all.push(worker);
  living.push(worker);
}

async function readStates({ client, store }: Stage): Promise<ReadonlyMap<number, RunState>> {
  const states = new Map<number, RunState>();
  for (const [runId, n] of client.numbers) states.set(n, await requireRun(store, runId));
  return states;
}

interface Struck {
  readonly rows: readonly RunRow[];
  readonly kills: number;
  readonly stops: number;
}

async function strikeUntilDone(stage: Stage): Promise<Struck> {
  const { size, store, context, client } = stage;
  const [leastMs, mostMs] = size.everyMs;
  const deadline = Date.now() + PATIENCE_MS;
  const blows = { kills: 0, stops: 0 };
  let told = 0;
  for (let blow = 1; ; blow++) {
    await sleep(leastMs + Math.random() * (mostMs - leastMs));
    context.signal.throwIfAborted();
    for (const worker of stage.all) {
      const failure = worker.failure();
      if (failure !== null) throw new Error(failure);
    }
    const rows = await store.list({ limit: 10_000 });
    await client.look(rows);
    const done = rows.filter(({ status }) => status === "finished").length;
    if (done >= size.runs || Date.now() > deadline) return { rows, ...blows };
    if (done - told >= size.runs / 5) {
      told = done;
      context.progress(`  ${done} of ${size.runs} runs have ended, ${blows.kills} kills`);
    }
    // The last few runs are left to end: each takeover costs them a part of their budget.
    if (done > size.runs * 0.97) continue;
    if (blow % STOP_EVERY === 0) blows.stops += stopOne(stage);
    else blows.kills += await killOne(stage);
  }
}

async function killOne(stage: Stage): Promise<number> {
  const { living } = stage;
  const [victim] = living.splice(Math.floor(Math.random() * living.length), 1);
  if (victim === undefined) throw new Error("Nobody is left to be killed");
  await victim.kill();
  addWorker(stage);
  return 1;
}

/** One at a time: the others have to take its runs. */
function stopOne({ living, stopped, size }: Stage): number {
  const victim = living[Math.floor(Math.random() * living.length)];
  if (victim === undefined || stopped.size > 0) return 0;
  stopped.add(victim);
  victim.child.kill("SIGSTOP");
  setTimeout(() => {
    victim.child.kill("SIGCONT");
    stopped.delete(victim);
  }, size.stopMs).unref();
  return 1;
}
