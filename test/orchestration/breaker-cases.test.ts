import { describe, expect, test } from "vitest";
import {
  idempotent,
  memoryStore,
  once,
  read,
  ToolError,
  transactional,
  type ToolDefinition,
} from "../../src/index.ts";
import type { Transactor } from "../../src/journal/transactor.ts";
import { closedCircuit } from "../../src/journal/circuit.ts";
import {
  agentOf,
  eventsOf,
  modelOf,
  network,
  play,
  sleep,
  toolOf,
  until,
  wholeJournal,
  worldOf,
} from "./world.ts";

const down = (): never => {
  throw network("ECONNREFUSED");
};
const noRetry = { retriesMax: 0 };
const payTurn = { calls: [{ tool: "pay" }] };

/** A store that knows this tool's service to be down for so long. */
async function storeWithOpen(ms: number, scope = "tool/pay") {
  const store = memoryStore();
  const now = Date.now();
  const row = { ...closedCircuit(scope), failures: 5, opens: 1, openUntil: now + ms };
  await store.swapCircuit({ ...row, changedAt: now, reason: "down" }, 0);
  return store;
}

describe("a tool without a breaker", () => {
  test("is called as often as its author says, at once, and never refused", async () => {
    let [inside, most, hits] = [0, 0, 0];
    const pay = toolOf({
      retry: noRetry,
      breaker: false,
      concurrency: 40,
      execute: async () => {
        hits += 1;
        most = Math.max(most, (inside += 1));
        await sleep(5);
        inside -= 1;
        return down();
      },
    });
    const store = memoryStore();
    const model = modelOf({ calls: Array.from({ length: 60 }, () => ({ tool: "pay" })) }, "Done.");
    const { events } = await play(agentOf(model, { tools: { pay } }), { store });
    expect(hits).toBe(60);
    expect(most).toBe(40);
    expect(eventsOf(events, "call.refused")).toEqual([]);
    expect(await store.circuits()).toEqual([]);
  });
});

describe("tools of one service", () => {
  test("share its breaker by its name", async () => {
    let others = 0;
    const breaker = { name: "bank", failuresMax: 2, openMs: 60_000 };
    const pay = toolOf({ retry: noRetry, breaker, execute: down });
    const ask = toolOf({ retry: noRetry, breaker, effect: read(), execute: () => (others += 1) });
    const look = toolOf({ effect: read(), execute: () => "fine" });
    const model = modelOf(
      payTurn,
      payTurn,
      { calls: [{ tool: "ask" }, { tool: "look" }] },
      "Done.",
    );
    const store = memoryStore();
    const { events } = await play(agentOf(model, { tools: { pay, ask, look } }), { store });
    expect(others).toBe(0);
    expect(eventsOf(events, "tools.withheld")).toMatchObject([{ tools: ["pay", "ask"] }]);
    expect(model.requests.at(-1)?.tools?.map(({ name }) => name)).toEqual(["look"]);
    expect((await store.circuits()).map(({ scope }) => scope)).toEqual(["tool/bank"]);
  });
});

describe("when every tool is out of service", () => {
  test("the request still offers them: providers refuse calls in a history without tools", async () => {
    const store = await storeWithOpen(60_000);
    let hits = 0;
    const pay = toolOf({ execute: () => (hits += 1) });
    const model = modelOf(payTurn, "It could not be done.");
    const { outcome, events } = await play(agentOf(model, { tools: { pay } }), { store });
    expect(outcome.kind).toBe("succeeded");
    expect(hits).toBe(0);
    expect(model.requests.map(({ tools }) => tools?.length)).toEqual([1, 1]);
    const [told] = eventsOf(events, "tools.withheld");
    expect(told?.text).toContain("no call of any tool is carried out: pay");
    expect(told?.text).not.toContain("not offered");
    expect(eventsOf(events, "call.refused")).toMatchObject([{ code: "unavailable" }]);
  });
});

describe("a service that comes and goes", () => {
  test("is told of 20 times in a run; after that the tool stays offered", async () => {
    const store = await storeWithOpen(60_000);
    let turns = 0;
    const look = toolOf({ effect: read(), execute: () => "fine" });
    const flip = toolOf({
      effect: read(),
      execute: async () => {
        turns += 1;
        const row = (await store.circuit("tool/pay")) ?? closedCircuit("tool/pay");
        const isOpen = row.openUntil > Date.now();
        const openUntil = isOpen ? 0 : Date.now() + 60_000;
        await store.swapCircuit({ ...row, openUntil, changedAt: Date.now() }, row.version);
        // Longer than a row is believed.
        await sleep(260);
        return "flipped";
      },
    });
    const flips = Array.from({ length: 26 }, () => ({ calls: [{ tool: "flip" }] }));
    const model = modelOf(...flips, payTurn, "Done.");
    let paid = 0;
    const pay = toolOf({ execute: () => (paid += 1) });
    const { events, outcome } = await play(agentOf(model, { tools: { pay, flip, look } }), {
      store,
    });
    expect(outcome.kind).toBe("succeeded");
    expect(turns).toBe(26);
    const told = eventsOf(events, "tools.withheld");
    expect(told.length).toBe(20);
    expect(told.at(-1)?.tools).toEqual([]);
    expect(model.requests.at(-1)?.tools).toHaveLength(3);
    // Open after an even number of flips: refused with its reason, untouched.
    expect(paid).toBe(0);
    expect(eventsOf(events, "call.refused")).toMatchObject([{ code: "unavailable" }]);
  }, 20_000);
});

