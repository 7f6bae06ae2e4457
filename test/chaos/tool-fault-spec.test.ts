import { describe, expect, test } from "vitest";
import { isDue, parseFaultSpec } from "../../src/chaos/tool-fault-spec.ts";
import { isBridleError } from "../../src/std/error.ts";

describe("a fault's spec", () => {
  test.each([
    ["html", { name: "html" }],
    ["slow:2000", { name: "slow", argument: "2000" }],
    ["slow:2000:x", { name: "slow", argument: "2000:x" }],
    ["empty@2", { name: "empty", only: { nth: 2 } }],
    ["empty*3", { name: "empty", only: { first: 3 } }],
    ["empty%10", { name: "empty", only: { rate: 0.1 } }],
    ["empty%0.5", { name: "empty", only: { rate: 0.005 } }],
    ["empty%0", { name: "empty", only: { rate: 0 } }],
    ["429_short", { name: "429_short" }],
    ["slow:2000*3%50", { name: "slow", argument: "2000", only: { first: 3, rate: 0.5 } }],
  ])("%s is read as what it says", (text, read) => {
    expect(parseFaultSpec(text)).toEqual(read);
  });

  test.each([
    "",
    "Html",
    ":2",
    "slow:",
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
    const thrown = thrownBy(() => parseFaultSpec(text));
    expect(isBridleError(thrown, "input_invalid")).toBe(true);
    expect(thrown).toHaveProperty("hint", expect.stringContaining("slow:2000%10"));
  });
});

describe("when a fault is due", () => {
  test("it always is when nothing limits it", () => {
    expect(isDue(undefined, 7, 0.99)).toBe(true);
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

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}
