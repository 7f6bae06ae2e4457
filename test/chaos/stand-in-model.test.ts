import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { echoModel, standInModel, type ChatMessage, type ChatTool } from "../../src/chaos/door.ts";
import { sampleArguments } from "../../src/chaos/sample-arguments.ts";
import type { Json } from "../../src/std/json.ts";
import { answerOf, opening } from "./conversation.ts";

const order = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };

const SCHEMAS: Readonly<Record<string, Json>> = {
  "required members alone": { ...order, additionalProperties: false },
  "no properties": { type: "object", additionalProperties: false },
  "every type": {
    type: "object",
    properties: {
      a: { type: "string" },
      b: { type: "integer" },
      c: { type: "number" },
      d: { type: "boolean" },
      e: { type: "null" },
      f: { type: "array", items: order, minItems: 2 },
      g: { type: ["null", "integer"] },
    },
    required: ["a", "b", "c", "d", "e", "f", "g"],
  },
  limits: {
    type: "object",
    properties: {
      a: { type: "integer", minimum: 10, multipleOf: 7 },
      b: { type: "number", exclusiveMinimum: 4 },
      c: { type: "integer", maximum: -3 },
      d: { type: "string", minLength: 30 },
      e: { type: "string", maxLength: 2 },
      f: { type: "number", exclusiveMaximum: 0 },
    },
    required: ["a", "b", "c", "d", "e", "f"],
  },
  "enums, constants and examples": {
    type: "object",
    properties: {
      a: { enum: ["red", "green"] },
      b: { const: 4 },
      c: { type: "string", pattern: "^A-\\d+$", examples: ["A-1001"] },
      d: { type: "integer", minimum: 50, default: 60 },
    },
    required: ["a", "b", "c", "d"],
  },
  formats: {
    type: "object",
    properties: Object.fromEntries(
      ["date-time", "date", "time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname"].map(
        (format) => [format, { type: "string", format }],
      ),
    ),
    required: ["date-time", "date", "time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname"],
  },
  references: {
    $defs: { order, pair: { type: "array", prefixItems: [{ $ref: "#/$defs/order" }] } },
    type: "object",
    properties: { a: { $ref: "#/$defs/order" }, b: { $ref: "#/$defs/pair" } },
    required: ["a", "b"],
  },
  combinations: {
    allOf: [order],
    type: "object",
    properties: {
      a: { anyOf: [{ type: "null" }, { type: "integer", minimum: 3 }] },
      b: { oneOf: [order, { type: "string" }] },
    },
    required: ["a", "b"],
  },
  "itself, when it may be left out": {
    $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } },
    $ref: "#/$defs/node",
  },
};

describe("sample arguments", () => {
  test.each(Object.entries(SCHEMAS))("are accepted by a schema with %s", (_name, schema) => {
    const ajv = new Ajv2020({ strict: false });
    // A package of CommonJS: its function lies under `default`.
    formats.default(ajv);
    const sample = sampleArguments(schema);
    const validate = ajv.compile(Object(schema));
    validate(sample);
    expect(validate.errors ?? []).toEqual([]);
    expect(JSON.stringify(sample).length).toBeLessThan(2_000);
  });

  test("are an object whatever the schema says", () => {
    for (const schema of [null, true, "x", [], { type: "string" }, { $ref: "#/nowhere" }]) {
      expect(sampleArguments(schema)).toEqual({});
    }
    const endless = { $defs: { a: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" };
    expect(sampleArguments(endless)).toEqual({});
    expect(sampleArguments({ allOf: [{ $ref: "#" }, { $ref: "#" }] })).toEqual({});
  });

  test("stay small where a schema refers to itself many times over", () => {
    const names = Array.from({ length: 12 }, (_, index) => `part${index}`);
    const properties = Object.fromEntries(names.map((name) => [name, { $ref: "#" }]));
    const schema = { type: "object", properties, required: names };
    const sample = sampleArguments(schema);
    expect(Object.keys(sample)).toEqual(names);
    expect(JSON.stringify(sample).length).toBeLessThan(100_000);
  });
});

const tools: readonly ChatTool[] = [
  { name: "find", parameters: order },
  { name: "pay", parameters: order },
];

function answer(messages: readonly ChatMessage[], offered = tools): ReturnType<typeof answerOf> {
  const model = standInModel();
  const request = { model: "m", messages, tools: offered, stream: false, includeUsage: false };
  const reply = model.answer(request);
  if (reply.kind === "failure") throw new Error("refused");
  return reply;
}

describe("the stand-in", () => {
  test("calls the first tool once, and is done when its result is there", () => {
    const first = answer([opening]);
    expect(first).toMatchObject({
      toolCalls: [{ name: "find", argumentsText: '{"id":"example"}' }],
      finishReason: "tool_calls",
    });
    const toolCalls = first.toolCalls ?? [];
    const called: ChatMessage = { role: "assistant", text: "", toolCalls };
    const result: ChatMessage = { role: "tool", callId: toolCalls[0]?.id ?? "", text: "no such" };
    const done = answer([opening, called, result]);
    expect(done).toMatchObject({
      finishReason: "stop",
      text: expect.stringContaining("simulated"),
    });
    expect(done.toolCalls).toBeUndefined();
    const next = answer([
      opening,
      called,
      result,
      { role: "assistant", text: "Done.", toolCalls: [] },
      opening,
    ]);
    expect(next.toolCalls?.[0]?.id).not.toBe(toolCalls[0]?.id);
  });

  test("asks again for a call that was damaged on its way, three times in all", () => {
    const messages: ChatMessage[] = [opening];
    let turns = 0;
    for (;;) {
      const { toolCalls = [] } = answer(messages);
      if (toolCalls.length === 0) break;
      turns += 1;
      const broken = toolCalls.map((call) => ({ ...call, name: "functions.find" }));
      messages.push({ role: "assistant", text: "", toolCalls: broken });
      messages.push({ role: "tool", callId: broken[0]?.id ?? "", text: "There is no such tool." });
    }
    expect(turns).toBe(3);
  });

  test("comes to an end in a loop that answers every call with a new message", () => {
    const messages: ChatMessage[] = [opening];
    let turns = 0;
    while ((answer(messages).toolCalls ?? []).length > 0 && turns < 1_000) {
      turns += 1;
      const { toolCalls = [] } = answer(messages);
      messages.push({ role: "assistant", text: "", toolCalls });
      messages.push({ role: "tool", callId: toolCalls[0]?.id ?? "", text: "ok" }, opening);
    }
    expect(turns).toBe(50);
  });

  test("only says that it is done where there are no tools", () => {
    expect(answer([opening], [])).toMatchObject({ finishReason: "stop" });
  });
});

test("the echo says what it was told", () => {
  expect(answerOf(echoModel(), [opening]).text).toBe(`Simulated echo: ${opening.text}`);
});
