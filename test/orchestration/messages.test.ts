import { describe, expect, test } from "vitest";
import { idempotent, memoryStore, once, read } from "../../src/index.ts";
import {
  agentOf,
  eventsOf,
  modelOf,
  sleep,
  toolOf,
  until,
  wholeJournal,
  worldOf,
} from "./world.ts";
import type { Turn } from "./world.ts";

/** A promise to be opened by the test. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}

const lookTurn = { calls: [{ tool: "look" }] };

describe("cancel", () => {
  test("stops a model call at once, also of a model that heeds no signal", async () => {
    const model = modelOf(() => new Promise<Turn>(() => undefined));
    const { harness, store } = await worldOf(agentOf(model));
    const run = await harness.start("worker", { input: 1 });
    await until(() => model.requests.length === 1);
    await run.cancel("changed my mind");
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({
      kind: "cancelled",
      reason: { code: "cancelled", message: "changed my mind" },
    });
    expect(model.requests[0]?.abortSignal?.aborted).toBe(true);
    await wholeJournal(store, run.runId);
  });

  test("stops a read, and what waits for a slot never begins", async () => {
    let runs = 0;
    const look = toolOf({
      effect: read(),
      concurrency: 1,
      execute: () => {
        runs += 1;
        return new Promise(() => undefined);
      },
    });
    const model = modelOf({ calls: [...lookTurn.calls, ...lookTurn.calls] });
    const { harness, store } = await worldOf(agentOf(model, { tools: { look } }));
    const run = await harness.start("worker", { input: 1 });
    await until(() => runs === 1);
    await run.cancel();
    expect((await run.outcome()).kind).toBe("cancelled");
    expect(runs).toBe(1);
    const events = await wholeJournal(store, run.runId);
    expect(eventsOf(events, "call.refused")).toMatchObject([{ code: "cancelled" }]);
  });

  test("lets an effect that has begun come to its end, and its receipt counts", async () => {
    const { opened, open } = gate();
    let isRunning = false;
    let signal: AbortSignal | undefined;
    const pay = toolOf({
      effect: once(),
      execute: async (_input, { abortSignal }) => {
        signal = abortSignal;
        isRunning = true;
        await opened;
        return "paid";
      },
    });
    const model = modelOf({ calls: [{ tool: "pay" }] });
    const { harness, store } = await worldOf(agentOf(model, { tools: { pay } }));
    const run = await harness.start("worker", { input: 1 });
    await until(() => isRunning);
    await run.cancel();
    await run.cancel("again");
    await sleep(30);
    expect(signal?.aborted).toBe(false);
    open();
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ kind: "cancelled", receipts: [{ output: "paid" }] });
    expect(outcome.reason.message).toBe("cancelled by its owner");
    expect(model.requests).toHaveLength(1);
    const events = await wholeJournal(store, run.runId);
    expect(eventsOf(events, "run.cancel_requested")).toHaveLength(1);
  });

  test("stops a run that waits for its first slot before its first model call", async () => {
    const { opened, open } = gate();
    const hold = modelOf(async () => {
      await opened;
      return "Done.";
    });
    const model = modelOf("Done.");
    const { embedded } = await import("../../src/index.ts");
    const { harness } = await worldOf([agentOf(hold, { name: "hold" }), agentOf(model)], {
      engine: embedded({ concurrency: 1, pollMs: 20 }),
    });
    const holder = await harness.start("hold", { input: 1 });
    const run = await harness.start("worker", { input: 1 });
    await run.cancel();
    open();
    expect((await run.outcome()).kind).toBe("cancelled");
    expect(model.requests).toHaveLength(0);
    await holder.outcome();
  });

  test("right after the start stops the run before its first model call", async () => {
    const model = modelOf("Done.");
    const { harness, store } = await worldOf(agentOf(model));
    const outcomes: string[] = [];
    for (let i = 0; i < 20; i++) {
      const run = await harness.start("worker", { input: i });
      await run.cancel().catch(() => undefined);
      outcomes.push((await run.outcome()).kind);
      await wholeJournal(store, run.runId);
    }
    expect(new Set([...outcomes, "cancelled", "succeeded"]).size).toBe(2);
  });

  test("ends a parked run; after the end it is refused", async () => {
    const pay = toolOf({
      effect: once(),
      execute: () => {
        throw new Error("lost");
      },
    });
    const model = modelOf({ calls: [{ tool: "pay" }] });
    const { harness, store } = await worldOf(agentOf(model, { tools: { pay }, inDoubt: "park" }));
    const run = await harness.start("worker", { input: 1 });
    await until(async () => (await store.get(run.runId))?.status === "parked");
    await run.cancel();
    const outcome = await run.outcome();
    expect(outcome.kind).toBe("cancelled");
    expect(outcome.inDoubt).toHaveLength(1);
    await expect(run.cancel()).rejects.toMatchObject({ code: "run_terminal" });
    await expect(run.steer("hm")).rejects.toMatchObject({ code: "run_terminal" });
  });

  test("of a run that nobody holds ends it once somebody works", async () => {
    const store = memoryStore();
    const model = modelOf("Done.");
    const definition = agentOf(model);
    const front = await worldOf(definition, { store, work: false });
    const run = await front.harness.start("worker", { input: 1 });
    await run.cancel();
    await worldOf(definition, { store });
    expect((await run.outcome()).kind).toBe("cancelled");
    expect(model.requests).toHaveLength(0);
  });

  test("posted in another process reaches the holder with its next heartbeat", async () => {
    const store = memoryStore();
    const model = modelOf(() => new Promise<Turn>(() => undefined));
    const definition = agentOf(model);
    const { harness } = await worldOf(definition, { store, leaseMs: 90 });
    const front = await worldOf(definition, { store, work: false });
    const { runId } = await harness.start("worker", { input: 1 });
    await until(() => model.requests.length === 1);
    const run = await front.harness.run(runId);
    await run.cancel();
    expect((await run.outcome()).kind).toBe("cancelled");
  });
});

describe("steer", () => {
  /** The texts of the user's messages in a request. */
  const said = (model: ReturnType<typeof modelOf>, request: number): string[] =>
    (model.requests[request]?.prompt ?? []).flatMap((message) =>
      message.role === "user"
        ? message.content.map((part) => ("text" in part ? part.text : ""))
        : [],
    );

  test("during a model call is heard in the next turn, in order, once per key", async () => {
    const { opened, open } = gate();
    const model = modelOf(async () => {
      await opened;
      return "First.";
    }, "Second.");
    const { harness } = await worldOf(agentOf(model));
    const run = await harness.start("worker", { input: "go" });
    await until(() => model.requests.length === 1);
    await run.steer("one", "k1");
    await run.steer("one again", "k1");
    await run.steer("two", "k2");
    await run.steer("three");
    open();
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ kind: "succeeded", text: "Second.", turns: 2 });
    expect(said(model, 0)).toEqual(["go"]);
    expect(said(model, 1)).toEqual(["go", "one", "two", "three"]);
  });

  test("while calls run never stands between a call and its result", async () => {
    const { opened, open } = gate();
    let isRunning = false;
    const look = toolOf({
      effect: read(),
      execute: async () => {
        isRunning = true;
        await opened;
        return "seen";
      },
    });
    const model = modelOf(lookTurn, "Done.");
    const { harness } = await worldOf(agentOf(model, { tools: { look } }));
    const run = await harness.start("worker", { input: "go" });
    await until(() => isRunning);
    await run.steer("hurry");
    open();
    await run.outcome();
    const roles = model.requests[1]?.prompt.map((message) => message.role);
    expect(roles).toEqual(["system", "user", "assistant", "tool", "user"]);
  });

  test("more often than a page of the inbox holds loses nothing", async () => {
    const store = memoryStore();
    const model = modelOf("Done.");
    const front = await worldOf(agentOf(model), { store, work: false });
    const run = await front.harness.start("worker", { input: "go" });
    for (let i = 0; i < 2_100; i++) await run.steer(`m${i}`, `k${i}`);
    await worldOf(agentOf(model), { store });
    await run.outcome();
    expect(said(model, 0)).toHaveLength(2_101);
    expect(said(model, 0).at(-1)).toBe("m2099");
  });
});

