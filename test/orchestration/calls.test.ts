import { describe, expect, test } from "vitest";
import { z } from "zod";
import { idempotent, memoryStore, once, read } from "../../src/index.ts";
import {
  agentOf,
  eventsOf,
  kindsOf,
  modelOf,
  play,
  resultsIn,
  sleep,
  toolOf,
  worldOf,
} from "./world.ts";

const ok = { calls: [{ tool: "pay", input: { cents: 5 } }] };

/** A tool that counts its runs. */
function counted(parts: Parameters<typeof toolOf>[0] = {}): {
  readonly pay: ReturnType<typeof toolOf>;
  readonly inputs: unknown[];
} {
  const inputs: unknown[] = [];
  const pay = toolOf({
    inputSchema: z.object({ cents: z.int().positive(), currency: z.string().default("EUR") }),
    effect: once(),
    execute: (input) => {
      inputs.push(input);
      return "paid";
    },
    ...parts,
  });
  return { pay, inputs };
}

describe("a call that cannot run is an observation with the fix, and nothing is done", () => {
  const wrong = [
    ["an unknown tool", { tool: "pays" }, "unknown_tool", 'Did you mean \\"pay\\"?'],
    ["a far-off tool", { tool: "zzzzzzzz" }, "unknown_tool", "The tools are: pay"],
    ["malformed JSON", { tool: "pay", text: '{"cents": 5' }, "malformed", "not a JSON object"],
    ["JSON that is no object", { tool: "pay", text: "[5]" }, "malformed", "not a JSON object"],
    ["a wrong type", { tool: "pay", input: { cents: "5" } }, "invalid_input", "/cents"],
    ["a missing member", { tool: "pay", input: {} }, "invalid_input", "cents"],
  ] as const;
  for (const [what, call, code, told] of wrong) {
    test(what, async () => {
      const { pay, inputs } = counted();
      const model = modelOf({ calls: [call] }, ok, "Paid.");
      const { outcome, events } = await play(agentOf(model, { tools: { pay } }));
      expect(eventsOf(events, "call.refused")).toMatchObject([{ code }]);
      expect(resultsIn(model, 1)[0]).toContain(told);
      expect(inputs).toHaveLength(1);
      expect(outcome.kind).toBe("succeeded");
    });
  }

  test("a name that providers refuse in a history is rewritten, and names the near tool", async () => {
    const { pay, inputs } = counted();
    const model = modelOf({ calls: [{ tool: "functions.pay it" }, { tool: "" }] }, "Sorry.");
    const { outcome, events } = await play(agentOf(model, { tools: { pay } }));
    expect(outcome.kind).toBe("succeeded");
    expect(inputs).toEqual([]);
    expect(eventsOf(events, "call.refused")).toHaveLength(2);
    const shown = JSON.stringify(model.requests[1]?.prompt);
    expect(shown).toContain('"toolName":"unknown-tool_functions_pay_it"');
    expect(resultsIn(model, 1)[0]).toContain("pay");
  });
});

test("the arguments that run are those after the defaults, in journal and receipt too", async () => {
  const { pay, inputs } = counted();
  const { outcome, events } = await play(agentOf(modelOf(ok), { tools: { pay } }));
  const filled = { cents: 5, currency: "EUR" };
  expect(inputs).toEqual([filled]);
  expect(eventsOf(events, "call.claimed")[0]?.input).toEqual(filled);
  expect(outcome.receipts[0]?.input).toEqual(filled);
});

describe("provider call ids", () => {
  const idsIn = (prompt: unknown): string[] =>
    [...JSON.stringify(prompt).matchAll(/"toolCallId":"([^"]*)"/g)].map((match) => match[1] ?? "");

  test("that are missing, doubled in a turn or used again are replaced by unique ones", async () => {
    const { pay, inputs } = counted();
    const call = (id: string, cents: number) => ({ tool: "pay", id, input: { cents } });
    const model = modelOf(
      { calls: [call("", 1), call("a", 2), call("a", 3)] },
      { calls: [call("a", 4), call("call_t2c0", 5)] },
      "Paid.",
    );
    const { outcome } = await play(agentOf(model, { tools: { pay } }));
    expect(inputs).toHaveLength(5);
    expect(outcome.receipts.map((receipt) => receipt.callId)).toEqual([
      "t1c0",
      "t1c1",
      "t1c2",
      "t2c0",
      "t2c1",
    ]);
    const ids = idsIn(model.requests[2]?.prompt);
    // Each id stands once with its call and once with its result.
    expect(ids).toHaveLength(10);
    expect(new Set(ids).size).toBe(5);
    expect(ids).not.toContain("");
  });

  test("that are usable and new are kept", async () => {
    const { pay } = counted();
    const model = modelOf({ calls: [{ tool: "pay", id: "toolu_1", input: { cents: 1 } }] });
    await play(agentOf(model, { tools: { pay } }));
    expect(idsIn(model.requests[1]?.prompt)).toEqual(["toolu_1", "toolu_1"]);
  });
});

