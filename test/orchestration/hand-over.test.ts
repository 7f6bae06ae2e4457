import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { embedded, idempotent, memoryStore, once, type JournalStore } from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { agentOf, modelOf, sleep, toolOf, until, wholeJournal, worldOf } from "./world.ts";
import type { Turn } from "./world.ts";

function stores(): readonly (readonly [string, () => JournalStore])[] {
  return [
    ["memory", () => memoryStore()],
    [
      "sqlite",
      () => {
        const path = mkdtempSync(join(tmpdir(), "bridle-hand-over-"));
        const store = sqlite(join(path, "journal.db"));
        onTestFinished(async () => {
          await store.close();
          rmSync(path, { recursive: true, force: true });
        });
        return store;
      },
    ],
  ];
}

/** An agent that pays on each of its turns and notes every payment by its key. */
function payer(turns: number, paid: string[], ms = 2) {
  const pay = toolOf({
    effect: once(),
    execute: async (_input, { idempotencyKey }) => {
      paid.push(idempotencyKey);
      await sleep(ms);
      return "paid";
    },
  });
  const script = Array.from({ length: turns }, (_, n) => ({
    calls: [{ tool: "pay", input: { n } }],
  }));
  return agentOf(modelOf(...script, "Done."), { tools: { pay } });
}

for (const [name, open] of stores()) {
  describe(`two harnesses over one ${name} store`, () => {
    test("share the work and never both do it", async () => {
      const store = open();
      const paidByOne: string[] = [];
      const paidByTwo: string[] = [];
      const engine = () => embedded({ concurrency: 4, pollMs: 10 });
      const front = await worldOf(payer(3, []), { store, work: false });
      const runs = await Promise.all(
        Array.from({ length: 40 }, (_, n) => front.harness.start("worker", { input: n })),
      );
      const one = await worldOf(payer(3, paidByOne), { store, engine: engine() });
      const two = await worldOf(payer(3, paidByTwo), { store, engine: engine() });
      const outcomes = await Promise.all(runs.map((run) => run.outcome()));
      expect(outcomes.every((outcome) => outcome.kind === "succeeded")).toBe(true);
      expect(paidByOne.length).toBeGreaterThan(0);
      expect(paidByTwo.length).toBeGreaterThan(0);
      const paid = [...paidByOne, ...paidByTwo];
      expect(paid).toHaveLength(120);
      expect(new Set(paid).size).toBe(120);
      for (const run of runs) await wholeJournal(store, run.runId);
      expect([...one.problems, ...two.problems]).toEqual([]);
    });

    test("drain gives runs back at a boundary, and the other completes them", async () => {
      const store = open();
      const paid: string[] = [];
      const agent = payer(20, paid, 5);
      const first = await worldOf(agent, { store });
      const run = await first.harness.start("worker", { input: 1 });
      await until(() => paid.length >= 3);
      const waiting = Promise.allSettled([run.outcome()]);
      expect(await first.harness.drain(5_000)).toEqual({ left: 0 });
      expect(await waiting).toMatchObject([{ status: "rejected", reason: { code: "aborted" } }]);
      expect((await store.get(run.runId))?.lease).toBeNull();
      expect(paid.length).toBeLessThan(20);
      const second = await worldOf(agent, { store });
      const outcome = await (await second.harness.run(run.runId)).outcome();
      expect(outcome).toMatchObject({ kind: "succeeded", turns: 21 });
      expect(new Set(paid).size).toBe(20);
      expect(paid).toHaveLength(20);
      await wholeJournal(store, run.runId);
      expect(first.problems).toEqual([]);
    });

    test("drain that runs out of time leaves the effect to be settled by the next", async () => {
      const store = open();
      let runs = 0;
      const act = toolOf({
        effect: idempotent(),
        execute: () => {
          runs += 1;
          return runs === 1 ? new Promise(() => undefined) : "done";
        },
      });
      const agent = agentOf(modelOf({ calls: [{ tool: "act" }] }), { tools: { act } });
      const first = await worldOf(agent, { store });
      const run = await first.harness.start("worker", { input: 1 });
      await until(() => runs === 1);
      expect(await first.harness.drain(50)).toEqual({ left: 1 });
      expect((await store.get(run.runId))?.lease).toBeNull();
      const second = await worldOf(agent, { store });
      expect((await (await second.harness.run(run.runId)).outcome()).kind).toBe("succeeded");
      expect(runs).toBe(2);
      expect(first.problems).toEqual([]);
    });

    test("a worker whose run was taken writes nothing more and reports no problem", async () => {
      const store = open();
      const { promise, resolve } = Promise.withResolvers<Turn>();
      let asked = 0;
      const paid: string[] = [];
      const pay = toolOf({
        effect: once(),
        execute: (_input, { idempotencyKey }) => {
          paid.push(idempotencyKey);
          return "paid";
        },
      });
      const turn = { calls: [{ tool: "pay" }] };
      const model = modelOf(() => {
        asked += 1;
        return asked === 1 ? promise : turn;
      }, "Done.");
      const agent = agentOf(model, { tools: { pay } });
      const first = await worldOf(agent, { store });
      const run = await first.harness.start("worker", { input: 1 });
      await until(() => asked === 1);
      // Another worker takes the run by force, as after a wrong guess that the owner is dead.
      const row = await store.get(run.runId);
      const taken = await store.claim(run.runId, {
        owner: "elsewhere",
        nowMs: Date.now(),
        leaseMs: 60_000,
        takeFromEpoch: row?.epoch ?? 0,
      });
      expect(taken.kind).toBe("claimed");
      resolve(turn);
      await sleep(100);
      expect(paid).toEqual([]);
      expect((await store.get(run.runId))?.head).toBe(1);
      expect(first.problems).toEqual([]);
      if (taken.kind === "claimed") await store.release(taken.fence);
      expect((await run.outcome()).kind).toBe("succeeded");
      expect(paid).toHaveLength(1);
      await wholeJournal(store, run.runId);
    });
  });
}