describe("a person settles a call in doubt", () => {
  async function parked(effect = once()) {
    let runs = 0;
    const pay = toolOf({
      effect,
      execute: () => {
        runs += 1;
        throw Object.assign(new Error("lost"), { code: "ECONNRESET" });
      },
      retry: { retriesMax: 0 },
    });
    const model = modelOf({ calls: [{ tool: "pay" }, { tool: "pay", input: { n: 2 } }] }, "Done.");
    const definition = agentOf(model, { tools: { pay }, inDoubt: "park" });
    const { harness, store } = await worldOf(definition);
    const run = await harness.start("worker", { input: 1 });
    await until(async () => (await store.get(run.runId))?.status === "parked");
    return { run, model, store, runs: () => runs };
  }

  test("it happened, it did not: the model gets both results and goes on", async () => {
    const { run, model, store, runs } = await parked();
    expect((await run.state()).waitingFor).toContain("pay (t1c0), pay (t1c1)");
    await run.resolve("t1c0", { happened: true, output: { id: "p1" } });
    await run.resolve("t1c1", { happened: false });
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ kind: "succeeded", inDoubt: [] });
    expect(outcome.receipts).toMatchObject([
      { callId: "t1c0", via: "person", output: { id: "p1" } },
    ]);
    expect(runs()).toBe(2);
    expect(model.requests).toHaveLength(2);
    const tool = model.requests[1]?.prompt.at(-1);
    expect(JSON.stringify(tool)).toContain("did not happen");
    await wholeJournal(store, run.runId);
  });

  test("one word is not enough for two calls: the run waits on", async () => {
    const { run, store } = await parked();
    await run.resolve("t1c0", { happened: true });
    await until(async () => (await run.state()).doubts.length === 1);
    await until(async () => (await store.get(run.runId))?.status === "parked");
    await run.steer("Are you there?");
    await sleep(50);
    await until(async () => (await store.get(run.runId))?.status === "parked");
    await run.resolve("t1c1", { happened: true });
    expect((await run.outcome()).kind).toBe("succeeded");
  });

  test("the first word counts and is not refused when it is said again", async () => {
    const { run } = await parked();
    await run.resolve("t1c0", { happened: true });
    await until(async () => (await run.state()).doubts.length === 1);
    await run.resolve("t1c0", { happened: false });
    await run.resolve("t1c1", { happened: true });
    const outcome = await run.outcome();
    await run.resolve("t1c1", { happened: true });
    expect(outcome.receipts.map((receipt) => receipt.callId)).toEqual(["t1c0", "t1c1"]);
  });

  test("of an idempotent effect too", async () => {
    const { run } = await parked(idempotent());
    await run.resolve("t1c0", { happened: true });
    await run.resolve("t1c1", { happened: true });
    expect((await run.outcome()).kind).toBe("succeeded");
  });

  test("of a call that is not in doubt is refused with what is", async () => {
    const { run } = await parked();
    await expect(run.resolve("t9c9", { happened: true })).rejects.toMatchObject({ code: "usage" });
    await run.cancel();
    await run.outcome();
  });
});
