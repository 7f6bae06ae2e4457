import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { idempotent, memoryStore, once, read, type Harness } from "../../src/index.ts";
import { makeFolder, openJournal } from "../storage/folder.ts";
import {
  agentOf,
  eventsOf,
  modelOf,
  network,
  play,
  toolOf,
  until,
  wholeJournal,
  worldOf,
} from "./world.ts";

/** An agent that pays with a service that is down or up, and looks with one that is well. */
function desk(openMs = 60_000) {
  const service = { isUp: false, hits: 0, looks: 0, inFlight: 0, mostInFlight: 0 };
  const pay = toolOf({
    effect: once(),
    retry: { retriesMax: 3, baseMs: 1, maxMs: 2 },
    breaker: { openMs },
    execute: async () => {
      service.hits += 1;
      service.inFlight += 1;
      service.mostInFlight = Math.max(service.mostInFlight, service.inFlight);
      await new Promise((resolve) => setTimeout(resolve, 3));
      service.inFlight -= 1;
      if (!service.isUp) throw network("ECONNREFUSED");
      return "paid";
    },
  });
  const look = toolOf({
    effect: read(),
    execute: () => {
      service.looks += 1;
      return "fine";
    },
  });
  const model = modelOf(
    { calls: [{ tool: "pay" }, { tool: "look" }] },
    { calls: [{ tool: "look" }] },
    "Done.",
  );
  return { service, model, agent: agentOf(model, { tools: { pay, look } }) };
}

async function playMany(made: Harness, count: number): Promise<readonly string[]> {
  const runs = await Promise.all(
    Array.from({ length: count }, (_unused, n) => made.start("worker", { input: n })),
  );
  await Promise.all(runs.map((run) => run.outcome()));
  return runs.map((run) => run.runId);
}

describe("50 runs on a dead dependency", () => {
  test("touch it no more than its budget, and other tools are unaffected", async () => {
    const { service, model, agent } = desk();
    const store = memoryStore();
    const { harness: made, problems } = await worldOf(agent, { store });
    const ids = await playMany(made, 50);
    // Ten may be on their way before it is known to be down; nobody follows them.
    expect(service.hits).toBeGreaterThanOrEqual(5);
    expect(service.hits).toBeLessThanOrEqual(10);
    expect(service.looks).toBe(100);
    expect(problems).toEqual([]);
    let refused = 0;
    for (const runId of ids) {
      const events = await wholeJournal(store, runId);
      refused += eventsOf(events, "call.refused").filter(
        ({ code }) => code === "unavailable",
      ).length;
    }
    expect(refused).toBeGreaterThanOrEqual(40);
    // The tool is no longer offered, and the model was told why.
    const last = model.requests.at(-1);
    expect(last?.tools?.map((tool) => tool.name)).toEqual(["look"]);
    expect(JSON.stringify(last?.prompt)).toContain(
      "Out of service for now, and not offered to you: pay",
    );
    expect(await store.circuits()).toMatchObject([{ scope: "tool/pay", opens: 1 }]);
  });

  test("recover within one probe when it is back", async () => {
    const { service, agent } = desk(50);
    const store = memoryStore();
    const { harness: made } = await worldOf(agent, { store });
    await playMany(made, 50);
    const dead = service.hits;
    await until(async () => ((await store.circuit("tool/pay"))?.openUntil ?? 0) < Date.now());
    service.isUp = true;
    service.mostInFlight = 0;
    const run = await made.start("worker", { input: "probe" });
    const outcome = await run.outcome();
    expect(service.hits).toBe(dead + 1);
    expect(outcome.receipts.map(({ tool }) => tool)).toContain("pay");
    expect(await store.circuit("tool/pay")).toMatchObject({
      openUntil: 0,
      failures: 0,
      probe: null,
    });
    await playMany(made, 20);
    expect(service.hits).toBe(dead + 21);
  });

  test("let exactly one through when its time is over, and stay away when that fails", async () => {
    const { service, agent } = desk(80);
    const store = memoryStore();
    const { harness: made } = await worldOf(agent, { store });
    await playMany(made, 10);
    const dead = service.hits;
    await until(async () => ((await store.circuit("tool/pay"))?.openUntil ?? 0) < Date.now());
    service.mostInFlight = 0;
    await playMany(made, 30);
    expect(service.mostInFlight).toBe(1);
    expect(service.hits).toBeLessThanOrEqual(dead + 2);
    expect((await store.circuit("tool/pay"))?.opens).toBeGreaterThanOrEqual(2);
  });
});

