import { describe, expect, test } from "vitest";
import { memoryStore, must, never, once, read } from "../../src/index.ts";
import {
  agentOf,
  eventsOf,
  modelOf,
  play,
  resultsIn,
  toolOf,
  until,
  wholeJournal,
  worldOf,
} from "./world.ts";
import type { PlayedModel } from "./world.ts";

const pay = toolOf({ effect: once(), execute: () => ({ id: "pay_1" }), claims: ["paid"] });
const payTurn = { calls: [{ tool: "pay", input: { order: "A1" } }] };
const owed = { id: "pay-A1", what: "pay order A1", tool: "pay", input: { order: "A1" } };

/** The harness's words to the model in its n-th request. */
function toldIn(model: PlayedModel, request: number): string {
  const last = model.requests[request]?.prompt.at(-1);
  return last?.role === "user" ? JSON.stringify(last.content) : "";
}

describe("V1: succeeded only after every check said so", () => {
  test("a met gate and the end are one commit and no further model call", async () => {
    const model = modelOf(payTurn, "All done.");
    const paidOnce = must("it is paid once", ({ receipts }) => receipts.length === 1);
    const store = memoryStore();
    const commits: string[][] = [];
    const append = store.append.bind(store);
    store.append = (fence, given) => {
      commits.push(given.events.map(({ body }) => body.kind));
      return append(fence, given);
    };
    const ended = await play(agentOf(model, { tools: { pay }, done: [paidOnce] }), { store });
    expect(ended.outcome.kind).toBe("succeeded");
    expect(model.requests).toHaveLength(2);
    expect(ended.events.at(-2)).toMatchObject({ kind: "gate.checked", checks: 2, unmet: [] });
    expect(commits.at(-1)).toEqual(["model.answered", "gate.checked", "run.finished"]);
  });

  test("a lie goes back to the model with the list, and the work then counts", async () => {
    const model = modelOf("It is done.", payTurn, "Now it is done.");
    const ended = await play(agentOf(model, { tools: { pay }, obligations: () => [owed] }));
    expect(ended.outcome.kind).toBe("succeeded");
    expect(toldIn(model, 1)).toContain("pay-A1: pay order A1");
    expect(eventsOf(ended.events, "gate.checked")).toMatchObject([
      { unmet: [{ id: "pay-A1", kind: "obligation" }] },
      { unmet: [] },
    ]);
  });

  test("a lie that is kept up ends failed_recoverable with the list", async () => {
    const model = modelOf("Done.", "Really done.", "I insist.");
    const ended = await play(
      agentOf(model, { tools: { pay }, obligations: () => [owed], gate: { roundsMax: 2 } }),
    );
    expect(ended.outcome).toMatchObject({
      kind: "failed_recoverable",
      reason: { code: "gate_unmet" },
      unmet: [{ id: "pay-A1" }],
    });
    expect(model.requests).toHaveLength(3);
  });

  test("what must never be ends failed when the model cannot undo it", async () => {
    const model = modelOf(payTurn, "Done.", "Sorry.");
    const paidTwice = never("more is paid than owed", ({ receipts }) => receipts.length > 0);
    const ended = await play(
      agentOf(model, { tools: { pay }, done: [paidTwice], gate: { roundsMax: 1 } }),
    );
    expect(ended.outcome).toMatchObject({ kind: "failed", reason: { code: "gate_violated" } });
  });

  test("a stop condition does not go around the gate", async () => {
    const model = modelOf(payTurn);
    const ended = await play(
      agentOf(model, {
        tools: { pay },
        stopWhen: ({ steps }) => steps.length >= 1,
        done: [must("paid twice", { tool: "pay", min: 2 })],
      }),
    );
    expect(ended.outcome).toMatchObject({
      kind: "failed_recoverable",
      unmet: [{ why: "1 such receipt of pay, at least 2 wanted" }],
    });
  });
});

