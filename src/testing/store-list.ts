import assert from "node:assert/strict";
import type { JournalStore, RunFilter } from "../journal/store.ts";
import { appendOf, SAMPLE_LEASE_MS, SAMPLE_START, sampleRun, startRun } from "./sample-run.ts";
import type { StoreCase } from "./opened-store.ts";

const NOW = SAMPLE_START + 100_000;

/** One run in each state a filter can ask for. */
async function fill(store: JournalStore): Promise<void> {
  await store.create(sampleRun("ready"));
  await startRun(store, "leased", { lease: { owner: "first", until: NOW + 1 } });
  await startRun(store, "lapsed", { lease: { owner: "first", until: NOW } });
  for (const [runId, wakeAt] of [
    ["due", NOW],
    ["later", NOW + 1],
    ["waiting", null],
  ] as const) {
    const pen = await startRun(store, runId, { agent: "other", lane: "second" });
    const then = { status: "parked", wakeAt, inboxSeen: 0 } as const;
    await store.append(pen.fence, appendOf(pen, [], then));
    await store.release(pen.fence);
  }
  const pen = await startRun(store, "done");
  await store.append(pen.fence, appendOf(pen, ["bye"], { status: "finished", outcome: "failed" }));
}

async function namesOf(store: JournalStore, filter?: RunFilter): Promise<readonly string[]> {
  return (await store.list(filter)).map((row) => row.runId);
}

export const LIST_CASES: readonly StoreCase[] = [
  {
    title: "lists runs by state, agent and outcome in the order of their creation",
    run: async ({ store }) => {
      assert.deepEqual(await store.list(), []);
      await fill(store);
      const all = ["ready", "leased", "lapsed", "due", "later", "waiting", "done"];
      assert.deepEqual(await namesOf(store), all);
      assert.deepEqual(await namesOf(store, { newestFirst: true }), all.toReversed());
      assert.deepEqual(await namesOf(store, { status: "ready" }), all.slice(0, 3));
      assert.deepEqual(await namesOf(store, { status: "parked" }), all.slice(3, 6));
      assert.deepEqual(await namesOf(store, { status: "finished" }), ["done"]);
      assert.deepEqual(await namesOf(store, { agent: "other" }), all.slice(3, 6));
      assert.deepEqual(await namesOf(store, { agent: "nobody" }), []);
      assert.deepEqual(await namesOf(store, { outcome: "failed" }), ["done"]);
      assert.deepEqual(await namesOf(store, { outcome: "succeeded" }), []);
      assert.deepEqual(await namesOf(store, { agent: "sample", status: "parked" }), []);
    },
  },
  {
    title: "lists what a worker could take now: ready or due, and under no live lease",
    run: async ({ store }) => {
      await fill(store);
      assert.deepEqual(await namesOf(store, { claimableAt: NOW }), ["ready", "lapsed", "due"]);
      const leased = { claimableAt: NOW, leased: true };
      assert.deepEqual(await namesOf(store, leased), ["ready", "leased", "lapsed", "due"]);
      const later = { claimableAt: NOW + 1 };
      const due = ["ready", "leased", "lapsed", "due", "later"];
      assert.deepEqual(await namesOf(store, later), due);
    },
  },
  {
    title: "a list takes a limit, a hundred unless told, and never a nonsensical one",
    run: async ({ store }) => {
      const names = Array.from({ length: 120 }, (_, n) => `r${String(n).padStart(3, "0")}`);
      for (const name of names) await store.create(sampleRun(name));
      assert.deepEqual(await namesOf(store), names.slice(0, 100));
      assert.deepEqual(await namesOf(store, { limit: 3 }), names.slice(0, 3));
      assert.deepEqual(await namesOf(store, { limit: 3.9 }), names.slice(0, 3));
      const newest = await namesOf(store, { limit: 2, newestFirst: true });
      assert.deepEqual(newest, ["r119", "r118"]);
      assert.equal((await namesOf(store, { limit: 1_000_000 })).length, 120);
      for (const limit of [0, -1, Number.NaN])
        assert.deepEqual(await namesOf(store, { limit }), []);
    },
  },
  {
    title: "the next wake is the earliest time a parked run waits for",
    run: async ({ store }) => {
      assert.equal(await store.nextWake(), null);
      await fill(store);
      assert.equal(await store.nextWake(), NOW);
      await store.claim("due", { owner: "w", nowMs: NOW, leaseMs: SAMPLE_LEASE_MS });
      assert.equal(await store.nextWake(), NOW + 1);
    },
  },
  {
    title: "a row says what is known of a run without reading its events",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1", { lane: "tenant 7" });
      const appended = await store.append(pen.fence, appendOf(pen, ["a", "b"]));
      assert.deepEqual(await store.get("r1"), {
        runId: "r1",
        agent: "sample",
        status: "ready",
        outcome: null,
        head: appended.head,
        epoch: pen.fence.epoch,
        lease: { owner: "first", until: SAMPLE_START + SAMPLE_LEASE_MS },
        wakeAt: null,
        lane: "tenant 7",
        createdAt: SAMPLE_START,
        updatedAt: SAMPLE_START + 1,
      });
      assert.deepEqual(await store.list(), [await store.get("r1")]);
    },
  },
];
