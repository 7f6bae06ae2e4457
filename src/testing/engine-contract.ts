/**
 * The laws G1 to G4 of `orchestration/engine.ts`, checked on anyone's engine with real runs in a
 * real store. Times are real: an engine is a thing of clocks.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { registerCases, type Register } from "./contract-case.ts";
import { DRAIN_CASES } from "./engine-drain.ts";
import {
  allFinished,
  createRuns,
  drainAll,
  finishAfter,
  playOn,
  until,
  type EngineCase,
  type EngineUnderTest,
} from "./engine-stage.ts";
import { sampleRun, startRun, textsOf } from "./sample-run.ts";

/** Registers the whole suite: `engineContract({ name: "mine", open }, test)`. */
export function engineContract(subject: EngineUnderTest, register: Register): void {
  const cases = [...WAKE_CASES, ...ONCE_CASES, ...TIME_CASES, ...DRAIN_CASES];
  registerCases(subject, cases, register);
}

const WAKE_CASES: readonly EngineCase[] = [
  {
    title: "G1 wakes that come often, late or for nothing do no harm",
    run: async (opened) => {
      const { store } = opened;
      const [first = ""] = await createRuns(store, 1);
      const stage = playOn(opened, finishAfter(20));
      for (let n = 0; n < 5; n++) stage.serving.wake({ runId: first, lane: "a" });
      stage.serving.wake({ runId: "nobody knows it", lane: "a" });
      await until("the run ends", () => allFinished(store, 1));
      for (let n = 0; n < 5; n++) stage.serving.wake({ runId: first, lane: "b" });
      const [later = ""] = await createRuns(store, 1, "later");
      stage.serving.wake({ runId: later, lane: "b" });
      await until("the next run ends", () => allFinished(store, 2));
      await drainAll(stage);
      assert.deepEqual(await textsOf(store, first), ["finished by stage"]);
      assert.deepEqual(stage.overlaps, []);
      assert.deepEqual(stage.problems, []);
    },
  },
  {
    title: "G2 runs that nobody woke are found, those from before it served too",
    run: async (opened) => {
      const { store } = opened;
      await createRuns(store, 20, "before");
      const stage = playOn(opened, finishAfter(1));
      await until("the old runs end", () => allFinished(store, 20));
      await createRuns(store, 5, "after");
      await until("the new runs end", () => allFinished(store, 25));
      await drainAll(stage);
    },
  },
  {
    title: "G2 a run whose pass broke is advanced again, and holds up nobody",
    run: async (opened) => {
      const { store } = opened;
      await createRuns(store, 5);
      const stage = playOn(opened, async ({ runId, nth, claim, finish }) => {
        if (runId === "r0" && nth <= 2) throw new Error("the worker broke");
        const pen = await claim();
        return pen === undefined ? { kind: "idle" } : finish(pen);
      });
      await until("all runs end", () => allFinished(store, 5));
      await drainAll(stage);
      assert.deepEqual(stage.problems, ["r0", "r0"]);
      const soundPasses = stage.passes.slice(0, stage.passes.lastIndexOf("r0"));
      for (const name of ["r1", "r2", "r3", "r4"]) assert.ok(soundPasses.includes(name), name);
    },
  },
  {
    title: "G2 a run whose worker died is taken up when its lease ends",
    run: async (opened) => {
      const { store } = opened;
      const lease = { owner: "a worker that died", until: Date.now() + 700 };
      await startRun(store, "r0", { lease });
      const stage = playOn(opened, finishAfter(0));
      await until("the run ends", () => allFinished(store, 1));
      await drainAll(stage);
      assert.ok(Date.now() >= lease.until, "not before the lease ended");
    },
  },
  {
    title: "G2 a run that stays ready is asked about again, but not without pause",
    run: async (opened) => {
      await createRuns(opened.store, 1);
      const stage = playOn(opened, () => Promise.resolve({ kind: "idle" }));
      await sleep(1_000);
      await drainAll(stage);
      const count = stage.passes.length;
      assert.ok(count >= 1, "it is asked about");
      assert.ok(count <= 100, `${count} passes within a second over a run that does not move`);
    },
  },
];

