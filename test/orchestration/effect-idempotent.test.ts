import { describe, expect, test } from "vitest";
import { idempotent, must, read, ToolError } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, network, play, resultsIn, toolOf } from "./world.ts";

const retry = { retriesMax: 2, baseMs: 1, maxMs: 2 };
const payTurn = { calls: [{ tool: "pay", input: { cents: 5 } }] };

describe("E3: an idempotent effect", () => {
  test("is tried again under the same key, counting its attempts", async () => {
    const seen: [string, number][] = [];
    const pay = toolOf({
      effect: idempotent(),
      retry,
      execute: (_input, { idempotencyKey, attempt }) => {
        seen.push([idempotencyKey, attempt]);
        if (attempt < 3) throw network("ECONNRESET");
        return "paid";
      },
    });
    const { outcome, run, events } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    const key = `${run.runId}-t1c0`;
    expect(seen).toEqual([
      [key, 1],
      [key, 2],
      [key, 3],
    ]);
    expect(outcome.kind).toBe("succeeded");
    expect(eventsOf(events, "call.completed")[0]).toMatchObject({ attempts: 3, output: "paid" });
    expect(eventsOf(events, "call.claimed")).toHaveLength(1);
  });

  test("whose tool ignores the abort signal is tried again after the deadline", async () => {
    let runs = 0;
    const pay = toolOf({
      effect: idempotent(),
      timeoutMs: 30,
      retry,
      execute: () => {
        runs += 1;
        return runs === 1 ? new Promise(() => undefined) : "paid";
      },
    });
    const { outcome } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    expect(outcome.kind).toBe("succeeded");
    expect(runs).toBe(2);
  });

  test("that never answers is in doubt, and settled by repeating it before the end", async () => {
    let runs = 0;
    const keys = new Set<string>();
    const pay = toolOf({
      effect: idempotent(),
      retry,
      execute: (_input, { idempotencyKey }) => {
        runs += 1;
        keys.add(idempotencyKey);
        if (runs <= 3) throw network("ETIMEDOUT");
        return "paid";
      },
    });
    const model = modelOf(payTurn, "It is being checked.", "Paid.");
    const { outcome, events } = await play(agentOf(model, { tools: { pay } }));
    expect(eventsOf(events, "call.in_doubt")).toHaveLength(1);
    expect(resultsIn(model, 1)[0]).toContain("Unknown outcome");
    expect(eventsOf(events, "call.resolved")[0]).toMatchObject({ happened: true, output: "paid" });
    expect(outcome).toMatchObject({ kind: "succeeded", text: "Paid.", inDoubt: [] });
    expect(outcome.receipts).toHaveLength(1);
    expect(keys.size).toBe(1);
  });

  test("of which one attempt may have landed is in doubt although the last was refused", async () => {
    let runs = 0;
    const pay = toolOf({
      effect: idempotent(),
      retry,
      execute: () => {
        runs += 1;
        // The first may have been accepted; the later ones did not even reach the server.
        throw network(runs === 1 ? "ECONNRESET" : "ECONNREFUSED");
      },
    });
    const { outcome, events } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    expect(eventsOf(events, "call.failed")).toHaveLength(0);
    expect(outcome).toMatchObject({
      kind: "failed_recoverable",
      reason: { code: "effects_in_doubt" },
    });
    expect(outcome.inDoubt).toHaveLength(1);
  });

  test("that is refused under the same key has failed, whatever was open before", async () => {
    let runs = 0;
    const pay = toolOf({
      effect: idempotent(),
      retry,
      execute: () => {
        runs += 1;
        if (runs === 1) throw network("ECONNRESET");
        throw new ToolError("card declined");
      },
    });
    const { outcome, events } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    expect(eventsOf(events, "call.failed")).toMatchObject([{ attempts: 2 }]);
    expect(outcome).toMatchObject({ kind: "succeeded", inDoubt: [] });
  });

  test("that failed without saying that nothing happened is named when the run fails", async () => {
    const pay = toolOf({
      effect: idempotent(),
      retry: { retriesMax: 0 },
      execute: () => {
        throw new Error("the service's answer names no payment");
      },
    });
    const agent = agentOf(modelOf(payTurn, "Not paid."), {
      tools: { pay },
      done: [must("it is paid", { tool: "pay" })],
      gate: { roundsMax: 0 },
    });
    const { outcome, run } = await play(agent);
    expect(outcome).toMatchObject({ kind: "failed_recoverable", reason: { code: "gate_unmet" } });
    expect(outcome.inDoubt).toMatchObject([
      { callId: "t1c0", tool: "pay", idempotencyKey: `${run.runId}-t1c0`, input: { cents: 5 } },
    ]);
  });

  test("that failed and succeeded later, or did nothing, leaves nothing to name", async () => {
    let runs = 0;
    const pay = toolOf({
      effect: idempotent(),
      retry: { retriesMax: 0 },
      execute: () => {
        runs += 1;
        if (runs === 1) throw new Error("500");
        if (runs === 2) return "paid";
        throw new ToolError("card declined");
      },
    });
    const other = { calls: [{ tool: "pay", input: { cents: 6 } }] };
    const agent = agentOf(modelOf(payTurn, payTurn, other, "Done."), {
      tools: { pay },
      done: [must("both are paid", { tool: "pay", min: 2 })],
      gate: { roundsMax: 0 },
    });
    const { outcome } = await play(agent);
    expect(outcome).toMatchObject({ kind: "failed_recoverable", inDoubt: [] });
    expect([runs, outcome.receipts.length]).toEqual([3, 1]);
  });

  test("in doubt is asked about before each end of the run", async () => {
    let runs = 0;
    const pay = toolOf({
      effect: idempotent(),
      retry: { retriesMax: 0 },
      execute: () => {
        runs += 1;
        if (runs % 2 === 1) throw network("ECONNRESET");
        return "paid";
      },
    });
    const other = { calls: [{ tool: "pay", input: { cents: 6 } }] };
    const model = modelOf(payTurn, "Checking.", other, "Checking again.", "Paid twice.");
    const { outcome } = await play(agentOf(model, { tools: { pay } }));
    expect(outcome).toMatchObject({ kind: "succeeded", text: "Paid twice.", inDoubt: [] });
    expect(outcome.receipts).toHaveLength(2);
    expect(runs).toBe(4);
  });

  test("that no attempt could have landed has failed", async () => {
    const pay = toolOf({
      effect: idempotent(),
      retry,
      execute: () => {
        throw network("ECONNREFUSED");
      },
    });
    const model = modelOf(payTurn);
    const { outcome, events } = await play(agentOf(model, { tools: { pay } }));
    expect(eventsOf(events, "call.failed")[0]).toMatchObject({ attempts: 3 });
    expect(resultsIn(model, 1)[0]).toContain("after 3 attempts");
    expect(outcome).toMatchObject({ kind: "succeeded", inDoubt: [] });
  });

  test("repeated by the model while in doubt goes under the first call's key", async () => {
    const keys: string[] = [];
    const pay = toolOf({
      effect: idempotent(),
      retry: { retriesMax: 0 },
      execute: (_input, { idempotencyKey }) => {
        keys.push(idempotencyKey);
        if (keys.length === 1) throw network("ECONNRESET");
        return "paid";
      },
    });
    const model = modelOf(payTurn, payTurn, "Paid.");
    const { outcome, run } = await play(agentOf(model, { tools: { pay } }));
    expect(keys).toEqual([`${run.runId}-t1c0`, `${run.runId}-t1c0`]);
    expect(outcome).toMatchObject({ kind: "succeeded", inDoubt: [] });
  });

  test("that failed without proof keeps its key for the next try", async () => {
    const keys: string[] = [];
    const pay = toolOf({
      effect: idempotent(),
      execute: (_input, { idempotencyKey }) => {
        keys.push(idempotencyKey);
        if (keys.length === 1) throw new Error("HTTP 500");
        return "paid";
      },
    });
    const other = { calls: [{ tool: "pay", input: { cents: 6 } }] };
    const { run } = await play(agentOf(modelOf(payTurn, other, payTurn), { tools: { pay } }));
    expect(keys).toEqual([`${run.runId}-t1c0`, `${run.runId}-t2c0`, `${run.runId}-t1c0`]);
  });
});

test("a read is tried again without claims and then fails", async () => {
  let runs = 0;
  const look = toolOf({
    effect: read(),
    retry,
    execute: () => {
      runs += 1;
      throw network("ECONNRESET");
    },
  });
  const turn = { calls: [{ tool: "look" }] };
  const { outcome, events } = await play(agentOf(modelOf(turn), { tools: { look } }));
  expect(runs).toBe(3);
  expect(eventsOf(events, "call.claimed")).toHaveLength(0);
  expect(outcome.kind).toBe("succeeded");
});

test("a tool without a declared effect is treated as once", async () => {
  const pay = toolOf({
    execute: () => {
      throw new Error("lost");
    },
  });
  const { outcome, events } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
  expect(eventsOf(events, "call.claimed")[0]?.effect).toBe("once");
  expect(outcome.reason.code).toBe("effects_in_doubt");
});