/** Long enough that a heartbeat of a third of it is not late on a busy machine. */
const LEASE_MS = 400;

describe("a run that was promised a slot and still waits for one", () => {
  /** A worker with one slot that is taken, by a run of `hold`, after it was promised to another. */
  async function waiting() {
    const store = memoryStore();
    const holding = Promise.withResolvers<Turn>();
    const creating = Promise.withResolvers<void>();
    const hold = modelOf(() => holding.promise);
    const model = modelOf("Done.");
    const agents = [agentOf(hold, { name: "hold" }), agentOf(model)];
    const create = store.create.bind(store);
    store.create = async (run) => {
      if (run.agent === "worker") await creating.promise;
      return create(run);
    };
    const { harness, problems } = await worldOf(agents, {
      store,
      leaseMs: LEASE_MS,
      engine: embedded({ concurrency: 1, pollMs: 10 }),
    });
    const starting = harness.start("worker", { input: 1 });
    const front = await worldOf(agents, { store, work: false });
    await front.harness.start("hold", { input: 1 });
    await until(() => hold.requests.length === 1);
    creating.resolve();
    const run = await starting;
    expect(await store.get(run.runId)).toMatchObject({ epoch: 1, status: "ready" });
    return { store, run, model, problems, letGo: () => holding.resolve("Done.") };
  }

  test("keeps its lease", async () => {
    const { store, run, model, problems, letGo } = await waiting();
    const elsewhere = modelOf("Done elsewhere.");
    await worldOf(agentOf(elsewhere), { store, leaseMs: LEASE_MS });
    await sleep(2.5 * LEASE_MS);
    letGo();
    expect((await run.outcome()).text).toBe("Done.");
    expect([model.requests.length, elsewhere.requests.length]).toEqual([1, 0]);
    expect(problems).toEqual([]);
  });

  test("is cancelled before its first model call", async () => {
    const { run, model, letGo } = await waiting();
    await run.cancel();
    letGo();
    expect((await run.outcome()).kind).toBe("cancelled");
    expect(model.requests).toHaveLength(0);
  });
});

test("starting more runs at once than there are slots leases only what can begin", async () => {
  const store = memoryStore();
  const agent = agentOf(
    modelOf(async () => {
      await sleep(50);
      return "Done.";
    }),
  );
  const { harness } = await worldOf(agent, {
    store,
    engine: embedded({ concurrency: 3, pollMs: 10 }),
  });
  const runs = await Promise.all(
    Array.from({ length: 30 }, (_, n) => harness.start("worker", { input: n })),
  );
  const rows = await harness.runs({ limit: 100 });
  expect(rows.filter((row) => row.lease !== null).length).toBeLessThanOrEqual(3);
  await Promise.all(runs.map((run) => run.outcome()));
});

test("a start that a drain overtakes is durable and leased to nobody", async () => {
  const store = memoryStore();
  const agent = agentOf(modelOf("Done."));
  const first = await worldOf(agent, { store });
  const starting = first.harness.start("worker", { input: 1 });
  await first.harness.drain(1_000);
  const run = await starting;
  await sleep(20);
  const row = await store.get(run.runId);
  expect(row?.status === "finished" || row?.lease === null).toBe(true);
  const second = await worldOf(agent, { store });
  expect((await (await second.harness.run(run.runId)).outcome()).kind).toBe("succeeded");
});
