import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../src/std/json.ts";
import { mapStrings } from "../../src/std/map-strings.ts";

test("each string inside is replaced, and no key", () => {
  const value = { a: ["a", { a: "a", n: 1 }], b: null, c: true };
  const replaced = mapStrings(value, (text) => text.toUpperCase());
  expect(replaced).toEqual({ a: ["A", { a: "A", n: 1 }], b: null, c: true });
  expect(value.a[0]).toBe("a");
});

test("the value itself comes back when nothing differs, and so does each part of it", () => {
  const property = fc.property(fc.jsonValue(), (value) => {
    // fast-check's own type of JSON is mutable and otherwise the same.
    expect(mapStrings(value as Json, (text) => text)).toBe(value);
  });
  fc.assert(property);
  const kept = { deep: ["x"] };
  const replaced = mapStrings({ kept, changed: "y" }, (text) => (text === "y" ? "z" : text));
  expect(replaced).toEqual({ kept, changed: "z" });
  expect(Object.values(replaced as object)[0]).toBe(kept);
});

test("a member called __proto__ stays a member", () => {
  const value = JSON.parse('{"__proto__":"a","b":"b"}') as Json;
  const replaced = mapStrings(value, (text) => `${text}!`);
  expect(JSON.stringify(replaced)).toBe('{"__proto__":"a!","b":"b!"}');
});
