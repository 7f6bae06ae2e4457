import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DEFAULT_FAULT_MIX,
  FAULT_KINDS,
  oracleModel,
  readCallMark,
  simulatedModel,
  type Action,
  type ChatAnswer,
  type FaultKind,
  type FaultMix,
  type SimulatedScript,
} from "../../src/chaos/door.ts";
import { answerOf, ask, opening, playOut } from "./conversation.ts";

const actions: readonly Action[] = [
  { name: "find", arguments: { order_id: "#W1234", fast: true } },
  { name: "refund", arguments: { order_id: "#W1234", cents: 500 } },
  { name: "notify", arguments: { text: "paid", to: { name: "Ann" } } },
];
const extras: readonly Action[] = [{ name: "cancel", arguments: { order_id: "#W9" } }];
const base: SimulatedScript = {
  actions,
  extras,
  finalText: "All done.",
  seed: 7,
  errorRate: 0.3,
  writeTools: ["refund"],
};

/** A mix in which one kind has all the weight. */
function only(kind: FaultKind): FaultMix {
  const mix: Record<FaultKind, number> = { ...DEFAULT_FAULT_MIX };
  for (const each of FAULT_KINDS) mix[each] = each === kind ? 1 : 0;
  return mix;
}

/** The answer of a model that can err in one way only, after `answered` actions. */
function faulty(kind: FaultKind, answered = 0): ChatAnswer {
  const mix = only(kind);
  const { messages } = playOut({ model: oracleModel(base), actions, turnsMax: 20 });
  const model = simulatedModel({ ...base, errorRate: 1, mix, errorsInARowMax: 100 });
  const asked = messages.slice(0, 1 + answered * 2);
  expect(model.decide(asked).kind).toBe(kind);
  return answerOf(model, asked);
}

function argumentsOf(answer: ChatAnswer): unknown {
  return JSON.parse(answer.toolCalls?.[0]?.argumentsText ?? "");
}

/** Which of the first 40 decisions err, for a conversation of texts alone. */
function erringDecisions(script: SimulatedScript): boolean[] {
  const model = simulatedModel({ ...script, mix: only("prose") });
  const said = { role: "assistant" as const, text: "", toolCalls: [] };
  return Array.from({ length: 40 }, (_, n) => {
    return model.decide(Array.from({ length: n }, () => said)).kind !== "right";
  });
}

const json: fc.Arbitrary<Action["arguments"]> = fc.dictionary(
  fc.stringMatching(/^[a-z_]{1,8}$/),
  fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 })),
  { maxKeys: 4 },
);
const action: fc.Arbitrary<Action> = fc.record({
  name: fc.constantFrom("find", "refund", "notify"),
  arguments: json,
});
const script: fc.Arbitrary<SimulatedScript> = fc.record({
  key: fc.string(),
  actions: fc.array(action, { maxLength: 6 }),
  extras: fc.array(action, { maxLength: 2 }),
  finalText: fc.string(),
  seed: fc.integer(),
  errorRate: fc.double({ min: 0, max: 1, noNaN: true }),
  batchSize: fc.integer({ min: 1, max: 3 }),
  writeTools: fc.constant(["refund"]),
});

/** By S3: one right turn in every nine, for each action and for the final text. */
function turnsBound(script: SimulatedScript): number {
  return (script.actions.length + 1) * 9;
}

