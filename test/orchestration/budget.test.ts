import { describe, expect, test } from "vitest";
import { idempotent, memoryStore, once } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, play, sleep, toolOf, until, worldOf } from "./world.ts";

const pay = toolOf({ effect: once(), execute: () => "paid" });
const payTurn = { calls: [{ tool: "pay" }] };
const prices = { "played/model": { inputUsd: 1, outputUsd: 2 } };
/** What a played answer costs: 10 tokens in, 5 out. */
const ANSWER_MICROS = 20;

describe("R1: a model is asked only under a reservation", () => {
  test("what was used is settled, nothing stays held", async () => {
    const store = memoryStore();
    const budget = { usd: 1, outputTokens: 100_000, inputTokens: 100_000 };
    const ended = await play(agentOf(modelOf(payTurn, "Done."), { tools: { pay }, budget }), {
      store,
      prices,
    });
    expect(ended.outcome.kind).toBe("succeeded");
    const accounts = await store.accounts({ scope: `run/${ended.run.runId}` });
    expect(accounts).toMatchObject([
      { unit: "usdMicros", spent: 2 * ANSWER_MICROS, held: 0 },
      { unit: "inputTokens", spent: 20, held: 0 },
      { unit: "outputTokens", spent: 10, held: 0 },
    ]);
  });

  test("the provider is told the most it may answer", async () => {
    const model = modelOf("Done.");
    await play(agentOf(model, { budget: { outputTokens: 100_000 } }));
    expect(model.requests[0]?.maxOutputTokens).toBe(8_192);
    const own = modelOf("Done.");
    await play(agentOf(own, { budget: { outputTokens: 100_000 }, maxOutputTokens: 7 }));
    expect(own.requests[0]?.maxOutputTokens).toBe(7);
  });

  test("a budget without room ends the run before the model is asked", async () => {
    const model = modelOf(payTurn, payTurn, payTurn, "Done.");
    const ended = await play(
      agentOf(model, { tools: { pay }, budget: { outputTokens: 14 }, maxOutputTokens: 5 }),
    );
    expect(ended.outcome).toMatchObject({
      kind: "failed_recoverable",
      reason: { code: "budget_exhausted" },
    });
    // 5 + 5 are spent; the third answer could be one too long.
    expect(model.requests).toHaveLength(2);
  });

  test("a run that asks waits for a person, who raises the budget", async () => {
    const model = modelOf(payTurn, "Done.");
    const budget = { outputTokens: 6, onExhausted: "ask" } as const;
    const { harness } = await worldOf(
      agentOf(model, { tools: { pay }, budget, maxOutputTokens: 5 }),
      { people: [{ id: "ann" }] },
    );
    const run = await harness.start("worker", { input: "go", principal: { id: "bob" } });
    await until(async () => (await run.state()).status === "parked");
    expect((await run.state()).waitingFor).toContain("raise the budget");
    for (const by of ["mallory", "bob"]) {
      await expect(run.raise({ outputTokens: 100 }, by)).rejects.toMatchObject({
        code: "approval_invalid",
      });
    }
    expect((await run.state()).raised).toEqual({});
    await run.raise({ outputTokens: 100 }, "ann");
    expect(await run.outcome()).toMatchObject({ kind: "succeeded" });
  });

  test("an unknown price is not zero", async () => {
    const model = modelOf("Done.");
    const ended = await play(agentOf(model, { budget: { usd: 1 } }));
    expect(ended.outcome).toMatchObject({ reason: { code: "price_unknown" } });
    expect(model.requests).toHaveLength(0);
    const worst = { inputUsd: 1_000, outputUsd: 1_000 };
    const capped = await play(agentOf(modelOf("Done."), { budget: { usd: 100 } }), {
      unknownPrice: worst,
    });
    expect(capped.outcome.kind).toBe("succeeded");
  });

  test("R2: an attempt that broke off counts in full, a refusal by status does not", async () => {
    for (const [fails, spent] of [
      [Object.assign(new Error("reset"), { code: "ECONNRESET", isRetryable: true }), 10],
      [Object.assign(new Error("busy"), { statusCode: 503, isRetryable: true }), 5],
    ] as const) {
      const store = memoryStore();
      const ended = await play(
        agentOf(modelOf({ fails }, "Done."), {
          budget: { outputTokens: 1_000 },
          maxOutputTokens: 5,
        }),
        { store },
      );
      expect(ended.outcome.kind).toBe("succeeded");
      const [account] = await store.accounts({ scope: `run/${ended.run.runId}` });
      expect(account).toMatchObject({ spent, held: 0 });
    }
  });
});

