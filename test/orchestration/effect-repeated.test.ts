import { describe, expect, test } from "vitest";
import { once } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, play, toolOf } from "./world.ts";

const payTurn = { calls: [{ tool: "pay", input: { cents: 5 } }] };

describe("a once call in doubt that the model repeats", () => {
  const failsOnce = (reconcile?: () => unknown) => {
    const runs: string[] = [];
    const pay = toolOf({
      effect: once({ settlesWithinMs: 0, ...(reconcile === undefined ? {} : { reconcile }) }),
      execute: (_input, { idempotencyKey }) => {
        runs.push(idempotencyKey);
        if (runs.length === 1) throw new Error("lost");
        return "paid";
      },
    });
    return { pay, runs };
  };

  test("is refused when nobody can say whether the first happened", async () => {
    const { pay, runs } = failsOnce();
    const model = modelOf(payTurn, payTurn, "Checking.");
    const { outcome, events } = await play(agentOf(model, { tools: { pay } }));
    expect(runs).toHaveLength(1);
    expect(eventsOf(events, "call.refused")).toMatchObject([{ code: "in_doubt", callId: "t2c0" }]);
    expect(outcome.inDoubt).toHaveLength(1);
  });

  test("gets the first one's result when that turns out to have happened", async () => {
    let asked = 0;
    const { pay, runs } = failsOnce(() => {
      asked += 1;
      if (asked <= 3) throw new Error("not yet");
      return "paid before";
    });
    const { outcome } = await play(agentOf(modelOf(payTurn, payTurn, "Paid."), { tools: { pay } }));
    expect(runs).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: "succeeded", inDoubt: [] });
    expect(outcome.receipts).toMatchObject([{ callId: "t2c0", output: "paid before" }]);
  }, 10_000);

  test("runs under the first one's key when that is proven not to have happened", async () => {
    let asked = 0;
    const { pay, runs } = failsOnce(() => {
      asked += 1;
      if (asked <= 3) throw new Error("not yet");
      return null;
    });
    const { outcome, run } = await play(
      agentOf(modelOf(payTurn, payTurn, "Paid."), { tools: { pay } }),
    );
    expect(runs).toEqual([`${run.runId}-t1c0`, `${run.runId}-t1c0`]);
    expect(outcome).toMatchObject({ kind: "succeeded", inDoubt: [] });
  }, 10_000);

  test("is carried on by one call only when the model repeats it twice in a turn", async () => {
    let asked = 0;
    const { pay, runs } = failsOnce(() => {
      asked += 1;
      if (asked <= 3) throw new Error("not yet");
      return null;
    });
    const twice = { calls: [...payTurn.calls, ...payTurn.calls] };
    const { events } = await play(agentOf(modelOf(payTurn, twice, "Paid."), { tools: { pay } }));
    expect(runs).toHaveLength(2);
    expect(eventsOf(events, "call.refused")).toMatchObject([{ callId: "t2c1", code: "in_doubt" }]);
  }, 10_000);
});
