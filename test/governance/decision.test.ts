import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import type { DecisionPoint } from "../../src/governance/door.ts";
import { idempotent, once, read, ToolError } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, play, resultsIn, toolOf } from "../orchestration/world.ts";

const payTurn = { calls: [{ tool: "pay", input: { cents: 5 } }] };

async function decided(decide: DecisionPoint, effect = once()) {
  let runs = 0;
  const pay = toolOf({
    effect,
    execute: () => {
      runs += 1;
      return "paid";
    },
  });
  const model = modelOf(payTurn, "Done.");
  const ended = await play(agentOf(model, { tools: { pay } }), { decide, decideTimeoutMs: 50 });
  return { ...ended, runs, told: resultsIn(model, 1)[0] ?? "" };
}

describe("D2: only a plain allow allows", () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    ["deny", () => ({ kind: "deny", rules: ["no-pay"], reason: "too late" }), "too late"],
    [
      "a throw",
      () => {
        throw new Error("no policy file");
      },
      "no policy file",
    ],
    ["a rejection", () => Promise.reject(new Error("down")), "down"],
    ["a hang", () => new Promise(() => undefined), "no verdict within 50 ms"],
    ["nothing", () => undefined, "gave no verdict"],
    ["true", () => true, "gave no verdict"],
    ["a word", () => "allow", "gave no verdict"],
    ["an unknown kind", () => ({ kind: "allowed", rules: [] }), "an unknown verdict"],
    ["D3: ask", () => ({ kind: "ask", rules: ["four-eyes"], question: "Sure?" }), "Sure?"],
    ["a deny without a reason", () => ({ kind: "deny" }), "a policy forbids it"],
    [
      "a change of the frozen input",
      (request: { input: { cents: number } }) => {
        request.input.cents = 1;
        return { kind: "allow", rules: [] };
      },
      "the decision point failed",
    ],
  ];
  for (const [what, decide, told] of cases) {
    test(`${what} is no: nothing is done, and the model is told why`, async () => {
      const ended = await decided(decide as DecisionPoint);
      expect(ended.runs).toBe(0);
      expect(ended.told).toContain("Denied");
      expect(ended.told).toContain(told);
      expect(eventsOf(ended.events, "call.refused")).toMatchObject([{ code: "denied" }]);
      expect(ended.outcome.kind).toBe("succeeded");
    });
  }

  test("an allow promised in another realm is an allow", async () => {
    const Elsewhere: PromiseConstructor = runInNewContext("Promise");
    const decide: DecisionPoint = () => Elsewhere.resolve({ kind: "allow", rules: [] });
    expect(decide({} as never)).not.toBeInstanceOf(Promise);
    expect((await decided(decide)).runs).toBe(1);
  });
});

describe("D1: what was decided is in the journal", () => {
  test("the rules that denied", async () => {
    const { events } = await decided(() => ({ kind: "deny", rules: ["r1", "r2"], reason: "x" }));
    expect(eventsOf(events, "call.refused")[0]?.rules).toEqual(["r1", "r2"]);
  });

  test("the rules that allowed an effect stand in its claim, those of a read in its result", async () => {
    const allow: DecisionPoint = () => ({ kind: "allow", rules: ["small-sums"] });
    const effect = await decided(allow);
    expect(eventsOf(effect.events, "call.claimed")[0]?.rules).toEqual(["small-sums"]);
    expect(eventsOf(effect.events, "call.completed")[0]?.rules).toBeUndefined();
    const look = await decided(allow, read());
    expect(eventsOf(look.events, "call.completed")[0]?.rules).toEqual(["small-sums"]);
  });

  test("an error of the decision point by a rule of its own", async () => {
    const { events } = await decided(() => {
      throw new Error("x");
    });
    expect(eventsOf(events, "call.refused")[0]?.rules).toEqual(["decision.error"]);
  });
});

test("the decision is about the arguments as they would run, and on whose authority", async () => {
  const seen: unknown[] = [];
  await decided((request) => {
    seen.push({ ...request, isFrozen: Object.isFrozen(request.input) });
    return { kind: "allow", rules: [] };
  });
  expect(seen).toMatchObject([
    { agent: "worker", tool: "pay", effect: "once", callId: "t1c0", principal: null },
  ]);
  expect(seen).toMatchObject([{ input: { cents: 5 }, isFrozen: true }]);
  expect(JSON.stringify(seen)).toMatch(/"argsHash":"[\w-]{43}"/);
});

test("slow decisions about the calls of one turn are waited for together", async () => {
  const decide: DecisionPoint = async () => {
    await new Promise((resolve) => setTimeout(resolve, 40));
    return { kind: "allow", rules: [] };
  };
  const pay = toolOf({ effect: once() });
  const calls = Array.from({ length: 10 }, (_, n) => ({ tool: "pay", input: { n } }));
  const started = Date.now();
  const { outcome } = await play(agentOf(modelOf({ calls }), { tools: { pay } }), { decide });
  expect(outcome.receipts).toHaveLength(10);
  expect(Date.now() - started).toBeLessThan(350);
});

describe("D1: a retry is decided on too", () => {
  for (const [what, effect, ends] of [
    ["a read", read(), "call.failed"],
    ["what is known not to have happened", once(), "call.failed"],
    ["an idempotent call that may have happened", idempotent(), "call.in_doubt"],
  ] as const) {
    test(`${what} is not tried again once it is forbidden`, async () => {
      let runs = 0;
      const pay = toolOf({
        effect,
        retry: { baseMs: 1, maxMs: 1 },
        execute: () => {
          runs += 1;
          const happened = effect.class === "idempotent" ? "unknown" : "no";
          throw new ToolError("busy", { isTransient: true, happened });
        },
      });
      let asked = 0;
      const decide: DecisionPoint = () => {
        asked += 1;
        return asked === 1
          ? { kind: "allow", rules: [] }
          : { kind: "deny", rules: ["closed"], reason: "the shop has closed" };
      };
      const model = modelOf(payTurn, "Done.");
      const ended = await play(agentOf(model, { tools: { pay } }), { decide });
      expect({ runs, asked }).toEqual({ runs: 1, asked: effect.class === "idempotent" ? 3 : 2 });
      expect(ended.events.map(({ kind }) => kind)).toContain(ends);
      expect(resultsIn(model, 1)[0]).toContain("the shop has closed");
    });
  }
});