describe("budgets that runs share", () => {
  test("an organisation's budget stops its runs and nobody else's", async () => {
    const store = memoryStore();
    const definition = agentOf(modelOf("Done."), { maxOutputTokens: 5 });
    const budgets = [{ of: "org", outputTokens: 12 }] as const;
    const { harness } = await worldOf(definition, { store, budgets });
    const kinds: string[] = [];
    for (const tenant of ["a", "a", "a", "b"]) {
      const run = await harness.start("worker", { input: 1, principal: { id: "u", tenant } });
      kinds.push((await run.outcome()).kind);
    }
    expect(kinds).toEqual(["succeeded", "succeeded", "failed_recoverable", "succeeded"]);
  });

  test("calls are counted by tool, and the model is told when they are used up", async () => {
    const model = modelOf({ calls: [...payTurn.calls, ...payTurn.calls, ...payTurn.calls] }, "Ok.");
    const ended = await play(agentOf(model, { tools: { pay }, budget: { calls: { pay: 2 } } }));
    expect(ended.outcome.receipts).toHaveLength(2);
    expect(eventsOf(ended.events, "call.refused")).toMatchObject([{ code: "limit" }]);
  });

  test("a call that failed gives its place back", async () => {
    let runs = 0;
    const flaky = toolOf({
      effect: idempotent(),
      execute: () => {
        runs += 1;
        throw Object.assign(new Error("refused"), { name: "ToolError" });
      },
    });
    const turn = { calls: [{ tool: "flaky", input: { n: 1 } }] };
    const other = { calls: [{ tool: "flaky", input: { n: 2 } }] };
    const model = modelOf(turn, other, "Done.");
    const ended = await play(agentOf(model, { tools: { flaky }, budget: { calls: { flaky: 5 } } }));
    expect(runs).toBeGreaterThan(1);
    const [account] = await ended.store.accounts({ scope: `run/${ended.run.runId}` });
    expect(account?.held).toBe(0);
  });
});

describe("limits of a tool", () => {
  test("a rate holds across runs: short waits are waited, long ones are told", async () => {
    const slow = toolOf({
      effect: once(),
      execute: () => "ok",
      limits: { rate: { count: 1, perMs: 3_600_000 } },
    });
    const model = modelOf({ calls: [{ tool: "slow" }, { tool: "slow" }] }, "Done.");
    const ended = await play(agentOf(model, { tools: { slow } }));
    expect(ended.outcome.receipts).toHaveLength(1);
    expect(JSON.stringify(model.requests[1]?.prompt)).toContain("rate limit");
    const quick = toolOf({
      effect: once(),
      execute: () => "ok",
      limits: { rate: { count: 1, perMs: 100 } },
    });
    const again = modelOf({ calls: [{ tool: "quick" }, { tool: "quick" }] }, "Done.");
    const waited = await play(agentOf(again, { tools: { quick } }));
    expect(waited.outcome.receipts).toHaveLength(2);
  });

  test("two calls of one turn take one place after the other", async () => {
    const order: string[] = [];
    const single = toolOf({
      effect: once(),
      limits: { concurrent: 1 },
      execute: async ({ n }: { n: number }) => {
        order.push(`begin ${n}`);
        await sleep(10);
        order.push(`end ${n}`);
        return "ok";
      },
    });
    const calls = [1, 2, 3].map((n) => ({ tool: "single", input: { n } }));
    const ended = await play(agentOf(modelOf({ calls }, "Done."), { tools: { single } }));
    expect(ended.outcome.receipts).toHaveLength(3);
    for (const [index, line] of order.entries()) {
      expect(line.startsWith(index % 2 === 0 ? "begin" : "end")).toBe(true);
    }
  });

  test("a concurrency limit holds across runs and frees its place", async () => {
    let now = 0;
    let most = 0;
    const busy = toolOf({
      effect: once(),
      limits: { concurrent: 2 },
      execute: async () => {
        now += 1;
        most = Math.max(most, now);
        await sleep(30);
        now -= 1;
        return "ok";
      },
    });
    const model = modelOf({ calls: [{ tool: "busy" }] }, "Done.");
    const { harness } = await worldOf(agentOf(model, { tools: { busy } }));
    const runs = await Promise.all(
      Array.from({ length: 6 }, () => harness.start("worker", { input: 1 })),
    );
    const outcomes = await Promise.all(runs.map((run) => run.outcome()));
    expect(outcomes.map(({ receipts }) => receipts.length)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(most).toBe(2);
  });
});
