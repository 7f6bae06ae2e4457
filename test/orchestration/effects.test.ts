import { describe, expect, test } from "vitest";
import { happened, idempotent, notHappened, once, read, ToolError } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, play, resultsIn, sleep, toolOf } from "./world.ts";

const retry = { retriesMax: 2, baseMs: 1, maxMs: 2 };
const payTurn = { calls: [{ tool: "pay", input: { cents: 5 } }] };

/** An error as Node's network stack throws it. */
function network(code: string): Error {
  return Object.assign(new Error(code), { code });
}

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
    const waited = Number(/\d+/.exec(String(outcome.receipts[0]?.output))?.[0]);
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
