import { describe, expect, test } from "vitest";
import { idempotent, memoryStore, once } from "../../src/index.ts";
import type { JournalStore } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, network, play, toolOf, until, worldOf } from "./world.ts";

const refused = (statusCode: number): Error =>
  Object.assign(new Error("no"), { statusCode, isRetryable: true });
const broken = Object.assign(network("ECONNRESET"), { isRetryable: true });
const five = { maxOutputTokens: 5 } as const;

async function spentBy(store: JournalStore, runId: string, unit: string): Promise<number> {
  const accounts = await store.accounts({ scope: `run/${runId}` });
  const account = accounts.find((each) => each.unit === unit);
  expect(account?.held).toBe(0);
  return account?.spent ?? 0;
}

describe("R2: what an attempt without an answer may have cost is not forgotten", () => {
  test("only a status that says nothing was begun gives the reservation back", async () => {
    for (const [status, spent] of [
      [429, 5],
      [503, 5],
      [529, 5],
      [500, 10],
      [502, 10],
      [504, 10],
      [408, 10],
    ] as const) {
      const model = modelOf({ fails: refused(status) }, "Done.");
      const { run, store } = await play(agentOf(model, { ...five, budget: { outputTokens: 99 } }));
      expect([status, await spentBy(store, run.runId, "outputTokens")]).toEqual([status, spent]);
    }
  });

  test("the last attempt is given back too when it was refused", async () => {
    for (const [status, spent] of [
      [400, 0],
      [500, 20],
    ] as const) {
      const model = modelOf(() => ({ fails: refused(status) }));
      const { run, store, outcome } = await play(
        agentOf(model, { ...five, budget: { outputTokens: 99 } }),
      );
      expect(outcome.reason.code).toBe("model_failed");
      expect(await spentBy(store, run.runId, "outputTokens")).toBe(spent);
    }
  });

  test("a further attempt without room ends the run as exhausted, not as a broken model", async () => {
    const model = modelOf({ fails: broken }, "Done.");
    const ended = await play(agentOf(model, { ...five, budget: { outputTokens: 9 } }));
    expect(model.requests).toHaveLength(1);
    expect(ended.outcome.reason.code).toBe("budget_exhausted");
    expect(await spentBy(ended.store, ended.run.runId, "outputTokens")).toBe(5);
  });

  test("a run that asks is raised in the midst of its attempts and goes on", async () => {
    const model = modelOf({ fails: broken }, "Done.");
    const budget = { outputTokens: 9, onExhausted: "ask" } as const;
    const { harness, store } = await worldOf(agentOf(model, { ...five, budget }), {
      people: [{ id: "ann" }],
    });
    const run = await harness.start("worker", { input: "go" });
    await until(async () => (await run.state()).status === "parked");
    await run.raise({ outputTokens: 1 }, "ann");
    expect((await run.outcome()).kind).toBe("succeeded");
    expect(await spentBy(store, run.runId, "outputTokens")).toBe(10);
  });

  test("a stream that breaks off with a status counts in full: it had begun", async () => {
    for (const [hasBegun, spent] of [
      [true, 10],
      [false, 5],
    ] as const) {
      const inner = modelOf("Done.");
      let tries = 0;
      const model: typeof inner = {
        ...inner,
        doStream: async (options) => {
          tries += 1;
          if (tries === 1 && !hasBegun) throw refused(503);
          const { usage, finishReason } = await inner.doGenerate(options);
          const stream = new ReadableStream({
            start: (controller) => {
              controller.enqueue({ type: "text-start", id: "1" });
              controller.enqueue({ type: "text-delta", id: "1", delta: "Done." });
              if (tries === 1) controller.enqueue({ type: "error", error: refused(503) });
              controller.enqueue({ type: "finish", usage, finishReason });
              controller.close();
            },
          });
          return { stream };
        },
      };
      const budget = { outputTokens: 99 };
      const { run, store, outcome } = await play(agentOf(model, { ...five, budget, stream: true }));
      expect(outcome.kind).toBe("succeeded");
      expect(await spentBy(store, run.runId, "outputTokens")).toBe(spent);
    }
  });

  test("a cancel during the call leaves the call in the accounts", async () => {
    const model = modelOf(() => new Promise(() => undefined));
    const { harness, store } = await worldOf(
      agentOf(model, { ...five, budget: { outputTokens: 9 } }),
    );
    const run = await harness.start("worker", { input: "go" });
    await until(() => model.requests.length === 1);
    await run.cancel("enough");
    expect((await run.outcome()).kind).toBe("cancelled");
    expect(await spentBy(store, run.runId, "outputTokens")).toBe(5);
  });
});

