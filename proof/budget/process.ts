/**
 * One of the processes that spend: `node process.ts FOLDER COUNTER RUNS SHARE NAME DEAD`. It takes
 * the runs of the processes DEAD (names with commas between), which were killed, then up to SHARE
 * at once, until it is killed itself or its stdin ends. Prints what it has seen, again and again.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JournalStore, RunRow } from "../../src/journal/store.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { ledgerSpender } from "./ledger-spender.ts";
import { limitsOf } from "./plan.ts";
import type { Spender } from "./spender.ts";

/** Nobody takes a run from a process that lives. */
const LEASE_MS = 600_000;
const LOOK_MS = 150;

const [folder = "", counterUrl = "", runs = "0", share = "1", name = "", dead = ""] =
  process.argv.slice(2);
const killed = new Set(dead.split(","));
const store = sqlite(join(folder, "journal.db"), { busyMs: 60_000 });
const spender: Spender = ledgerSpender(counterUrl, limitsOf(Number(runs)));
const driving = new Set<string>();
let takenOver = 0;

process.stdin.resume();
process.stdin.once("end", () => process.exit(0));
const all = await store.list({ claimableAt: Date.now(), leased: true, limit: 10_000 });
const left = all.filter((row) => row.lease !== null && killed.has(row.lease.owner));
await Promise.all(left.map((row) => take(store, row)));
console.log(JSON.stringify({ ready: true }));
for (;;) {
  const limit = Math.max(0, Number(share) - driving.size);
  const open = limit === 0 ? [] : await store.list({ claimableAt: Date.now(), limit });
  await Promise.all(open.map((row) => take(store, row)));
  console.log(JSON.stringify({ ...spender.tally(), takenOver }));
  await sleep(LOOK_MS);
}

/** Claims the run and sets it going; another process may have been quicker. */
async function take(journal: JournalStore, row: RunRow): Promise<void> {
  const { runId, epoch } = row;
  const request = { owner: name, nowMs: Date.now(), leaseMs: LEASE_MS, takeFromEpoch: epoch };
  const claimed = await journal.claim(runId, request);
  if (claimed.kind !== "claimed") return;
  if (claimed.fence.epoch > 1) takenOver += 1;
  const last = (await journal.read(runId, claimed.row.head)).at(-1);
  driving.add(runId);
  const pen = { store, fence: claimed.fence, head: claimed.row.head, hash: last?.hash ?? "" };
  void spender
    .drive(pen)
    .catch(giveUp)
    .finally(() => driving.delete(runId));
}

/** Nothing may fail here: a run that broke would count as a run that held. */
function giveUp(thrown: unknown): void {
  console.error(thrown);
  process.exit(1);
}