const ONCE_CASES: readonly EngineCase[] = [
  {
    title: "G3 one run is never advanced twice at the same time",
    options: { concurrency: 8 },
    run: async (opened) => {
      const names = await createRuns(opened.store, 3);
      const stage = playOn(opened, async ({ nth, claim, finish }) => {
        await sleep(60);
        const pen = nth < 4 ? undefined : await claim();
        return pen === undefined ? { kind: "at", atMs: Date.now() } : finish(pen);
      });
      const nagging = setInterval(() => {
        for (const runId of names) stage.serving.wake({ runId, lane: runId });
      }, 5);
      try {
        await until("all runs end", () => allFinished(opened.store, 3));
      } finally {
        clearInterval(nagging);
      }
      await drainAll(stage);
      assert.ok(stage.passes.length >= 12, "every run was advanced four times");
      assert.deepEqual(stage.overlaps, []);
    },
  },
  {
    title: "G3 two engines on one store end each run once",
    options: { concurrency: 4 },
    run: async (opened) => {
      const names = await createRuns(opened.store, 40);
      const one = playOn(opened, finishAfter(5), "one");
      const two = playOn(opened, finishAfter(5), "two");
      await until("all runs end", () => allFinished(opened.store, 40));
      await drainAll(one, two);
      const enders = await Promise.all(names.map((name) => textsOf(opened.store, name)));
      assert.ok(
        enders.every((texts) => texts.length === 1),
        "each run has one end",
      );
    },
  },
  {
    title: "no more runs advance at once than it was told, and as many when there is work",
    options: { concurrency: 3 },
    run: async (opened) => {
      await createRuns(opened.store, 20);
      const stage = playOn(opened, finishAfter(20));
      await until("all runs end", () => allFinished(opened.store, 20));
      await drainAll(stage);
      assert.equal(stage.busiest(), 3);
    },
  },
];

const TIME_CASES: readonly EngineCase[] = [
  {
    title: "G4 a parked run is advanced at its time, not before",
    run: async (opened) => {
      const { store } = opened;
      await createRuns(store, 1);
      let wakeAt = 0;
      const stage = playOn(opened, async ({ nth, claim, finish, park }) => {
        const pen = await claim();
        if (pen === undefined) return { kind: "idle" };
        if (nth > 1) return finish(pen);
        wakeAt = Date.now() + 600;
        await park(pen, wakeAt);
        return { kind: "at", atMs: wakeAt };
      });
      await until("the run ends", () => allFinished(store, 1));
      await drainAll(stage);
      assert.equal(stage.passes.length, 2);
      assert.ok((stage.times[1] ?? 0) >= wakeAt, "not before its time");
    },
  },
  {
    title: "G4 a run that is due again at once goes on without a wake",
    run: async (opened) => {
      await createRuns(opened.store, 1);
      const stage = playOn(opened, async ({ nth, claim, finish }) => {
        if (nth < 5) return { kind: "at", atMs: Date.now() };
        const pen = await claim();
        return pen === undefined ? { kind: "idle" } : finish(pen);
      });
      await until("the run ends", () => allFinished(opened.store, 1));
      await drainAll(stage);
      assert.equal(stage.passes.length, 5);
    },
  },
  {
    title: "G4 a run that waits for a message rests until somebody posts one, from anywhere",
    run: async (opened) => {
      const { store } = opened;
      await store.create(sampleRun("r0"));
      const stage = playOn(opened, async ({ nth, claim, finish, park }) => {
        const pen = await claim();
        if (pen === undefined) return { kind: "idle" };
        if (nth > 1) return finish(pen);
        await park(pen, null);
        return { kind: "idle" };
      });
      await until("it parks", async () => (await store.get("r0"))?.status === "parked");
      await sleep(700);
      assert.equal(stage.passes.length, 1, "it rests");
      await store.post("r0", { key: "k", kind: "steer", body: { text: "on" }, at: Date.now() });
      await until("the run ends", () => allFinished(store, 1));
      await drainAll(stage);
      assert.equal(stage.passes.length, 2);
    },
  },
];