describe("R5: no two attempts share a reservation", () => {
  test("a worker that lost its run pays for what it still asks, as the next one does", async () => {
    const store = memoryStore();
    const asked: (() => void)[] = [];
    const model = modelOf(() => new Promise((resolve) => asked.push(() => resolve("Done."))));
    const definition = agentOf(model, { ...five, budget: { outputTokens: 99 } });
    const first = await worldOf(definition, { store });
    const run = await first.harness.start("worker", { input: "go" });
    await until(() => asked.length === 1);
    const { epoch } = (await store.get(run.runId)) ?? { epoch: 0 };
    // What a machine does whose clock says that the first worker's lease is over.
    const nowMs = Date.now() + 3_600_000;
    const taken = await store.claim(run.runId, {
      owner: "next",
      leaseMs: 1,
      nowMs,
      takeFromEpoch: epoch,
    });
    if (taken.kind !== "claimed") throw new Error("not claimed");
    await store.release(taken.fence);
    const second = await worldOf(definition, { store });
    await until(() => asked.length === 2);
    for (const answer of asked) answer();
    const outcome = await (await second.harness.run(run.runId)).outcome();
    expect(outcome.kind).toBe("succeeded");
    expect(await spentBy(store, run.runId, "outputTokens")).toBe(10);
    expect(first.problems).toEqual([]);
  });

  test("a worker whose run another has ended asks no more and reports no problem", async () => {
    const store = memoryStore();
    let fail: (fault: unknown) => void = () => undefined;
    const model = modelOf(() => new Promise((_, reject) => (fail = reject)));
    const definition = agentOf(model, { ...five, budget: { outputTokens: 99 } });
    const { harness, problems } = await worldOf(definition, { store });
    const run = await harness.start("worker", { input: "go" });
    await until(() => model.requests.length === 1);
    const row = await store.get(run.runId);
    const claim = {
      owner: "next",
      leaseMs: 60_000,
      nowMs: Date.now(),
      takeFromEpoch: row?.epoch ?? 0,
    };
    const taken = await store.claim(run.runId, claim);
    if (taken.kind !== "claimed") throw new Error("not claimed");
    const [last] = (await store.read(run.runId, taken.row.head)).slice(-1);
    const reason = { code: "stop_condition", message: "ended" } as const;
    const outcome = "failed" as const;
    await store.append(taken.fence, {
      expected: taken.row.head,
      hash: last?.hash ?? "",
      events: [
        {
          at: Date.now(),
          body: { kind: "run.finished", inDoubt: [], outcome, reason, text: null },
        },
      ],
      after: { status: "finished", outcome },
    });
    fail(broken);
    await until(() => harness.drain(1_000));
    expect(model.requests).toHaveLength(1);
    expect(problems).toEqual([]);
    expect(await spentBy(store, run.runId, "outputTokens")).toBe(5);
  });
});

describe("R6: each request to a tool takes a token of its rate", () => {
  test("a retry without a token is none", async () => {
    let requests = 0;
    const flaky = toolOf({
      effect: idempotent(),
      limits: { rate: { count: 2, perMs: 3_600_000 } },
      retry: { retriesMax: 5, baseMs: 1, maxMs: 2 },
      execute: () => {
        requests += 1;
        throw network("ECONNREFUSED");
      },
    });
    const model = modelOf({ calls: [{ tool: "flaky" }] }, "Done.");
    const ended = await play(agentOf(model, { tools: { flaky } }));
    expect(requests).toBe(2);
    expect(eventsOf(ended.events, "run.finished")).toHaveLength(1);
  });
});

test("a call that a person says did not happen gives its place back at once", async () => {
  const store = memoryStore();
  const pay = toolOf({
    effect: once(),
    limits: { concurrent: 1 },
    execute: () => {
      throw network("ECONNRESET");
    },
  });
  const turn = { calls: [{ tool: "pay" }] };
  const hold = modelOf(turn, () => new Promise(() => undefined));
  const budget = { calls: { pay: 1 } };
  const definition = agentOf(hold, { tools: { pay }, inDoubt: "park", budget });
  const { harness } = await worldOf(definition, { store });
  const run = await harness.start("worker", { input: "go" });
  await until(async () => (await run.state()).doubts.length === 1);
  const [doubt] = (await run.state()).doubts;
  const slots = (): Promise<readonly { held: number }[]> => store.accounts({ scope: "slot" });
  expect(await slots()).toMatchObject([{ held: 1 }]);
  await run.resolve(doubt?.callId ?? "", { happened: false });
  await until(() => hold.requests.length === 2);
  await until(async () => (await slots())[0]?.held === 0);
});