test("what one process found out keeps another from the dependency", async () => {
  const file = join(makeFolder(), "bridle.db");
  const [one, two] = [desk(), desk()];
  const first = await worldOf(one.agent, { store: openJournal(file) });
  await playMany(first.harness, 10);
  await first.harness.drain(500);
  expect(one.service.hits).toBeGreaterThanOrEqual(5);
  const second = await worldOf(two.agent, { store: openJournal(file) });
  await playMany(second.harness, 10);
  expect(two.service.hits).toBe(0);
});

test("a store that cannot note a failure costs no result", async () => {
  const { service, agent } = desk();
  const store = memoryStore();
  store.swapCircuit = () => Promise.reject(new Error("disk"));
  const { harness: made, problems } = await worldOf(agent, { store });
  const run = await made.start("worker", { input: 1 });
  expect((await run.outcome()).kind).toBe("succeeded");
  expect(problems).toEqual([]);
  expect(service.hits).toBeGreaterThan(0);
});

test("an idempotent call that may have landed waits for its service and is its probe", async () => {
  let hits = 0;
  let isUp = false;
  const pay = toolOf({
    effect: idempotent(),
    retry: { retriesMax: 5, baseMs: 1, maxMs: 2 },
    breaker: { failuresMax: 2, openMs: 300 },
    execute: () => {
      hits += 1;
      if (!isUp) throw network("ECONNRESET");
      return "paid";
    },
  });
  const agent = agentOf(modelOf({ calls: [{ tool: "pay" }] }, "Done."), { tools: { pay } });
  setTimeout(() => {
    isUp = true;
  }, 100);
  const { outcome, events, store } = await play(agent);
  expect(outcome.kind).toBe("succeeded");
  expect(eventsOf(events, "call.in_doubt")).toEqual([]);
  expect(eventsOf(events, "call.completed")).toMatchObject([{ attempts: 3 }]);
  expect(hits).toBe(3);
  expect(await store.circuit("tool/pay")).toMatchObject({ failures: 0, openUntil: 0, probe: null });
});

test("a call in doubt that is repeated as the probe closes the breaker", async () => {
  let hits = 0;
  const pay = toolOf({
    effect: idempotent(),
    retry: { retriesMax: 0 },
    breaker: { failuresMax: 1, openMs: 100 },
    execute: () => {
      hits += 1;
      if (hits === 1) throw network("ECONNRESET");
      return "paid";
    },
  });
  const model = modelOf({ calls: [{ tool: "pay" }] }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return "It is being looked at.";
  });
  const { outcome, store } = await play(agentOf(model, { tools: { pay } }));
  expect(outcome).toMatchObject({ kind: "succeeded", inDoubt: [] });
  expect(hits).toBe(2);
  expect(await store.circuit("tool/pay")).toMatchObject({ failures: 0, openUntil: 0, probe: null });
});

test("what everybody reads of a dead service holds no key", async () => {
  const pay = toolOf({
    effect: read(),
    retry: { retriesMax: 0 },
    breaker: { failuresMax: 1 },
    execute: () => {
      throw Object.assign(new Error("401 for Bearer abcdefgh12345678"), { code: "ECONNREFUSED" });
    },
  });
  const { store } = await play(agentOf(modelOf({ calls: [{ tool: "pay" }] }), { tools: { pay } }));
  const row = await store.circuit("tool/pay");
  expect(row?.reason).toContain("Bearer [key]");
  expect(row?.reason).not.toContain("abcdefgh12345678");
});
