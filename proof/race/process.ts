/**
 * One of the processes that race. It works until its parent says stop, then reports what it was
 * told was durable. At the moments that its runs name it stops itself (SIGSTOP) until its parent,
 * who waits for another process to take the run over, wakes it (SIGCONT).
 */
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { harness } from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import type { Append, Fence } from "../../src/journal/store.ts";
import type { Json } from "../../src/std/json.ts";
import { clerk, LEASE_MS, raceEngine, type StallPoint } from "./clerk.ts";
import { watchStore } from "./watched-store.ts";

/** All threads of a process stand still so long after it was told, ms, on a busy machine too. */
const STOPS_WITHIN_MS = 1_000;

const [folder = "", modelRoot = "", ledgerUrl = "", slots = "1"] = process.argv.slice(2);

/** Runs whose next append is to be a stale one, and those whose answer was just read. */
const stallNext = new Set<string>();
const fences = new Map<string, Fence>();

const { store, watched } = watchStore(sqlite(join(folder, "journal.db")), {
  before: (fence) => {
    fences.set(fence.runId, fence);
    if (stallNext.delete(fence.runId)) stall(fence, "append");
  },
  after: (fence, append) => {
    if (asksToStallAtClaim(append)) stall(fence, "claim");
  },
});

const clerkHere = clerk({
  modelUrl: (tag) => `${modelRoot}/r/${tag}/v1`,
  ledgerUrl,
  onAnswer: ({ stall: point }, { runId }) => {
    const fence = fences.get(runId);
    if (fence === undefined) return;
    if (point === "append") stallNext.add(runId);
    if (point === "answer") stall(fence, "answer");
  },
});

const worker = await harness({
  agents: [clerkHere],
  store,
  engine: raceEngine(4),
  leaseMs: LEASE_MS,
  // A run that another process took over is no problem: it is what this race is about.
  onProblem: () => undefined,
});
say({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  if (line.includes("stop")) break;
}
await worker.drain(10_000);
const { acks, fenced, conflicts, leasesLost } = watched;
say({ acks: acks.map((ack) => ({ ...ack })), fenced, conflicts, leasesLost });
await store.close();
// An open stdin keeps a process alive.
process.stdin.destroy();

/** The claim of a payment that is to stall has just become durable. */
function asksToStallAtClaim({ events }: Append): boolean {
  const isClaimed = events.some(({ body }) => body.kind === "call.claimed");
  return isClaimed && JSON.stringify(events).includes('"stall":"claim"');
}

/** Stops the whole process: once for each run, whoever works on it, and never too many at once. */
function stall({ runId, epoch }: Fence, point: StallPoint): void {
  if (existsSync(join(folder, `${runId}.stalled`))) return;
  const slot = Array.from({ length: Number(slots) }, (_, nth) => `${point}${nth}.slot`).find(
    isMine,
  );
  if (slot === undefined || !isMine(`${runId}.stalled`)) return;
  say({ stalled: { runId, epoch, point, slot } });
  process.kill(process.pid, "SIGSTOP");
  // The signal may reach another thread first, and this one must not go on meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STOPS_WITHIN_MS);
  say({ woken: true });
}

/** Takes what one process may have: an exclusive file is the same truth for all of them. */
function isMine(name: string): boolean {
  try {
    closeSync(openSync(join(folder, name), "wx"));
    return true;
  } catch {
    return false;
  }
}

function say(message: Json): void {
  const line = `${JSON.stringify(message)}\n`;
  for (let bytes = Buffer.from(line); bytes.length > 0;) bytes = bytes.subarray(write(bytes));
}

/** A pipe takes what it has room for. */
function write(bytes: Uint8Array): number {
  try {
    return writeSync(1, bytes);
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "EAGAIN") return 0;
    throw thrown;
  }
}