/** A run whose worker hung in its one call and was replaced while the breaker is open. */
async function resumed(tool: Partial<ToolDefinition>, openMs: number) {
  const store = memoryStore();
  let isBegun = false;
  const keys: string[] = [];
  const hangs = toolOf({
    ...tool,
    execute: () => {
      isBegun = true;
      return new Promise(() => undefined);
    },
  });
  const first = await worldOf(agentOf(modelOf(payTurn, "Done."), { tools: { pay: hangs } }), {
    store,
  });
  const started = await first.harness.start("worker", { input: "go" });
  await until(() => isBegun);
  await first.harness.drain(0);
  const now = Date.now();
  const row = { ...closedCircuit("tool/pay"), failures: 5, opens: 1, openUntil: now + openMs };
  await store.swapCircuit({ ...row, changedAt: now }, 0);
  const pay = toolOf({
    ...tool,
    execute: (_input, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      return "paid";
    },
  });
  const { harness: made } = await worldOf(agentOf(modelOf(payTurn, "Done."), { tools: { pay } }), {
    store,
  });
  const outcome = await (await made.run(started.runId)).outcome();
  const events = await wholeJournal(store, started.runId);
  return { outcome, events, keys, store };
}

describe("a worker that died in a call whose service is down now", () => {
  test("a read is refused, and the run goes on", async () => {
    const { outcome, events, keys } = await resumed({ effect: read() }, 60_000);
    expect(outcome.kind).toBe("succeeded");
    expect(keys).toEqual([]);
    expect(eventsOf(events, "call.in_doubt")).toEqual([]);
    expect(eventsOf(events, "call.refused")).toMatchObject([{ code: "unavailable" }]);
  });

  test("an idempotent call waits until it may be tried, under the same key", async () => {
    const { outcome, events, keys } = await resumed({ effect: idempotent() }, 900);
    expect(outcome).toMatchObject({ kind: "succeeded", receipts: [{ tool: "pay" }] });
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatch(/-t1c0$/);
    expect(eventsOf(events, "call.in_doubt")).toEqual([]);
  });

  test("a once call that did not happen is told as not done, without a doubt", async () => {
    const effect = once({ settlesWithinMs: 0, reconcile: () => null });
    const { outcome, events, keys } = await resumed({ effect }, 60_000);
    expect(outcome).toMatchObject({ kind: "succeeded", receipts: [] });
    expect(keys).toEqual([]);
    expect(eventsOf(events, "call.in_doubt")).toEqual([]);
    const [failed] = eventsOf(events, "call.failed");
    expect(failed?.observation).toContain("Nothing was done");
  });

  test("a once call that did happen has its receipt all the same", async () => {
    const effect = once({ settlesWithinMs: 0, reconcile: () => ({ id: "pay_1" }) });
    const { outcome, keys, store } = await resumed({ effect }, 60_000);
    expect(outcome).toMatchObject({ kind: "succeeded", receipts: [{ output: { id: "pay_1" } }] });
    expect(keys).toEqual([]);
    expect((await store.circuit("tool/pay"))?.opens).toBe(1);
  });
});

describe("a transactional call whose service is down when its worker is replaced", () => {
  for (const isDone of [true, false]) {
    test(`is ${isDone ? "found in its books" : "told as not done"}, without a doubt`, async () => {
      const transactor: Transactor<object> = {
        run: async (_key, work) => ({ output: await work({}), replayed: false }),
        find: async (key) => (isDone ? { output: `paid under ${key}` } : undefined),
      };
      const effect = transactional(transactor);
      const { outcome, events, keys } = await resumed({ effect }, 60_000);
      expect(outcome.kind).toBe("succeeded");
      expect(outcome.receipts).toHaveLength(isDone ? 1 : 0);
      expect(keys).toEqual([]);
      expect(eventsOf(events, "call.in_doubt")).toEqual([]);
    });
  }
});

describe("a probe that ends without a word", () => {
  test("of a read that is cancelled is given back at once", async () => {
    const store = await storeWithOpen(-1);
    let isInside = false;
    const pay = toolOf({
      effect: read(),
      breaker: { probeMs: 60_000 },
      execute: (_input, { abortSignal }) => {
        isInside = true;
        return new Promise((_resolve, reject) => {
          abortSignal.addEventListener("abort", () => reject(new ToolError("stopped")));
        });
      },
    });
    const { harness: made } = await worldOf(agentOf(modelOf(payTurn), { tools: { pay } }), {
      store,
    });
    const run = await made.start("worker", { input: "go" });
    await until(() => isInside);
    expect((await store.circuit("tool/pay"))?.probe).not.toBeNull();
    await run.cancel("enough");
    await run.outcome();
    expect(await store.circuit("tool/pay")).toMatchObject({ probe: null, failures: 5, opens: 1 });
  });

  test("of a model that is cancelled is given back at once", async () => {
    const store = await storeWithOpen(-1, "model/played/model");
    let isInside = false;
    const model = modelOf(async () => {
      isInside = true;
      await sleep(60_000);
      return "Done.";
    });
    const { harness: made } = await worldOf(agentOf(model), { store });
    const run = await made.start("worker", { input: "go" });
    await until(() => isInside);
    expect((await store.circuit("model/played/model"))?.probe).not.toBeNull();
    await run.cancel("enough");
    await run.outcome();
    expect(await store.circuit("model/played/model")).toMatchObject({ probe: null, opens: 1 });
  });
});