describe("V2: a check that gives no answer is unmet, and says so", () => {
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    [
      "throws",
      () => {
        throw new Error("no database");
      },
      "no database",
    ],
    ["rejects", () => Promise.reject(new Error("down")), "down"],
    ["hangs", () => new Promise(() => undefined), "no answer within 40 ms"],
    ["says nothing", () => undefined, "no plain answer"],
    ["says something else", () => 1, "no plain answer"],
    ["says an empty text", () => "", "no plain answer"],
  ];
  for (const kind of [must, never]) {
    for (const [what, check, why] of cases) {
      test(`${kind.name}: a check that ${what}`, async () => {
        const model = modelOf("Done.");
        const ended = await play(
          agentOf(model, {
            done: [kind("it holds", check as () => boolean)],
            gate: { checkTimeoutMs: 40 },
          }),
        );
        expect(ended.outcome.kind).not.toBe("succeeded");
        expect(ended.outcome.unmet).toMatchObject([{ id: "it holds" }]);
        expect(ended.outcome.unmet[0]?.why).toContain(why);
        // Nothing the model could put right: it is not asked again.
        expect(model.requests).toHaveLength(1);
      });
    }
  }

  test("words are a complaint, an empty list is none", async () => {
    const good = await play(agentOf(modelOf("Done."), { done: [must("fine", () => [])] }));
    expect(good.outcome.kind).toBe("succeeded");
    const model = modelOf("Done.", "Done.", "Done.");
    const bad = await play(agentOf(model, { done: [must("fine", () => ["A is open"])] }));
    expect(bad.outcome.unmet).toMatchObject([{ why: "A is open" }]);
    expect(toldIn(model, 1)).toContain("A is open");
  });
});

describe("obligations", () => {
  test("O1: two equal requests need two receipts", async () => {
    const second = { ...owed, id: "pay-A1-again" };
    const model = modelOf(payTurn, "Done.", payTurn, "Done.");
    const ended = await play(agentOf(model, { tools: { pay }, obligations: () => [owed, second] }));
    expect(ended.outcome.kind).toBe("succeeded");
    expect(ended.outcome.receipts).toHaveLength(2);
  });

  test("O2: a general one does not take the receipt of a narrow one", async () => {
    const any = { id: "any", what: "pay something", tool: "pay" };
    const other = { calls: [{ tool: "pay", input: { order: "B2" } }] };
    const model = modelOf(payTurn, other, "Done.");
    const ended = await play(agentOf(model, { tools: { pay }, obligations: () => [any, owed] }));
    expect(ended.outcome.kind).toBe("succeeded");
  });

  test("the intent adds obligations, conditions and what is forbidden", async () => {
    const model = modelOf(
      { calls: [{ tool: "pay", input: { order: "A1", cents: 900 } }] },
      payTurn,
      "Done.",
    );
    const { harness, store } = await worldOf(agentOf(model, { tools: { pay } }));
    const run = await harness.start("worker", {
      input: "go",
      intent: {
        goal: "pay A1",
        obligations: [owed],
        conditions: [{ name: "once", tool: "pay", min: 1, max: 1 }],
        forbidden: [
          {
            name: "pay much",
            tool: "pay",
            input: { type: "object", required: ["cents"], properties: { cents: { minimum: 500 } } },
          },
        ],
      },
    });
    const outcome = await run.outcome();
    expect(outcome.kind).toBe("succeeded");
    expect(outcome.receipts).toHaveLength(1);
    const events = await wholeJournal(store, run.runId);
    expect(eventsOf(events, "call.refused")).toMatchObject([
      { code: "denied", rules: ["intent/pay much"] },
    ]);
  });

  test("with effects: obliged, what nobody asked for is refused", async () => {
    const model = modelOf({ calls: [...payTurn.calls, ...payTurn.calls] }, payTurn, "Done.");
    const ended = await play(
      agentOf(model, { tools: { pay }, obligations: () => [owed], effects: "obliged" }),
    );
    expect(ended.outcome).toMatchObject({ kind: "succeeded" });
    expect(ended.outcome.receipts).toHaveLength(1);
    expect(eventsOf(ended.events, "call.refused")).toMatchObject([
      { rules: ["intent/not-asked-for"] },
      { rules: ["intent/not-asked-for"] },
    ]);
  });

  test("a tool's result can oblige: what the customer confirmed must be done", async () => {
    const ask = toolOf({
      effect: read(),
      execute: () => ({ confirmed: ["A1"] }),
      obliges: () => [owed],
    });
    const model = modelOf({ calls: [{ tool: "ask" }] }, "All done.", payTurn, "Done.");
    const ended = await play(agentOf(model, { tools: { ask, pay } }));
    expect(ended.outcome.kind).toBe("succeeded");
    expect(eventsOf(ended.events, "obligation.opened")).toMatchObject([{ source: "t1c0" }]);
    expect(toldIn(model, 2)).toContain("pay-A1");
  });

  test("the model declines only what may be declined, with a reason", async () => {
    const may = { ...owed, declinable: true };
    const model = modelOf("DECLINED pay-A1: the order was cancelled");
    const ended = await play(agentOf(model, { tools: { pay }, obligations: () => [may] }));
    expect(ended.outcome).toMatchObject({
      kind: "succeeded",
      declined: [{ id: "pay-A1", by: "model", reason: "the order was cancelled" }],
    });
    const stubborn = modelOf(...Array.from({ length: 3 }, () => "DECLINED pay-A1: no wish to"));
    const kept = await play(agentOf(stubborn, { tools: { pay }, obligations: () => [owed] }));
    expect(kept.outcome.kind).toBe("failed_recoverable");
  });

  test("an escalated run waits for a person, who declines or helps", async () => {
    const model = modelOf("Done.");
    const { harness } = await worldOf(
      agentOf(model, {
        tools: { pay },
        obligations: () => [owed],
        gate: { roundsMax: 0, onUnmet: "escalate" },
      }),
    );
    const run = await harness.start("worker", { input: "go" });
    await until(async () => (await run.state()).status === "parked");
    expect((await run.state()).waitingFor).toContain("pay order A1");
    await expect(run.decline("pay-B", { by: "ann", reason: "no" })).rejects.toMatchObject({
      hint: "It has: pay-A1.",
    });
    await run.decline("pay-A1", { by: "ann", reason: "paid by hand" });
    expect(await run.outcome()).toMatchObject({
      kind: "succeeded",
      declined: [{ id: "pay-A1", by: "ann", reason: "paid by hand" }],
    });
  });

  test("a person obliges a running run", async () => {
    const wait = Promise.withResolvers<void>();
    const model = modelOf(
      async () => {
        await wait.promise;
        return "Done.";
      },
      payTurn,
      "Now done.",
    );
    const { harness } = await worldOf(agentOf(model, { tools: { pay } }));
    const run = await harness.start("worker", { input: "go" });
    await until(() => model.requests.length === 1);
    await run.oblige(owed);
    wait.resolve();
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ kind: "succeeded" });
    expect(outcome.receipts).toHaveLength(1);
  });
});

