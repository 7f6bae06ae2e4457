/** What cannot be a budget, a price or a raise is refused before it is relied on. */
import { describe, expect, test } from "vitest";
import { isBridleError } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, toolOf, until, worldOf } from "../orchestration/world.ts";

const pay = toolOf({});
const numbers = [Number.NaN, -1, -0.001, 1e300, Number.POSITIVE_INFINITY, "5", null, true, 5n];

async function refusal(make: () => Promise<unknown>): Promise<string> {
  try {
    await make();
  } catch (thrown) {
    if (isBridleError(thrown, "limit_invalid")) return thrown.message;
    throw thrown;
  }
  return "taken";
}

describe("an agent's budget", () => {
  const make = (budget: unknown): Promise<string> =>
    refusal(() =>
      worldOf(
        agentOf(modelOf("Done."), {
          tools: { pay }, // Callers in plain JavaScript have no types to stop them.
          budget: budget as never,
        }),
      ),
    );

  test("money is a number of dollars that can be counted in whole micro-dollars", async () => {
    for (const usd of numbers) expect([usd, await make({ usd })]).not.toEqual([usd, "taken"]);
    for (const usd of [0, 0.5, 1e-9, 9_000_000_000]) expect(await make({ usd })).toBe("taken");
  });

  test("tokens and calls are whole", async () => {
    for (const count of [...numbers, 0.5, 2 ** 53]) {
      for (const budget of [
        { inputTokens: count },
        { outputTokens: count },
        { calls: { pay: count } },
      ]) {
        expect([budget, await make(budget)]).not.toEqual([budget, "taken"]);
      }
    }
    expect(
      await make({ inputTokens: 2 ** 53 - 1, outputTokens: 0, calls: { pay: 1, "*": 2 } }),
    ).toBe("taken");
  });

  test("a misspelt member or tool limits nothing, so it is none", async () => {
    expect(await make({ usdd: 1 })).toContain('no "usdd"');
    expect(await make({ calls: { pya: 1 } })).toContain('"pya"');
    expect(await make({ usd: 1, onExhausted: "ask" })).toBe("taken");
  });

  test("the output limit that a reservation rests on is a whole number above 0", async () => {
    for (const maxOutputTokens of [0, -1, 1.5, Number.NaN, 1e300]) {
      const made = await refusal(() => worldOf(agentOf(modelOf("Done."), { maxOutputTokens })));
      expect([maxOutputTokens, made]).not.toEqual([maxOutputTokens, "taken"]);
    }
  });
});

describe("what a harness is given", () => {
  const make = (options: unknown): Promise<string> =>
    refusal(() =>
      worldOf(
        agentOf(modelOf("Done.")), // As above: what is tried here has no type.
        options as never,
      ),
    );

  test("a shared budget says whose it is, in members that exist, over a time that passes", async () => {
    for (const budget of [
      { of: "team", usd: 1 },
      { of: "org", usd: Number.NaN },
      { of: "user", usd: -1 },
      { of: "org", usd: 1e300 },
      { of: "org", tokens: 1 },
      { of: "org", usd: 1, perMs: 0 },
      { of: "org", usd: 1, perMs: 1.5 },
    ]) {
      expect([budget, await make({ budgets: [budget] })]).not.toEqual([budget, "taken"]);
    }
    expect(await make({ budgets: [{ of: "org", usd: 1, perMs: 1_000 }] })).toBe("taken");
  });

  test("more budgets than one reservation can hold are refused at the start", async () => {
    const budgets = Array.from({ length: 9 }, (_, n) => ({ of: "org", usd: 1, perMs: 1_000 + n }));
    expect(await make({ budgets })).toContain("9 budgets");
    expect(await make({ budgets: budgets.slice(1) })).toBe("taken");
  });

  test("a price is a number that a sum can hold", async () => {
    for (const usd of numbers) {
      for (const price of [
        { inputUsd: usd, outputUsd: 1 },
        { inputUsd: 1, outputUsd: usd },
        { inputUsd: 1, outputUsd: 1, cachedInputUsd: usd },
      ]) {
        const prices = { "played/model": price };
        expect([price, await make({ prices })]).not.toEqual([price, "taken"]);
        expect([price, await make({ unknownPrice: price })]).not.toEqual([price, "taken"]);
      }
    }
    expect(await make({ unknownPrice: { inputUsd: 0, outputUsd: 0.0375 } })).toBe("taken");
  });
});

test("a run is raised in units it has, by whole amounts", async () => {
  const budget = { usd: 0, onExhausted: "ask" } as const;
  const { harness } = await worldOf(agentOf(modelOf("Done."), { budget }), {
    people: [{ id: "ann" }],
    prices: { "played/model": { inputUsd: 1, outputUsd: 1 } },
  });
  const run = await harness.start("worker", { input: "go" });
  await until(async () => (await run.state()).status === "parked");
  const wrong = [{ usd: 5 }, { outputTokens: 5 }, { usdMicros: 0.5 }, { usdMicros: -1 }, {}];
  for (const more of wrong) await run.raise(more, "ann");
  await until(async () => eventsOf(await run.events(), "inbox.refused").length === wrong.length);
  const [first] = eventsOf(await run.events(), "inbox.refused");
  expect(first?.reason).toContain("usdMicros");
  expect((await run.state()).raised).toEqual({});
  await run.raise({ usdMicros: 1_000_000 }, "ann");
  expect((await run.outcome()).kind).toBe("succeeded");
});
