import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffMs } from "../../src/std/backoff.ts";
import { systemClock } from "../../src/std/clock.ts";
import { formatDuration } from "../../src/std/duration.ts";
import { newId } from "../../src/std/ids.ts";
import { pick, seededRandom, seedFrom, systemRandom } from "../../src/std/random.ts";
import { fixedClock } from "../../src/testing/fixed-clock.ts";

describe("ids", () => {
  test("are 26 characters of Crockford's alphabet and never repeat", () => {
    const ids = Array.from({ length: 20_000 }, () => newId(1_767_225_600_000));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
  });

  test("sort as the times they were made at", () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(time, time, (a, b) => {
        fc.pre(a < b);
        expect(newId(a) < newId(b)).toBe(true);
      }),
    );
  });
});

describe("backoff", () => {
  test("waits a random part of a bound that doubles up to its limit", () => {
    const backoff = { baseMs: 100, maxMs: 3_000 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer(), (attempt, seed) => {
        const ms = backoffMs(backoff, attempt, seededRandom(seed));
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(Math.min(3_000, 100 * 2 ** (attempt - 1)));
      }),
    );
    expect([1, 2, 3, 6, 99].map((n) => backoffMs(backoff, n, () => 1))).toEqual([
      100, 200, 400, 3_000, 3_000,
    ]);
    expect(backoffMs(backoff, 0, () => 1)).toBe(100);
  });
});

describe("random numbers", () => {
  test("from a seed are the same on every machine and lie in [0, 1)", () => {
    const random = seededRandom(seedFrom("retail task 7"));
    const first = Array.from({ length: 3 }, () => Math.floor(random() * 1_000_000));
    expect(first).toMatchInlineSnapshot(`
      [
        718095,
        349159,
        658433,
      ]
    `);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [a, b] = [seededRandom(seed), seededRandom(seed)];
        for (let n = 0; n < 20; n++) {
          const value = a();
          expect(value).toBe(b());
          expect(value >= 0 && value < 1).toBe(true);
        }
      }),
    );
    expect(systemRandom()).toBeLessThan(1);
    expect(pick([], systemRandom)).toBeUndefined();
    expect(pick(["only"], systemRandom)).toBe("only");
  });
});

describe("clocks", () => {
  test("that are fixed move by hand and wake sleepers at their own moments, in order", async () => {
    const clock = fixedClock(1_000);
    const woken: string[] = [];
    const nap = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      woken.push(`${name} at ${clock.now()}`);
      if (name === "b") await nap("after b", 5);
    };
    const naps = [nap("a", 30), nap("b", 10), nap("c", 10), nap("d", 500)];
    expect(clock.sleeping).toBe(4);
    await clock.advance(100);
    expect(clock.now()).toBe(1_100);
    expect(woken).toEqual(["b at 1010", "c at 1010", "after b at 1015", "a at 1030"]);
    expect(clock.sleeping).toBe(1);
    await clock.advance(400);
    await Promise.all(naps);
    expect(woken.at(-1)).toBe("d at 1500");
  });

  test.each([
    ["fixed", fixedClock()],
    ["real", systemClock],
  ])("that are %s stop sleeping when they are told to", async (_, clock) => {
    const stop = new AbortController();
    const sleep = clock.sleep(60_000, stop.signal);
    stop.abort(new RangeError("enough"));
    await expect(sleep).rejects.toThrow("enough");
    await expect(clock.sleep(1, stop.signal)).rejects.toThrow(RangeError);
    await expect(clock.sleep(1, AbortSignal.abort("a word"))).rejects.toThrow("aborted");
  });

  test("that are real sleep as long as they are told", async () => {
    const since = performance.now();
    await systemClock.sleep(20);
    expect(performance.now() - since).toBeGreaterThanOrEqual(18);
  });
});

test("durations are told to people in two units at most", () => {
  const told = [0, 850, 12_345, 245_000, 7_380_000].map(formatDuration);
  expect(told).toEqual(["0 ms", "850 ms", "12.3 s", "4 min 5 s", "2 h 3 min"]);
  const edges = [999.6, 59_960, 299_700, 3_599_900].map(formatDuration);
  expect(edges).toEqual(["1.0 s", "1 min 0 s", "5 min 0 s", "1 h 0 min"]);
});
