import { describe, expect, test } from "vitest";
import { parseFaultSpec } from "../../src/chaos/door.ts";
import { isDue, readFaultSpec, type FaultBook } from "../../src/chaos/fault-spec.ts";
import { toolPlan } from "../../src/chaos/tool-plan.ts";
import { refusalOf } from "./refusal.ts";

interface Plain {
  readonly name: string;
  readonly takes?: RegExp;
}

const book: FaultBook<Plain> = {
  faults: [{ name: "empty" }, { name: "slow", takes: /^\d+(:x)?$/ }, { name: "429_short" }],
  argumentOf: ({ takes }) =>
    takes === undefined ? undefined : { shown: "milliseconds", fits: (text) => takes.test(text) },
};

describe("a fault's spec", () => {
  test.each([
    ["empty", { name: "empty", argument: undefined, when: {} }],
    ["429_short", { name: "429_short", argument: undefined, when: {} }],
    ["slow:2000", { name: "slow", argument: "2000", when: {} }],
    ["slow:2000:x", { name: "slow", argument: "2000:x", when: {} }],
    ["empty@2", { name: "empty", argument: undefined, when: { nth: 2 } }],
    ["empty*3", { name: "empty", argument: undefined, when: { first: 3 } }],
    ["empty%10", { name: "empty", argument: undefined, when: { rate: 0.1 } }],
    [" empty%2.5 ", { name: "empty", argument: undefined, when: { rate: 0.025 } }],
    ["empty%0", { name: "empty", argument: undefined, when: { rate: 0 } }],
    ["slow:2000*3%50", { name: "slow", argument: "2000", when: { first: 3, rate: 0.5 } }],
    ["slow%50@2", { name: "slow", argument: undefined, when: { rate: 0.5, nth: 2 } }],
  ])("%j is read as what it says", (text, read) => {
    const { fault, argument, when } = readFaultSpec(text, book);
    expect({ name: fault.name, argument, when }).toEqual(read);
  });

  test.each([
    "",
    "Empty",
    "empty!",
    ":2",
    "slow@",
    "slow@0",
    "slow@x",
    "slow@1.5",
    "slow%101",
    "slow%-1",
    "slow%",
    "slow*",
    "slow@1*2",
    "slow%1%2",
    "two words",
    "a".repeat(201),
  ])("%j is refused, and the hint says what to write", (text) => {
    expect(refusalOf(() => readFaultSpec(text, book))).toContain("slow:2000%10");
  });

  test.each([
    ["slwo", 'Did you mean "slow"?'],
    ["empty:5", "takes no argument. Write 'empty'."],
    ["slow:soon", "Behind 'slow:' stands: milliseconds."],
    ["slow:", "Behind 'slow:' stands: milliseconds."],
  ])("%j is refused by what the fault takes", (text, hint) => {
    expect(refusalOf(() => readFaultSpec(text, book))).toContain(hint);
  });

  test("is one language for the wire and for tools", () => {
    expect(parseFaultSpec("latency:500*3%10")).toMatchObject({
      fault: { name: "latency" },
      argument: "500",
      when: { first: 3, rate: 0.1 },
    });
    for (const spec of ["nope", "empty@1*2", "empty%200"]) {
      const told = refusalOf(() => toolPlan({ faults: [spec] }));
      const wired = refusalOf(() => parseFaultSpec(spec));
      // The nearest names differ, and nothing else.
      expect(told.split(/Known|Did you/)[0]).toBe(wired.split(/Known|Did you/)[0]);
    }
  });

  test.each([
    ["latency:99999999999", "a whole number: milliseconds"],
    ["latency:1.5", "a whole number: milliseconds"],
    ["args_huge:33554433", "at most 33554432"],
    ["giant_event:1000000000", "at most 33554432"],
    ["many_calls:10001", "at most 10000"],
  ])("%j is refused: no fault may strike the server itself", (text, hint) => {
    expect(refusalOf(() => parseFaultSpec(text))).toContain(hint);
  });
});

describe("when a fault is due", () => {
  test("it always is when nothing limits it", () => {
    expect(isDue({}, 7, 0.99)).toBe(true);
  });

  test("its count and its rate must both agree", () => {
    expect([1, 2, 3].map((nth) => isDue({ nth: 2 }, nth, 0))).toEqual([false, true, false]);
    expect([1, 2, 3].map((nth) => isDue({ first: 2 }, nth, 0))).toEqual([true, true, false]);
    expect([0, 0.29, 0.3].map((draw) => isDue({ rate: 0.3 }, 1, draw))).toEqual([
      true,
      true,
      false,
    ]);
    expect(isDue({ nth: 2, rate: 0.5 }, 2, 0.5)).toBe(false);
    expect(isDue({ rate: 0 }, 1, 0)).toBe(false);
  });
});