describe("the report", () => {
  test("a claim without a receipt is caught, a denial is not", async () => {
    const model = modelOf("I have paid the order.", "The order was not paid.");
    const ended = await play(agentOf(model, { tools: { pay } }));
    expect(ended.outcome.kind).toBe("succeeded");
    expect(eventsOf(ended.events, "gate.checked")).toMatchObject([
      { unmet: [{ kind: "report" }] },
      { unmet: [] },
    ]);
  });

  test("a cited report names each effect by its outside id", async () => {
    const model = modelOf(payTurn, "The order is settled.", "The order is settled: pay_1.");
    const ended = await play(agentOf(model, { tools: { pay }, report: "cited" }));
    expect(ended.outcome.kind).toBe("succeeded");
    expect(toldIn(model, 2)).toContain("pay_1");
    expect(resultsIn(model, 1)[0]).toContain("pay_1");
  });
});

describe("bad input", () => {
  const bad: readonly (readonly [string, object, string])[] = [
    ["a postcondition without a check", { done: [{ kind: "must", name: "x" }] }, "checks nothing"],
    ["two of one name", { done: [must("x", () => true), never("x", () => false)] }, '"x"'],
    ["an unknown tool", { done: [must("x", { tool: "pya" })] }, '"pya"'],
    ["a range that holds nothing", { done: [must("x", { tool: "pay", min: 2, max: 1 })] }, "never"],
    ["too many rounds", { gate: { roundsMax: 1_000 } }, "roundsMax"],
  ];
  for (const [what, more, says] of bad) {
    test(`${what} is refused when the agent is prepared`, async () => {
      await expect(worldOf(agentOf(modelOf("x"), { tools: { pay }, ...more }))).rejects.toThrow(
        says,
      );
    });
  }

  test("an intent that cannot be met is refused at the start, and nothing is kept", async () => {
    const { harness } = await worldOf(agentOf(modelOf("x"), { tools: { pay } }));
    const wrong = [
      { obligations: [{ id: "a", what: "x", tool: "nope" }] },
      { obligations: [owed, owed] },
      { conditions: [{ name: "a", tool: "nope" }] },
      { forbidden: [{ name: "a", tool: "nope" }] },
    ];
    for (const intent of wrong) {
      await expect(harness.start("worker", { input: 1, intent })).rejects.toMatchObject({
        code: "intent_invalid",
      });
    }
    expect(await harness.runs()).toEqual([]);
  });
});