describe("C2: parallel calls", () => {
  test("run side by side; one that throws cancels no other", async () => {
    const done: string[] = [];
    const slow = toolOf({
      effect: idempotent(),
      execute: async () => {
        await sleep(60);
        done.push("slow");
        return "slow";
      },
    });
    const bad = toolOf({
      effect: idempotent(),
      execute: () => {
        throw new Error("boom");
      },
    });
    const model = modelOf({ calls: [{ tool: "bad" }, { tool: "slow" }, { tool: "slow" }] });
    const started = Date.now();
    const { outcome, events } = await play(agentOf(model, { tools: { slow, bad } }));
    expect(Date.now() - started).toBeLessThan(600);
    expect(done).toEqual(["slow", "slow"]);
    expect(eventsOf(events, "call.failed")).toHaveLength(1);
    expect(outcome.receipts).toHaveLength(2);
    // The results stand in the order of the calls, whichever ended first.
    expect(resultsIn(model, 1).map((text) => /boom|slow/.exec(text)?.[0])).toEqual([
      "boom",
      "slow",
      "slow",
    ]);
  });

  test("C1: of a tool with one slot claim when they get it, never before", async () => {
    let running = 0;
    let most = 0;
    const pay = toolOf({
      effect: once(),
      concurrency: 1,
      execute: async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(20);
        running -= 1;
        return "paid";
      },
    });
    const calls = [1, 2, 3, 4].map((cents) => ({ tool: "pay", input: { cents } }));
    const { events } = await play(agentOf(modelOf({ calls }), { tools: { pay } }));
    expect(most).toBe(1);
    const order = kindsOf(events).filter((kind) => kind.startsWith("call."));
    const pair = ["call.claimed", "call.completed"];
    expect(order).toEqual([...pair, ...pair, ...pair, ...pair]);
  });

  test("of two agents that use one tool share its slots", async () => {
    let running = 0;
    let most = 0;
    const shared = toolOf({
      effect: read(),
      concurrency: 1,
      execute: async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(20);
        running -= 1;
        return "ok";
      },
    });
    const turn = { calls: [{ tool: "look" }, { tool: "look" }] };
    const one = agentOf(modelOf(turn), { name: "one", tools: { look: shared } });
    const two = agentOf(modelOf(turn), { name: "two", tools: { look: shared } });
    const { harness } = await worldOf([one, two]);
    const runs = [
      await harness.start("one", { input: 1 }),
      await harness.start("two", { input: 1 }),
    ];
    await Promise.all(runs.map((run) => run.outcome()));
    expect(most).toBe(1);
  });

  test("commit their claims together with the answer, before the first of them runs", async () => {
    const seen: number[] = [];
    const store = memoryStore();
    const pay = toolOf({
      effect: once(),
      execute: async (_input, { runId }) => {
        const records = await store.read(runId, 1);
        seen.push(records.filter((record) => record.kind === "call.claimed").length);
        return "paid";
      },
    });
    const calls = [1, 2, 3].map((cents) => ({ tool: "pay", input: { cents } }));
    await play(agentOf(modelOf({ calls }), { tools: { pay } }), { store });
    expect(seen).toEqual([3, 3, 3]);
  });
});

describe("a call of an answer that did not come to its own end", () => {
  test("(error) is not run: the answer is asked for again", async () => {
    const { pay, inputs } = counted();
    const answers = [{ ...ok, finish: "error" }, ok, "Paid."];
    const model = modelOf(() => answers.shift() ?? "Done.");
    const { outcome, events } = await play(agentOf(model, { tools: { pay } }));
    expect(eventsOf(events, "model.faulted")).toMatchObject([{ answer: "wait" }]);
    expect(inputs).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: "succeeded", turns: 2 });
  });

  for (const finish of ["length", "content-filter"]) {
    test(`(${finish}) is not run`, async () => {
      const { pay, inputs } = counted();
      const model = modelOf({ ...ok, finish }, ok, "Paid.");
      const { outcome, events } = await play(agentOf(model, { tools: { pay } }));
      expect(eventsOf(events, "call.refused")).toHaveLength(1);
      expect(inputs).toHaveLength(1);
      expect(outcome.kind).toBe("succeeded");
    });
  }
});

test("a tool is handed what the AI SDK hands over, and the deadline", async () => {
  const seen: Record<string, unknown>[] = [];
  const look = toolOf({
    effect: read(),
    timeoutMs: 1_000,
    execute: (_input, context) => {
      seen.push({ ...context });
      return "ok";
    },
  });
  const calls = [{ tool: "look", id: "toolu_1" }];
  const before = Date.now();
  const { run } = await play(agentOf(modelOf({ calls }), { tools: { look } }), {}, "Look!");
  const [context] = seen;
  expect(context).toMatchObject({
    toolCallId: "toolu_1",
    callId: "t1c0",
    runId: run.runId,
    attempt: 1,
    idempotencyKey: `${run.runId}-t1c0`,
    messages: [{ role: "user", content: [{ type: "text", text: "Look!" }] }],
  });
  expect(context?.["abortSignal"]).toBeInstanceOf(AbortSignal);
  expect(Number(context?.["deadline"]) - before).toBeGreaterThanOrEqual(1_000);
});