describe("properties", () => {
  test("the same conversation gets the same answer, from any model of the script", () => {
    fc.assert(
      fc.property(script, fc.nat(), (script, cut) => {
        const model = simulatedModel(script);
        const played = playOut({ model, actions: script.actions, turnsMax: turnsBound(script) });
        const asked = played.messages.filter((_, index) => index <= cut % played.messages.length);
        expect(answerOf(simulatedModel(script), asked)).toEqual(answerOf(model, asked));
      }),
    );
  });

  test("a compliant client finishes in bounded turns, whatever errors are injected", () => {
    fc.assert(
      fc.property(script, fc.boolean(), (script, renames) => {
        const played = playOut({
          model: simulatedModel(script),
          actions: script.actions,
          turnsMax: turnsBound(script),
          ...(renames
            ? { renameId: (_: string, turn: number, nth: number) => `${turn}-${nth}` }
            : {}),
        });
        expect(played.isFinished).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("an error rate of 0 is the oracle", () => {
    fc.assert(
      fc.property(script, (script) => {
        const calm = { ...script, errorRate: 0 };
        const noisy = playOut({ ...loop(calm), model: simulatedModel(calm) });
        const oracle = playOut({ ...loop(calm), model: oracleModel(calm) });
        expect(noisy).toEqual(oracle);
      }),
    );
  });

  test("what a conversation shows as injected is what the model handed out", () => {
    fc.assert(
      fc.property(script, (script) => {
        const model = simulatedModel(script);
        const played = playOut({ ...loop(script), model });
        expect(model.injected()).toEqual(simulatedModel(script).injectedIn(played.messages));
      }),
    );
  });

  test("a marked call carries the kind that was decided, and only its key reads it", () => {
    fc.assert(
      fc.property(script, (script) => {
        const model = simulatedModel(script);
        const decided = model.decide([opening]);
        for (const call of answerOf(model, [opening]).toolCalls ?? []) {
          expect(readCallMark(script.key ?? "", call.id)?.kind).toBe(decided.kind);
          expect(readCallMark(`${script.key}!`, call.id)).toBeUndefined();
        }
      }),
    );
  });
});

function loop(script: SimulatedScript) {
  return { actions: script.actions, turnsMax: turnsBound(script) };
}

describe("each kind of error", () => {
  test("malformed arguments break off inside a value", () => {
    const [call] = faulty("malformed_arguments").toolCalls ?? [];
    expect(call?.name).toBe("find");
    expect(() => JSON.parse(call?.argumentsText ?? "")).toThrow("JSON");
    expect(JSON.stringify(actions[0]?.arguments)).toContain(call?.argumentsText);
    // Past the middle it might lose closing brackets only, which a tolerant parser adds.
    for (let seed = 0; seed < 40; seed++) {
      const script = { ...base, seed, errorRate: 1, mix: only("malformed_arguments") };
      const [call] = answerOf(simulatedModel(script), [opening]).toolCalls ?? [];
      const length = JSON.stringify(actions[0]?.arguments).length;
      expect(call?.argumentsText.length).toBeLessThanOrEqual(length / 2);
    }
  });

  test("an unknown tool is none of the tools in the request", () => {
    expect(faulty("unknown_tool").toolCalls?.[0]?.name).toBe("submit_find_request");
    const tools = [{ name: "submit_find_request", parameters: null }];
    const model = simulatedModel({ ...base, errorRate: 1, mix: only("unknown_tool") });
    const reply = model.answer({ ...ask([opening]), tools });
    expect(reply).toMatchObject({ toolCalls: [{ name: "submit_find_request_2" }] });
  });

  test("invalid arguments lack a required field or hold a value of another type", () => {
    const seen = new Set<string>();
    const tools = [{ name: "find", parameters: { type: "object", required: ["order_id"] } }];
    for (let seed = 0; seed < 40; seed++) {
      const script = { ...base, seed, errorRate: 1, mix: only("invalid_arguments") };
      const reply = simulatedModel(script).answer({ ...ask([opening]), tools });
      if (reply.kind === "answer") seen.add(JSON.stringify(argumentsOf(reply)));
    }
    expect([...seen].toSorted()).toEqual([
      '{"fast":true,"order_id":{"value":"#W1234"}}',
      '{"fast":true}',
      '{"order_id":"#W1234","fast":{"value":true}}',
    ]);
  });

  test("a wrong value is another id of the same shape", () => {
    const wrong = argumentsOf(faulty("wrong_value", 1));
    expect(wrong).toMatchObject({ cents: 500, order_id: expect.stringMatching(/^#W123[0-9]$/) });
    expect(wrong).not.toEqual(actions[1]?.arguments);
  });

  test("a wrong value leaves a field alone that its schema fixes", () => {
    const plan = { name: "plan", arguments: { tier_id: "t1", year_id: "2024" } };
    const parameters = { type: "object", properties: { tier_id: { enum: ["t1"] } } };
    for (let seed = 0; seed < 20; seed++) {
      const script = { ...base, actions: [plan], seed, errorRate: 1, mix: only("wrong_value") };
      const tools = [{ name: "plan", parameters }];
      const reply = simulatedModel(script).answer({ ...ask([opening]), tools });
      if (reply.kind === "failure") throw new Error("an answer was expected");
      expect(argumentsOf(reply)).toMatchObject({ tier_id: "t1" });
    }
  });

  test("a script's own mistake replaces the misspelt id", () => {
    const mistaken = { order_id: "#W5678", fast: true };
    const script = { ...base, actions: [{ name: "find", arguments: { q: "x" }, mistaken }] };
    const model = simulatedModel({ ...script, errorRate: 1, mix: only("wrong_value") });
    expect(argumentsOf(answerOf(model, [opening]))).toEqual(mistaken);
  });

  test("an early done claims what the final text claims", () => {
    expect(faulty("early_done", 1)).toEqual({
      kind: "answer",
      text: "All done.",
      finishReason: "stop",
    });
  });

  test("a repeated write is an answered call of a write tool", () => {
    const [call] = faulty("repeated_write", 2).toolCalls ?? [];
    expect(call).toMatchObject({
      name: "refund",
      argumentsText: JSON.stringify(actions[1]?.arguments),
    });
  });

  test("a repeated write is not drawn before a write was answered", () => {
    const model = simulatedModel({ ...base, errorRate: 1, mix: only("repeated_write") });
    expect(model.decide([opening]).kind).toBe("right");
    const { messages } = playOut({ model: oracleModel(base), actions, turnsMax: 20 });
    expect(model.decide(messages.slice(0, 3)).kind).toBe("right");
    expect(model.decide(messages.slice(0, 5)).kind).toBe("repeated_write");
  });

  test("an extra write comes from the extras", () => {
    expect(faulty("extra_write").toolCalls?.[0]).toMatchObject({ name: "cancel" });
  });

  test("prose announces the call in place of the call", () => {
    const answer = faulty("prose");
    expect(answer).toMatchObject({ text: expect.stringContaining("find"), finishReason: "stop" });
    expect(answer.toolCalls).toBeUndefined();
  });

  test("the list above leaves no kind out", () => {
    expect(FAULT_KINDS).toHaveLength(8);
  });
});

test("errs as often as it is told", () => {
  const many = Array.from({ length: 3000 }, (_, n) => ({
    name: "find",
    arguments: { id: `${n}` },
  }));
  for (const errorRate of [0.05, 0.15, 0.3]) {
    const model = simulatedModel({ ...base, actions: many, errorRate, extras: [] });
    const { messages, turns } = playOut({ model, actions: [], turnsMax: 2000 });
    const counts = Object.values(model.injectedIn(messages));
    const share = counts.reduce((sum, count) => sum + count, 0) / turns;
    // Four standard deviations of a binomial share over 2,000 decisions.
    const tolerance = 4 * Math.sqrt((errorRate * (1 - errorRate)) / turns);
    expect(Math.abs(share - errorRate)).toBeLessThan(tolerance);
  }
});

test("whether a decision errs depends on key, seed and index, not on the actions", () => {
  const one = erringDecisions({ ...base, actions: actions.slice(0, 1) });
  expect(one).toEqual(erringDecisions({ ...base, actions: actions.slice(1) }));
  expect(one).not.toEqual(erringDecisions({ ...base, seed: 8 }));
  expect(one).not.toEqual(erringDecisions({ ...base, key: "other" }));
  expect(new Set(one).size).toBe(2);
});

test("writes no more often after the last action than before it", () => {
  const { messages } = playOut({ model: oracleModel(base), actions, turnsMax: 20 });
  const mix = { ...only("prose"), repeated_write: 1 };
  const kinds = Array.from({ length: 200 }, (_, seed) => {
    return simulatedModel({ ...base, seed, errorRate: 1, mix }).decide(messages.slice(0, 7)).kind;
  });
  const writes = kinds.filter((kind) => kind === "repeated_write").length;
  expect(kinds.filter((kind) => kind === "right")).toHaveLength(200 - writes);
  expect(writes).toBeGreaterThan(70);
  expect(writes).toBeLessThan(130);
});

test("lets one decision in nine be right at an error rate of 1", () => {
  const errs = erringDecisions({ ...base, errorRate: 1 });
  expect(errs.flatMap((isErring, decision) => (isErring ? [] : [decision]))).toEqual([
    8, 17, 26, 35,
  ]);
});

test("a call that a client repaired in its history counts as the right one", () => {
  const model = simulatedModel({ ...base, errorRate: 1, mix: only("malformed_arguments") });
  const [call] = answerOf(model, [opening]).toolCalls ?? [];
  if (call === undefined) throw new Error("a call was expected");
  const after = (argumentsText: string) =>
    model.decide([
      opening,
      { role: "assistant", text: "", toolCalls: [{ ...call, argumentsText }] },
      { role: "tool", callId: call.id, text: "ok" },
    ]).index;
  expect(after('{ "fast": true, "order_id": "#W1234" }')).toBe(1);
  expect(after("{}")).toBe(0);
});

test("counts an error once however often the same conversation is asked about", () => {
  const model = simulatedModel({ ...base, errorRate: 1, mix: only("prose") });
  expect(answerOf(model, [opening])).toEqual(answerOf(model, [opening]));
  expect(model.injected()).toMatchObject({ prose: 1, early_done: 0 });
});

test("refuses a rate, a weight or a limit without sense", () => {
  expect(() => simulatedModel({ ...base, errorRate: 1.1 })).toThrow("errorRate");
  expect(() => simulatedModel({ ...base, errorRate: Number.NaN })).toThrow("errorRate");
  expect(() => simulatedModel({ ...base, mix: { prose: -1 } })).toThrow("weight");
  expect(() => simulatedModel({ ...base, errorsInARowMax: 0 })).toThrow("errorsInARowMax");
});
