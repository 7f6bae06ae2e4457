import { expect, test } from "vitest";
import { shapeOf, type Shape } from "../../../src/governance/policy/shape.ts";
import type { JsonObject } from "../../../src/std/json.ts";

/** `a: Long, b?: Set<String>` */
function text(shape: Shape): string {
  if (shape.kind === "set") return `Set<${text(shape.element)}>`;
  if (shape.kind !== "record") return shape.kind;
  const members = shape.members.map(
    ({ name, shape: inner, isRequired }) => `${name}${isRequired ? "" : "?"}: ${text(inner)}`,
  );
  return `{ ${members.join(", ")} }`;
}

function seen(properties: JsonObject, more: JsonObject = {}) {
  const { shape, invisible } = shapeOf({ type: "object", properties, ...more }, "input");
  return { type: text(shape), hidden: invisible.map(({ path }) => path) };
}

const string = { type: "string" };

const visible: readonly (readonly [string, JsonObject, string])[] = [
  [
    "text, whole numbers, flags",
    { a: string, b: { type: "integer" }, c: { type: "boolean" } },
    "{ a?: string, b?: long, c?: bool }",
  ],
  [
    "words and constants",
    { a: { enum: ["x", "y"] }, b: { const: 3 }, c: { enum: [true] } },
    "{ a?: string, b?: long, c?: bool }",
  ],
  ["lists of them", { a: { type: "array", items: string } }, "{ a?: Set<string> }"],
  [
    "objects inside",
    { a: { type: "object", properties: { b: string }, required: ["b"] } },
    "{ a?: { b: string } }",
  ],
  [
    "what may be null, as what may be absent",
    { a: { anyOf: [string, { type: "null" }] }, b: { type: ["integer", "null"] } },
    "{ a?: string, b?: long }",
  ],
  [
    "a union of one plain type",
    { a: { anyOf: [{ const: "x" }, { const: "y" }] } },
    "{ a?: string }",
  ],
  ["fractions, in millionths", { price: { type: "number" } }, "{ priceMicros?: micros }"],
  ["what is defined elsewhere in the schema", { a: { $ref: "#/$defs/word" } }, "{ a?: string }"],
  [
    "what is narrowed further beside its type",
    { a: { type: "object", properties: { b: string }, anyOf: [{ required: ["b"] }, {}] } },
    "{ a?: { b?: string } }",
  ],
  [
    "names that are no identifiers",
    { "x-y": string, "a b": string },
    "{ x-y?: string, a b?: string }",
  ],
];
for (const [what, properties, type] of visible) {
  test(`policies see ${what}`, () => {
    const found = seen(properties, { $defs: { word: string } });
    expect(found).toEqual({ type, hidden: [] });
  });
}

const invisible: readonly (readonly [string, JsonObject])[] = [
  ["a union of several types", { anyOf: [string, { type: "integer" }] }],
  ["a list of types", { type: ["string", "integer"] }],
  ["a mixed enum", { enum: ["x", 1] }],
  ["a free map", { type: "object", additionalProperties: string }],
  ["a tuple", { type: "array", prefixItems: [string] }],
  ["a list of anything", { type: "array" }],
  ["a list of fractions", { type: "array", items: { type: "number" } }],
  ["no type at all", {}],
  ["what holds itself", { $ref: "#/properties/part" }],
  ["a schema elsewhere", { $ref: "https://example.com/a.json" }],
];
for (const [what, schema] of invisible) {
  test(`policies do not see ${what}, and it is listed`, () => {
    const found = seen({ part: schema, plain: string }, { required: ["part", "plain"] });
    expect(found.type).toBe("{ plain: string }");
    expect(found.hidden.length).toBeGreaterThan(0);
    expect(found.hidden[0]).toContain("input.part");
  });
}

test("names that mean something else to Cedar or JavaScript are not seen", () => {
  const properties: JsonObject = JSON.parse(
    '{"__entity":{"type":"string"},"__proto__":{"type":"string"}}',
  );
  expect(seen(properties)).toEqual({
    type: "{  }",
    hidden: ["input.__entity", "input.__proto__"],
  });
});

test("a fraction whose name in millionths is taken is not seen", () => {
  const properties = { price: { type: "number" }, priceMicros: { type: "integer" } };
  expect(seen(properties)).toEqual({ type: "{ priceMicros?: long }", hidden: ["input.price"] });
});
