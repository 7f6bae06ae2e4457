import { describe, expect, it } from "vitest";
import { calculate } from "../../proof/tau/calculate.ts";
import { printFloat, roundCents } from "../../proof/tau/money.ts";
import { ToolRefusal } from "../../proof/tau/tool.ts";

describe("the calculator", () => {
  it.each([
    ["2 + 3 * 4", "14.0"],
    ["(2 + 3) * 4 - 1.5", "18.5"],
    ["10 - 4 - 3", "3.0"],
    ["-2 ** 2", "-4.0"],
    ["2 ** 3 ** 2", "512.0"],
    ["2 ** -1", "0.5"],
    ["-7 // 2", "-4.0"],
    ["8 / 4 / 2", "1.0"],
    ["1. + .5", "1.5"],
    ["--3", "3.0"],
    ["1 / 3", "0.33"],
    ["0.1 + 0.2", "0.3"],
    ["-(0.001)", "-0.0"],
    ["10 ** 16", "1e+16"],
  ])("reads %s as Python does", (expression, printed) => {
    expect(calculate(expression)).toBe(printed);
  });

  it.each([
    ["2 + x", "invalid characters in expression"],
    ["1 / 0", "division by zero"],
    ["1 // (2 - 2)", "division by zero"],
    ["", "invalid syntax (<string>, line 1)"],
    ["(1 + 2", "invalid syntax (<string>, line 1)"],
    ["1 2", "invalid syntax (<string>, line 1)"],
    ["007", "invalid syntax (<string>, line 1)"],
    ["1.2.3", "invalid syntax (<string>, line 1)"],
    ["9 ** 9 ** 9", "Result too large"],
    ["(".repeat(5000), "too many nested parentheses"],
    ["-".repeat(5000) + "1", "too many nested parentheses"],
  ])("refuses %.20s", (expression, message) => {
    expect(() => calculate(expression)).toThrow(new ToolRefusal(message));
  });
});

describe("rounding to cents", () => {
  it.each([
    [0.125, 0.12],
    [0.375, 0.38],
    [-0.125, -0.12],
    [-0.375, -0.38],
    [2.675, 2.67],
    [1.005, 1],
    [479.48499999999996, 479.48],
    [12, 12],
  ])("takes %d to %d, a true tie to the even cent", (value, rounded) => {
    expect(roundCents(value)).toBe(rounded);
  });

  it("prints whole numbers with a point, as Python does", () => {
    expect([12, 0.5, -3, 1e16].map(printFloat)).toEqual(["12.0", "0.5", "-3.0", "1e+16"]);
  });
});
