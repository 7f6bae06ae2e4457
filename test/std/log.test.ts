import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Log } from "../../src/std/log.ts";

describe("a persistent log", () => {
  test("leaves every version as it was, whatever is appended to any of them", () => {
    const step = fc.tuple(fc.nat(), fc.array(fc.integer(), { maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const versions: { log: Log<number>; expected: readonly number[] }[] = [
          { log: Log.of<number>(), expected: [] },
        ];
        for (const [from, added] of steps) {
          const base = versions[from % versions.length];
          if (base === undefined) continue;
          const log = base.log.append(...added);
          versions.push({ log, expected: [...base.expected, ...added] });
        }
        for (const { log, expected } of versions) {
          expect(log.toArray()).toEqual(expected);
          expect([...log]).toEqual(expected);
          expect(log.length).toBe(expected.length);
          expect(log.at(-1)).toBe(expected.at(-1));
          expect(log.at(0)).toBe(expected[0]);
          expect(log.at(expected.length)).toBeUndefined();
          expect(log.at(-expected.length - 1)).toBeUndefined();
          expect(JSON.stringify(log)).toBe(JSON.stringify(expected));
        }
      }),
    );
  });

  test("shares its items between versions: appending does not copy", () => {
    let log = Log.of<{ readonly n: number }>();
    const first = { n: 0 };
    log = log.append(first);
    for (let n = 1; n < 100_000; n++) log = log.append({ n });
    expect(log.at(0)).toBe(first);
    expect(log.length).toBe(100_000);
  });

  test("gives out arrays of its own", () => {
    const log = Log.of(1, 2);
    log.toArray().push(3);
    expect(log.toArray()).toEqual([1, 2]);
    expect(log.append()).toBe(log);
  });

  test("finds the last item that passes, in its own part alone", () => {
    const short = Log.of(1, 2, 3);
    short.append(9);
    expect(short.findLast((n) => n < 3)).toBe(2);
    expect(short.findLast((n) => n > 3)).toBeUndefined();
  });
});
