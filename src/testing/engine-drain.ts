import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createRuns,
  drainAll,
  finishAfter,
  playOn,
  until,
  type EngineCase,
} from "./engine-stage.ts";

export const DRAIN_CASES: readonly EngineCase[] = [
  {
    title: "a drain waits for what runs and starts nothing more",
    options: { concurrency: 2 },
    run: async (opened) => {
      const { store } = opened;
      await createRuns(store, 10);
      const stage = playOn(opened, finishAfter(300));
      await until("two runs advance", () => stage.open() === 2);
      const drained = await stage.serving.drain(5_000);
      assert.deepEqual(drained, { left: 0 });
      assert.equal(stage.open(), 0);
      assert.equal((await store.list({ status: "finished" })).length, 2);
      stage.serving.wake({ runId: "r9", lane: "late" });
      assert.equal(stage.serving.room(), 0);
      await sleep(500);
      assert.equal(stage.passes.length, 2);
    },
  },
  {
    title: "a drain gives up at its deadline and says how many still run",
    options: { concurrency: 2 },
    run: async (opened) => {
      await createRuns(opened.store, 5);
      const stage = playOn(opened, finishAfter(800));
      await until("two runs advance", () => stage.open() === 2);
      const since = Date.now();
      assert.deepEqual(await stage.serving.drain(100), { left: 2 });
      assert.ok(Date.now() - since < 600, "it did not wait for them");
      await drainAll(stage);
      assert.equal(stage.open(), 0);
      assert.equal(stage.passes.length, 2);
    },
  },
  {
    title: "an engine with nothing to do drains at once, and twice",
    run: async (opened) => {
      const stage = playOn(opened, finishAfter(0));
      await until("it has room", () => stage.serving.room() > 0);
      const since = Date.now();
      assert.deepEqual(await stage.serving.drain(5_000), { left: 0 });
      assert.deepEqual(await stage.serving.drain(5_000), { left: 0 });
      assert.ok(Date.now() - since < 2_000);
    },
  },
  {
    title: "the room it tells of is what it can take now",
    options: { concurrency: 3 },
    run: async (opened) => {
      await createRuns(opened.store, 2);
      const stage = playOn(opened, finishAfter(400));
      await until("two runs advance", () => stage.open() === 2);
      assert.equal(stage.serving.room(), 1);
      await until("they end", () => stage.open() === 0);
      await until("there is room again", () => stage.serving.room() === 3);
      await drainAll(stage);
    },
  },
];
