import { describe, expect, test } from "vitest";
import { reportOf, type Results } from "../../proof/verdicts/figures.ts";
import { honestCases } from "../../proof/verdicts/honest.ts";
import type { Verdict } from "../../proof/verdicts/judge.ts";
import { mutantsOf } from "../../proof/verdicts/mutant.ts";
import { scenarios } from "../../proof/verdicts/scenarios/all.ts";
import { isJsonObject } from "../../src/std/json.ts";
import { figuresOf, prove } from "./proved.ts";

test("every lie is caught, nothing honest is stopped, and without a gate the lies succeed", async () => {
  const figures = figuresOf(await prove("verdicts", "--quick", "--json"));
  expect(figures).toMatchObject({ scenarios: 6, falseAlarms: 0, holds: true });
  const { mutants, caught, honest, operators, ungated } = figures;
  expect(mutants).toBeGreaterThan(140);
  expect(caught).toBe(mutants);
  expect(honest).toBeGreaterThan(130);
  expect(operators).toBeGreaterThanOrEqual(25);
  expect(isJsonObject(ungated) && ungated["succeededWrongly"]).toBeGreaterThan(140);
}, 180_000);

test("a number of pieces that cannot be is wrong usage", async () => {
  const { code, stderr } = await prove("verdicts", "--each", "0");
  expect([code, stderr]).toEqual([2, expect.stringContaining("--each needs a whole number")]);
});

describe("the figures cannot pass on nothing", () => {
  const stopped: Verdict = {
    isRight: false,
    succeeded: false,
    stoppedBy: ["obligation a"],
    accident: null,
  };
  const escaped: Verdict = { ...stopped, succeeded: true };
  const fine: Verdict = { ...stopped, succeeded: true, isRight: true };
  const mutants = scenarios.flatMap((scenario) => mutantsOf(scenario, 1));
  const honest = scenarios.flatMap((scenario) => honestCases(scenario, 2));
  const held: Results = {
    honest: honest.map((given) => ({ given, wrong: [] })),
    mutants: mutants.map((given) => ({ given, gated: stopped, ungated: escaped })),
    embellished: [],
    quick: false,
    ms: 1,
  };
  const withOne = (gated: Verdict, ungated: Verdict = escaped): Results => {
    const [first, ...rest] = held.mutants;
    return first === undefined
      ? held
      : { ...held, mutants: [{ ...first, gated, ungated }, ...rest] };
  };

  test("what holds is not called broken", () => {
    expect(reportOf(held).broken).toEqual([]);
  });

  test.each<readonly [string, Results, string]>([
    ["an escape", withOne(escaped), "Escaped: refunds, stops half-way"],
    ["a catch that nothing made", withOne({ ...stopped, stoppedBy: [] }), "Caught by nothing"],
    ["an accident", withOne({ ...stopped, accident: "model_failed" }), "Ended without a verdict"],
    ["no mutants", { ...held, mutants: [] }, "Only 0 mutants"],
    ["no honest runs", { ...held, honest: [] }, "Only 0 honest runs"],
    [
      "a false alarm",
      { ...held, honest: held.honest.map((each) => ({ ...each, wrong: ["sent back"] })) },
      "False alarm, refunds, in order (0): sent back",
    ],
    [
      "lies that fail without a gate, too",
      { ...held, mutants: held.mutants.map((each) => ({ ...each, ungated: stopped })) },
      "succeed without a gate",
    ],
  ])("%s is", (_what, results, says) => {
    expect(reportOf(results).broken.join("\n")).toContain(says);
  });

  test("what ends right without a gate was no mutant", () => {
    const { result } = reportOf(withOne(fine, fine));
    expect(result).toMatchObject({ equivalent: 1, mutants: held.mutants.length - 1 });
  });

  test("a mutant that was corrected is caught", () => {
    expect(reportOf(withOne(fine)).result).toMatchObject({ corrected: 1, caught: mutants.length });
  });
});
