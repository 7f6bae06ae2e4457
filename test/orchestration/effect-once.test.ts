import { describe, expect, test } from "vitest";
import { happened, notHappened, once, ToolError } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, network, play, resultsIn, sleep, toolOf } from "./world.ts";

const retry = { retriesMax: 2, baseMs: 1, maxMs: 2 };
const payTurn = { calls: [{ tool: "pay", input: { cents: 5 } }] };

describe("E2: a once effect", () => {
  test("that says nothing happened has failed; passing trouble is tried again", async () => {
    let runs = 0;
    const pay = toolOf({
      effect: once(),
      retry,
      execute: () => {
        runs += 1;
        throw new ToolError("busy", { isTransient: true, hint: "Wait a day." });
      },
    });
    const model = modelOf(payTurn);
    const { outcome, events } = await play(agentOf(model, { tools: { pay } }));
    expect(runs).toBe(3);
    // Every run has a durable claim of its own.
    expect(eventsOf(events, "call.claimed").map((event) => event.attempt ?? 1)).toEqual([1, 2, 3]);
    expect(resultsIn(model, 1)[0]).toContain("busy after 3 attempts. Wait a day.");
    expect(outcome.kind).toBe("succeeded");
  });

  test("that throws is in doubt: told to the model, and the run does not succeed", async () => {
    let runs = 0;
    const pay = toolOf({
      effect: once(),
      execute: () => {
        runs += 1;
        throw new Error("socket hang up");
      },
    });
    const model = modelOf(payTurn, "Checking.");
    const { outcome, run } = await play(agentOf(model, { tools: { pay } }));
    expect(runs).toBe(1);
    expect(resultsIn(model, 1)[0]).toContain("Unknown outcome");
    expect(outcome.kind).toBe("failed_recoverable");
    expect(outcome.reason.code).toBe("effects_in_doubt");
    expect(outcome.inDoubt).toMatchObject([
      { callId: "t1c0", tool: "pay", idempotencyKey: `${run.runId}-t1c0`, input: { cents: 5 } },
    ]);
    expect(outcome.inDoubt[0]?.why).toContain("socket hang up");
  });

  test("whose outcome the tool calls unknown is in doubt, with a ToolError too", async () => {
    const pay = toolOf({
      effect: once(),
      execute: () => {
        throw new ToolError("gateway timeout", { happened: "unknown", isTransient: true });
      },
    });
    const { outcome } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    expect(outcome.reason.code).toBe("effects_in_doubt");
  });

  test("that reconcile finds is completed without running again", async () => {
    let runs = 0;
    const asked: unknown[] = [];
    const pay = toolOf({
      effect: once({
        settlesWithinMs: 0,
        reconcile: (request) => {
          asked.push({ key: request.key, input: request.input, callId: request.callId });
          return { id: "p1" };
        },
      }),
      receipt: (output: never) => (output as { id: string }).id,
      execute: () => {
        runs += 1;
        throw new Error("connection lost");
      },
    });
    const { outcome, run } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    expect(runs).toBe(1);
    expect(asked).toEqual([{ key: `${run.runId}-t1c0`, input: { cents: 5 }, callId: "t1c0" }]);
    expect(outcome.receipts).toMatchObject([
      { output: { id: "p1" }, receipt: "p1", via: "reconcile", effect: "once" },
    ]);
    expect(outcome.kind).toBe("succeeded");
  });

  test("that reconcile does not find runs again only after settlesWithinMs", async () => {
    const at: number[] = [];
    const pay = toolOf({
      effect: once({ settlesWithinMs: 200, reconcile: () => notHappened() }),
      retry,
      timeoutMs: 5_000,
      execute: () => {
        at.push(Date.now());
        if (at.length === 1) throw network("ECONNRESET");
        return "paid";
      },
    });
    const { outcome, events } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    expect(at).toHaveLength(2);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(200);
    expect(eventsOf(events, "call.claimed")).toHaveLength(2);
    expect(outcome.kind).toBe("succeeded");
  });

  test("counts settlesWithinMs from the end of the run, not from its claim", async () => {
    const ended: number[] = [];
    const pay = toolOf({
      effect: once({ settlesWithinMs: 150, reconcile: () => null }),
      retry,
      execute: async () => {
        if (ended.length > 0) return `again after ${Date.now() - (ended[0] ?? 0)}`;
        await sleep(200);
        ended.push(Date.now());
        throw network("ECONNRESET");
      },
    });
    const { outcome } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    const waited = Number(/\d+/.exec(JSON.stringify(outcome.receipts[0]?.output))?.[0]);
    expect(waited).toBeGreaterThanOrEqual(145);
  });

  test("is in doubt when reconcile cannot say, throws or hangs", async () => {
    const answers = [
      () => {
        throw new Error("503");
      },
      () => new Promise(() => undefined),
      () => [],
    ];
    const told = answers.map(async (reconcile) => {
      let runs = 0;
      const pay = toolOf({
        effect: once({ settlesWithinMs: 0, reconcile }),
        timeoutMs: 20,
        execute: () => {
          runs += 1;
          throw new Error("lost");
        },
      });
      const { outcome } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
      return [runs, outcome.reason.code];
    });
    const inDoubt = [1, "effects_in_doubt"];
    expect(await Promise.all(told)).toEqual([inDoubt, inDoubt, inDoubt]);
  });

  test("is found by reconcile at the end when it could not say before", async () => {
    let asked = 0;
    const pay = toolOf({
      effect: once({
        settlesWithinMs: 0,
        reconcile: () => {
          asked += 1;
          if (asked <= 3) throw new Error("not yet");
          return happened({ id: "p1" });
        },
      }),
      execute: () => {
        throw new Error("lost");
      },
    });
    const model = modelOf(payTurn, "Checking.", "Paid after all.");
    const { outcome } = await play(agentOf(model, { tools: { pay } }));
    expect(outcome).toMatchObject({ kind: "succeeded", text: "Paid after all.", inDoubt: [] });
    expect(outcome.receipts).toMatchObject([{ output: { id: "p1" }, via: "reconcile" }]);
    const last = JSON.stringify(model.requests.at(-1)?.prompt.at(-1));
    expect(last).toContain("it did happen");
  }, 10_000);

  test("X2: is never run again while its first run has not stopped", async () => {
    let runs = 0;
    const pay = toolOf({
      effect: once({ settlesWithinMs: 0, reconcile: () => notHappened() }),
      timeoutMs: 30,
      retry,
      // Heeds no signal, and pays late.
      execute: async () => {
        runs += 1;
        await sleep(400);
        return "paid late";
      },
    });
    const model = modelOf(payTurn, payTurn, "Checking.");
    const { outcome, events } = await play(agentOf(model, { tools: { pay } }));
    expect(runs).toBe(1);
    expect(eventsOf(events, "call.in_doubt")[0]?.why).toContain("has not stopped");
    expect(resultsIn(model, 2)[1]).toContain("Not run");
    expect(outcome.reason.code).toBe("effects_in_doubt");
  });

  test("whose tool ends while the outside is asked is completed by its own answer", async () => {
    const pay = toolOf({
      effect: once({ settlesWithinMs: 150, reconcile: () => null }),
      timeoutMs: 30,
      execute: async () => {
        await sleep(80);
        return "paid late";
      },
    });
    const { outcome } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    expect(outcome.receipts).toMatchObject([{ output: "paid late" }]);
    expect(outcome.kind).toBe("succeeded");
  });
});
