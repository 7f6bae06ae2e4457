import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashJson } from "../../src/std/hash.ts";
import {
  canonicalJson,
  isJsonObject,
  JSON_DEPTH_MAX,
  parseJson,
  toJson,
  type Json,
} from "../../src/std/json.ts";

/** Strings of every kind, lone surrogates and control characters included. */
const anyString = fc.string({ unit: "binary" }).map((text) => text.slice(0, 12));
const jsonValue = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
    fc.integer(),
    anyString,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(anyString, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

/** The same value with the keys of every object in another order. */
function shuffled(value: Json): Json {
  if (Array.isArray(value)) return value.map(shuffled);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([key, member]) => [key, shuffled(member ?? null)]));
}

function nested(depth: number): Json {
  let value: Json = 1;
  for (let n = 0; n < depth; n++) value = [value];
  return value;
}

describe("canonical JSON", () => {
  test("J1 does not depend on the order of keys", () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
        expect(hashJson(shuffled(value))).toBe(hashJson(value));
      }),
    );
  });

  test("J1 tells different values apart", () => {
    fc.assert(
      fc.property(jsonValue, jsonValue, (a, b) => {
        fc.pre(!isDeepStrictEqual(a, b));
        expect(canonicalJson(a)).not.toBe(canonicalJson(b));
      }),
    );
  });

  test("J2 parses back to an equal value, and to the same text again", () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const text = canonicalJson(value);
        const back = parseJson(text);
        expect(back).toEqual({ ok: true, value });
        expect(canonicalJson(toJson(value))).toBe(text);
      }),
    );
  });

  test("J2 is well-formed text, whatever surrogates stand alone", () => {
    fc.assert(
      fc.property(anyString, (text) => {
        const written = canonicalJson({ text });
        expect(written.isWellFormed()).toBe(true);
        expect(written).not.toContain("\u0000");
      }),
    );
  });

  test("sorts keys by UTF-16 code units, as RFC 8785 does in its example", () => {
    const value = { "\u20ac": 1, "\r": 2, "1": 3, "\ud83d\ude00": 4, "\ufb33": 5, "\u00f6": 6 };
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":3,"\u00f6":6,"\u20ac":1,"\ud83d\ude00":4,"\ufb33":5}',
    );
    expect(canonicalJson([Number("333333333.33333329"), 1e30, 4.5, 2e-3, 1e-27])).toBe(
      "[333333333.3333333,1e+30,4.5,0.002,1e-27]",
    );
  });

  test("leaves out undefined members and calls toJSON, as JSON.stringify does", () => {
    const date = new Date(0);
    const value = { a: undefined, b: [undefined, date], c: date };
    expect(canonicalJson(value)).toBe(JSON.stringify(value));
    expect(toJson(undefined)).toBeNull();
  });

  test.each([
    ["a number that is none", { a: { b: [1, Number.NaN] } }, "NaN at a.b[1]"],
    ["an infinite number", [Infinity], "Infinity at [0]"],
    ["a large integer", { n: 1n }, "bigint at n"],
    ["a function", { deep: { f: () => 1 } }, "function at deep.f"],
    ["a symbol", { s: Symbol("s") }, "symbol at s"],
    ["nothing at all", undefined, "undefined"],
  ])("J3 refuses %s and says where it stands", (_, value, told) => {
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({ code: "event_invalid", message: expect.stringContaining(told) }),
    );
  });

  test("J3 refuses an object inside itself by name, not with a stack overflow", () => {
    const loop: Record<string, unknown> = { name: "a" };
    loop["next"] = { back: [loop] };
    expect(() => canonicalJson({ loop })).toThrow("an object inside itself at loop.next.back[0]");
    const own: unknown[] = [];
    own.push(own);
    expect(() => canonicalJson(own)).toThrow("an object inside itself at [0]");
    const selfish = { toJSON: () => selfish };
    expect(() => canonicalJson(selfish)).toThrow("A value that JSON cannot hold");
  });

  test("J3 refuses nesting over the limit, and takes what lies at it", () => {
    expect(canonicalJson(nested(JSON_DEPTH_MAX))).toHaveLength(JSON_DEPTH_MAX * 2 + 1);
    expect(() => canonicalJson(nested(JSON_DEPTH_MAX + 1))).toThrow("nesting over 200 levels");
    expect(() => canonicalJson(nested(100_000))).toThrow("nesting over 200 levels");
  });

  test("lets an error of the value's own toJSON through", () => {
    const broken = {
      toJSON: () => {
        throw new RangeError("mine");
      },
    };
    expect(() => canonicalJson([broken])).toThrow(RangeError);
  });

  test("parsing hands back a reason for what is no JSON", () => {
    for (const text of ["", "{", "undefined", "{'a':1}", "[1,]", "NaN"]) {
      const parsed = parseJson(text);
      expect(parsed.ok).toBe(false);
      expect(!parsed.ok && parsed.reason).toMatch(/JSON|token/);
    }
  });
});
