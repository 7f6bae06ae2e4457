import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mcnemar, wilson } from "../../proof/ablation/statistics.ts";

describe("the Wilson interval", () => {
  it("agrees with published values", () => {
    // Newcombe (1998), Table I, method 3.
    expect(wilson(81, 263).low).toBeCloseTo(0.2553, 4);
    expect(wilson(81, 263).high).toBeCloseTo(0.3662, 4);
    expect(wilson(0, 20).high).toBeCloseTo(0.1611, 4);
    expect(wilson(1, 29).low).toBeCloseTo(0.0061, 4);
  });

  it("holds the share, stays within 0 and 1, and says nothing about nothing", () => {
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), (a, b) => {
        const [hits, trials] = [Math.min(a, b), Math.max(a, b, 1)];
        const { low, high } = wilson(hits, trials);
        const share = hits / trials;
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(share + 1e-12);
        expect(high).toBeGreaterThanOrEqual(share - 1e-12);
      }),
    );
  });
});

describe("McNemar's exact test", () => {
  it("is twice the tail of a fair coin", () => {
    expect(mcnemar(10, 2)).toBeCloseTo((2 * (1 + 12 + 66)) / 4096, 10);
    expect(mcnemar(0, 5)).toBeCloseTo(2 / 32, 10);
  });

  it("is 1 without a difference, and the same from either side", () => {
    expect([mcnemar(0, 0), mcnemar(7, 7)]).toEqual([1, 1]);
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (a, b) => {
        expect(mcnemar(a, b)).toBeCloseTo(mcnemar(b, a), 12);
        expect(mcnemar(a, b)).toBeGreaterThan(0);
        expect(mcnemar(a, b)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
