import { describe, expect, test } from "vitest";
import { idempotent, memoryStore, once, read, stepCount } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, play, sleep, toolOf, worldOf, until } from "./world.ts";
import { wholeJournal, type Turn } from "./world.ts";

/** A turn that calls `pay` with an amount of its own, however often it is asked. */
function payEachTurn(count = 1): Turn[] {
  return Array.from({ length: 100 }, (_, turn) => ({
    calls: Array.from({ length: count }, (_unused, call) => ({
      tool: "pay",
      input: { cents: turn * 1_000 + call },
    })),
  }));
}

function payer(effect = once()): { readonly pay: ReturnType<typeof toolOf>; paid: unknown[] } {
  const paid: unknown[] = [];
  const execute = (input: never): string => {
    paid.push(input);
    return "paid";
  };
  return { pay: toolOf({ effect, execute }), paid };
}

/** A promise to be opened by the test. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}

describe("each limit ends in its own outcome", () => {
  test("turns", async () => {
    const { pay, paid } = payer();
    const model = modelOf(...payEachTurn());
    const { outcome } = await play(agentOf(model, { tools: { pay }, limits: { turnsMax: 3 } }));
    expect(outcome).toMatchObject({ kind: "failed_recoverable", reason: { code: "limit_turns" } });
    expect(outcome.turns).toBe(3);
    expect(paid).toHaveLength(3);
    expect(outcome.receipts).toHaveLength(3);
  });

  test("calls: all of them may be used, one more is not run", async () => {
    const { pay, paid } = payer();
    const limits = { callsMax: 5 };
    const over = await play(agentOf(modelOf(...payEachTurn(2)), { tools: { pay }, limits }));
    expect(over.outcome.reason.code).toBe("limit_calls");
    expect(eventsOf(over.events, "call.refused")).toMatchObject([{ code: "limit" }]);
    expect(paid).toHaveLength(5);

    const exact = modelOf(...payEachTurn(5).slice(0, 1), "Paid.");
    const { outcome } = await play(agentOf(exact, { tools: { pay }, limits }));
    expect(outcome).toMatchObject({ kind: "succeeded", calls: 5 });
  });

  test("tokens", async () => {
    const { pay } = payer();
    const model = modelOf(...payEachTurn());
    const { outcome } = await play(agentOf(model, { tools: { pay }, limits: { tokensMax: 40 } }));
    expect(outcome.reason.code).toBe("limit_tokens");
    expect(outcome.turns).toBe(3);
  });

  test("wall time, between turns", async () => {
    const pay = toolOf({
      effect: once(),
      execute: async () => {
        await sleep(40);
        return "paid";
      },
    });
    const model = modelOf(...payEachTurn());
    const { outcome } = await play(agentOf(model, { tools: { pay }, limits: { wallMs: 100 } }));
    expect(outcome).toMatchObject({ kind: "expired", reason: { code: "limit_wall_time" } });
    expect(outcome.receipts.length).toBeGreaterThan(0);
  });

  test("wall time, while a model that heeds no signal is asked", async () => {
    const model = modelOf(() => new Promise<Turn>(() => undefined));
    const started = Date.now();
    const { outcome } = await play(agentOf(model, { limits: { wallMs: 100 } }));
    expect(outcome.kind).toBe("expired");
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  test("wall time, while a read hangs and its siblings wait for a slot", async () => {
    let runs = 0;
    const look = toolOf({
      effect: read(),
      concurrency: 1,
      execute: () => {
        runs += 1;
        return new Promise(() => undefined);
      },
    });
    const model = modelOf({ calls: [{ tool: "look" }, { tool: "look" }] });
    const { outcome } = await play(agentOf(model, { tools: { look }, limits: { wallMs: 100 } }));
    expect(outcome.kind).toBe("expired");
    expect(runs).toBe(1);
  });

  test("wall time, while parked", async () => {
    const pay = toolOf({
      effect: once(),
      execute: () => {
        throw new Error("lost");
      },
    });
    const model = modelOf(...payEachTurn());
    const parts = { tools: { pay }, inDoubt: "park", limits: { wallMs: 200 } } as const;
    const { outcome, events } = await play(agentOf(model, parts));
    expect(eventsOf(events, "run.parked")).toHaveLength(1);
    expect(outcome.kind).toBe("expired");
    expect(outcome.inDoubt).toHaveLength(1);
    expect(model.requests).toHaveLength(1);
  });

  test("events of a run, with every effect settled", async () => {
    const { pay, paid } = payer();
    const store = memoryStore({ limits: { eventsPerRunMax: 290 } });
    const model = modelOf(...payEachTurn(2));
    const { outcome } = await play(agentOf(model, { tools: { pay } }), { store });
    expect(outcome).toMatchObject({ kind: "failed_recoverable", reason: { code: "limit_events" } });
    expect(outcome.receipts).toHaveLength(paid.length);
    expect(paid.length).toBeGreaterThan(4);
  });

  test("events of a run, before an answer whose calls could not all be settled", async () => {
    const { pay, paid } = payer();
    const store = memoryStore({ limits: { eventsPerRunMax: 400 } });
    const model = modelOf(...payEachTurn(150));
    const { outcome } = await play(agentOf(model, { tools: { pay } }), { store });
    expect(outcome.reason.code).toBe("limit_events");
    expect(paid).toEqual([]);
  });

  test("size of an answer: nothing of it is done", async () => {
    const { pay, paid } = payer();
    const store = memoryStore({ limits: { blobBytesMax: 30_000 } });
    const input = { text: "x".repeat(40_000) };
    const model = modelOf(...payEachTurn().slice(0, 1), { calls: [{ tool: "pay", input }] });
    const { outcome } = await play(agentOf(model, { tools: { pay } }), { store });
    expect(outcome.reason.code).toBe("limit_event_size");
    expect(paid).toHaveLength(1);
    expect(outcome.receipts).toHaveLength(1);
  });

  test("wall time, also when the clock stands still meanwhile", async () => {
    const now = Date.now();
    const clock = { now: () => now, sleep };
    const model = modelOf(() => new Promise<Turn>(() => undefined));
    const { outcome } = await play(agentOf(model, { limits: { wallMs: 60 } }), { clock });
    expect(outcome.kind).toBe("expired");
  });

  test("wall time: an effect that waits for its slot does not begin after it", async () => {
    let runs = 0;
    const pay = toolOf({
      effect: once(),
      concurrency: 1,
      execute: async () => {
        runs += 1;
        await sleep(120);
        return "paid";
      },
    });
    const model = modelOf(...payEachTurn(2));
    const { outcome, events } = await play(
      agentOf(model, { tools: { pay }, limits: { wallMs: 60 } }),
    );
    expect(outcome).toMatchObject({ kind: "expired", receipts: [{ output: "paid" }] });
    expect(runs).toBe(1);
    expect(eventsOf(events, "call.refused")).toMatchObject([{ code: "limit" }]);
  });
});

test("H6: a result that waits for a commit is not lost when the next answer is too large", async () => {
  // An idempotent receipt rides with the next commit, which the journal refuses.
  const { pay, paid } = payer(idempotent());
  const store = memoryStore({ limits: { blobBytesMax: 30_000 } });
  const model = modelOf(...payEachTurn().slice(0, 1), { text: "y".repeat(40_000) });
  const { outcome } = await play(agentOf(model, { tools: { pay } }), { store });
  expect(outcome.reason.code).toBe("limit_event_size");
  expect(paid).toHaveLength(1);
  expect(outcome.receipts).toMatchObject([{ output: "paid" }]);
});

test("H6: nothing is written after a result that the journal had no room for", async () => {
  // The result is refused while the model thinks; its next answer must not follow the gap.
  const big = toolOf({ effect: idempotent(), execute: () => "x".repeat(1_500) });
  const store = memoryStore({ limits: { eventCharsMax: 1_000 } });
  const model = modelOf({ calls: [{ tool: "big" }] }, async () => {
    await sleep(100);
    return "Done.";
  });
  const { outcome } = await play(agentOf(model, { tools: { big } }), { store });
  expect(outcome.reason.code).toBe("limit_event_size");
  expect(outcome.receipts).toHaveLength(1);
});

test("Z1: a call whose claim has no room is not run, and what its siblings did is kept", async () => {
  const text = { type: "string", default: "z".repeat(40_000) };
  let runs = 0;
  const { opened, open } = gate();
  const write = toolOf({
    inputSchema: { type: "object", properties: { text } },
    effect: once(),
    concurrency: 1,
    execute: async () => {
      runs += 1;
      await opened;
      return "written";
    },
  });
  const { pay, paid } = payer();
  const store = memoryStore({ limits: { blobBytesMax: 30_000 } });
  const small = { calls: [{ tool: "write", input: { text: "short" } }] };
  const { harness } = await worldOf(
    [
      agentOf(modelOf(small), { name: "first", tools: { write } }),
      agentOf(modelOf({ calls: [{ tool: "write" }, { tool: "pay" }] }), { tools: { write, pay } }),
    ],
    { store },
  );
  const first = await harness.start("first", { input: 1 });
  await until(() => runs === 1);
  const run = await harness.start("worker", { input: 1 });
  await until(() => paid.length === 1);
  open();
  const outcome = await run.outcome();
  expect(outcome).toMatchObject({ reason: { code: "limit_event_size" }, inDoubt: [] });
  expect(outcome.receipts).toMatchObject([{ tool: "pay" }]);
  expect((await first.outcome()).kind).toBe("succeeded");
  expect(runs).toBe(1);
  await wholeJournal(store, run.runId);
});

test("Z1: an output that fits no event is dropped, not the effects of its siblings", async () => {
  const big = toolOf({ effect: once(), execute: () => "x".repeat(1_500) });
  const { pay } = payer();
  const store = memoryStore({ limits: { eventCharsMax: 1_000 } });
  const model = modelOf({ calls: [{ tool: "big" }, { tool: "pay" }] });
  const { outcome } = await play(agentOf(model, { tools: { big, pay } }), { store });
  expect(outcome.reason.code).toBe("limit_event_size");
  expect(outcome.receipts.map((receipt) => receipt.tool).toSorted()).toEqual(["big", "pay"]);
  expect(outcome.inDoubt).toEqual([]);
});

test("a limit given at the start may only lower the agent's", async () => {
  const { pay } = payer();
  const definition = agentOf(modelOf(...payEachTurn()), {
    tools: { pay },
    limits: { turnsMax: 4 },
  });
  const { harness } = await worldOf(definition);
  const low = await harness.start("worker", { input: 1, limits: { turnsMax: 2 } });
  const high = await harness.start("worker", { input: 2, limits: { turnsMax: 50 } });
  expect((await low.outcome()).turns).toBe(2);
  expect((await high.outcome()).turns).toBe(4);
  await expect(
    harness.start("worker", { input: 3, limits: { turnsMax: 0 } }),
  ).rejects.toMatchObject({ code: "limit_invalid" });
});

describe("an answer that is no last word", () => {
  test("empty ones are told so, then end the run", async () => {
    const model = modelOf({ content: [{ type: "reasoning", text: "hm" }] }, "  ", "");
    const { outcome, events } = await play(agentOf(model));
    expect(outcome).toMatchObject({ kind: "failed_recoverable", reason: { code: "model_empty" } });
    expect(outcome.turns).toBe(3);
    expect(eventsOf(events, "message.added")[0]?.text).toContain("empty");
  });

  test("an empty one followed by words succeeds", async () => {
    let asked = 0;
    const model = modelOf(() => {
      asked += 1;
      return asked === 1 ? "" : "Here.";
    });
    const { outcome } = await play(agentOf(model));
    expect(outcome).toMatchObject({ kind: "succeeded" });
  });

  const finishes = [
    ["length", "model_truncated"],
    ["content-filter", "model_refused"],
  ] as const;
  for (const [finish, code] of finishes) {
    test(`${finish} is ${code}, with words and without`, async () => {
      const spoken = await play(agentOf(modelOf({ text: "I think", finish })));
      expect(spoken.outcome).toMatchObject({ kind: "failed_recoverable", text: "I think" });
      expect(spoken.outcome.reason.code).toBe(code);
      const silent = await play(agentOf(modelOf({ content: [], finish })));
      expect(silent.outcome).toMatchObject({ turns: 1, reason: { code } });
    });
  }
});

test("an answer that ends with an error is no answer: it is asked for again, then told", async () => {
  const model = modelOf(() => ({ text: "I think", finish: "error" }));
  const { outcome } = await play(agentOf(model));
  expect(outcome).toMatchObject({ kind: "failed_recoverable", turns: 0, text: null });
  expect(outcome.reason.code).toBe("model_failed");
  expect(outcome.reason.message).toContain("after 4 attempts");
});

describe("stop conditions", () => {
  test("end the run as succeeded; the AI SDK's own work too", async () => {
    const { hasToolCall, isStepCount } = await import("ai");
    const { pay } = payer();
    const conditions = [stepCount(2), isStepCount(2), hasToolCall("pay")];
    const turns: number[] = [];
    for (const condition of conditions) {
      // The AI SDK's steps hold more; its conditions read only what ours have too.
      const stopWhen = condition as ReturnType<typeof stepCount>;
      const { outcome } = await play(
        agentOf(modelOf(...payEachTurn()), { tools: { pay }, stopWhen }),
      );
      expect(outcome).toMatchObject({ kind: "succeeded", reason: { code: "stop_condition" } });
      turns.push(outcome.turns);
    }
    expect(turns).toEqual([2, 2, 1]);
  });

  test("see each turn once, and what they change reaches nobody", async () => {
    const seen: number[] = [];
    const { pay } = payer();
    await play(
      agentOf(modelOf(...payEachTurn()), {
        tools: { pay },
        stopWhen: ({ steps }) => {
          seen.push(steps.length);
          (steps as unknown[]).length = 0;
          return seen.length === 4;
        },
      }),
    );
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  test("that throw end the run as failed, once, and say so", async () => {
    let calls = 0;
    const { pay } = payer();
    const { outcome, problems } = await play(
      agentOf(modelOf(...payEachTurn()), {
        tools: { pay },
        stopWhen: () => {
          calls += 1;
          throw new Error("undefined is not a function");
        },
      }),
    );
    expect(outcome).toMatchObject({ kind: "failed", reason: { code: "agent_broken" } });
    expect(outcome.reason.message).toContain("undefined is not a function");
    expect(outcome.receipts).toHaveLength(1);
    expect(calls).toBe(1);
    expect(problems).toEqual([]);
  });

  test("do not make a success of a run with an effect in doubt", async () => {
    const pay = toolOf({
      effect: once(),
      execute: () => {
        throw new Error("lost");
      },
    });
    const { outcome } = await play(
      agentOf(modelOf(...payEachTurn()), { tools: { pay }, stopWhen: stepCount(1) }),
    );
    expect(outcome.reason.code).toBe("effects_in_doubt");
  });
});

test("a run whose journal cannot be trusted is reported and blocks nobody", async () => {
  const store = memoryStore();
  const original = store.read.bind(store);
  const broken = new Set<string>();
  store.read = async (runId, ...rest) => {
    const records = await original(runId, ...rest);
    return broken.has(runId) ? records.slice(1) : records;
  };
  const definition = agentOf(modelOf("Done."));
  const idle = await worldOf(definition, { store, work: false });
  const bad = await idle.harness.start("worker", { input: 1 });
  broken.add(bad.runId);
  const good = await idle.harness.start("worker", { input: 2 });
  const { harness, problems } = await worldOf(definition, { store });
  expect((await (await harness.run(good.runId)).outcome()).kind).toBe("succeeded");
  await until(() => problems.length > 0);
  await sleep(150);
  expect(problems.length).toBeLessThan(3);
  // K3: given back at once, not held until its lease ends.
  expect((await store.get(bad.runId))?.lease).toBeNull();
  broken.clear();
  await (await harness.run(bad.runId)).outcome();
  await wholeJournal(store, bad.runId);
});
