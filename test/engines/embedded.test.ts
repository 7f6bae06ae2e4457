import { describe, expect, test } from "vitest";
import { embedded, memoryStore, type JournalStore } from "../../src/index.ts";
import { Lanes } from "../../src/engines/embedded/lanes.ts";
import { agentOf, modelOf, sleep, until, worldOf } from "../orchestration/world.ts";

/** Fills a store with runs of these tenants, in this order, that nobody works on yet. */
async function filled(store: JournalStore, tenants: readonly string[]): Promise<string[]> {
  const agent = agentOf(modelOf("Done."));
  const { harness } = await worldOf(agent, { store, work: false });
  const runIds: string[] = [];
  for (const tenant of tenants) {
    const run = await harness.start("worker", { input: tenant, principal: { id: tenant, tenant } });
    runIds.push(run.runId);
  }
  return runIds;
}

async function unfinished(store: JournalStore): Promise<number> {
  const rows = await store.list({ limit: 10_000 });
  return rows.filter((row) => row.status !== "finished").length;
}

describe("the embedded engine", () => {
  test("B1: advances no more runs at once than it may", async () => {
    let running = 0;
    let most = 0;
    const model = modelOf(async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(5);
      running -= 1;
      return "Done.";
    });
    const { harness } = await worldOf(agentOf(model), {
      engine: embedded({ concurrency: 3, pollMs: 10 }),
    });
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, n) => harness.start("worker", { input: n })),
    );
    await Promise.all(runs.map((run) => run.outcome()));
    expect(most).toBe(3);
  });

  test("drains 1,000 ready runs to the last", async () => {
    const store = memoryStore();
    await filled(store, Array<string>(1_000).fill("t"));
    const { problems } = await worldOf(agentOf(modelOf("Done.")), { store });
    await until(async () => (await unfinished(store)) === 0, 10_000);
    expect(problems).toEqual([]);
  });

  for (const many of [100, 1_500]) {
    test(`B2: a tenant with ${many} runs delays another's single run by a few`, async () => {
      const store = memoryStore();
      await filled(store, [...Array<string>(many).fill("big"), "small"]);
      const order: unknown[] = [];
      const model = modelOf(async ({ prompt }) => {
        order.push(JSON.stringify(prompt.at(-1)).includes("small") ? "small" : "big");
        await sleep(1);
        return "Done.";
      });
      await worldOf(agentOf(model), { store, engine: embedded({ concurrency: 2, pollMs: 10 }) });
      await until(() => order.includes("small"), 10_000);
      expect(order.indexOf("small")).toBeLessThan(10);
    });
  }

  test("B4: a run that cannot be advanced is tried later and later, and blocks nobody", async () => {
    const store = memoryStore();
    const [bad] = await filled(store, ["bad", ...Array<string>(50).fill("t")]);
    const tries: number[] = [];
    const claim = store.claim.bind(store);
    store.claim = (runId, request) => {
      if (runId !== bad) return claim(runId, request);
      tries.push(Date.now());
      throw new Error("disk");
    };
    const { problems } = await worldOf(agentOf(modelOf("Done.")), { store });
    await until(async () => (await unfinished(store)) === 1);
    await until(() => tries.length >= 2);
    expect(problems.length).toBeLessThanOrEqual(tries.length);
    expect((tries[1] ?? 0) - (tries[0] ?? 0)).toBeGreaterThanOrEqual(245);
    store.claim = claim;
    await until(async () => (await unfinished(store)) === 0);
  });

  test("a store that fails to list is reported and asked again", async () => {
    const store = memoryStore();
    await filled(store, ["t"]);
    const list = store.list.bind(store);
    const isLeft = async (): Promise<boolean> => {
      const rows = await list();
      return rows.some((row) => row.status !== "finished");
    };
    let failures = 0;
    store.list = (filter) => {
      failures += 1;
      return failures <= 3 ? Promise.reject(new Error("busy")) : list(filter);
    };
    const { problems } = await worldOf(agentOf(modelOf("Done.")), { store });
    await until(async () => !(await isLeft()));
    expect(problems).toHaveLength(3);
  });

  test("takes no work after a drain", async () => {
    const store = memoryStore();
    const { harness } = await worldOf(agentOf(modelOf("Done.")), { store });
    await harness.drain();
    const run = await harness.start("worker", { input: 1 });
    await sleep(60);
    expect(await store.get(run.runId)).toMatchObject({ status: "ready", lease: null, head: 1 });
  });
});

describe("lanes", () => {
  const all = (): boolean => true;
  const drained = (lanes: Lanes): string[] => {
    const order: string[] = [];
    for (let next = lanes.next(all); next !== undefined; next = lanes.next(all)) {
      order.push(next.runId);
    }
    return order;
  };

  test("take turns, each in its own order", () => {
    const lanes = new Lanes(100);
    for (const runId of ["a1", "a2", "a3", "b1", "c1", "c2"]) {
      lanes.add({ runId, lane: runId.slice(0, 1) });
    }
    expect(drained(lanes)).toEqual(["a1", "b1", "c1", "a2", "c2", "a3"]);
  });

  test("hold a run once and no more than their limit", () => {
    const lanes = new Lanes(2);
    for (const runId of ["a", "a", "b", "c"]) lanes.add({ runId, lane: "x" });
    expect(lanes.size).toBe(2);
    expect(drained(lanes)).toEqual(["a", "b"]);
    expect(lanes.size).toBe(0);
  });

  test("pass over a run that is not free without losing its place", () => {
    const lanes = new Lanes(10);
    for (const runId of ["a", "b"]) lanes.add({ runId, lane: "x" });
    expect(lanes.next((runId) => runId !== "a")).toEqual({ runId: "b", lane: "x" });
    expect(lanes.next((runId) => runId !== "a")).toBeUndefined();
    expect(drained(lanes)).toEqual(["a"]);
  });
});
