import { jsonSchema, tool as sdkTool, zodSchema } from "ai";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { agent, isBridleError, type BridleError, type ToolDefinition } from "../../src/index.ts";
import { prepareTool } from "../../src/tools/tool.ts";
import { modelOf, play } from "../orchestration/world.ts";
import type { Json } from "../../src/std/json.ts";

const execute = (): string => "ok";

function definition(inputSchema: unknown): ToolDefinition {
  return { description: "Use this.", inputSchema, execute };
}

/** What becomes of an input: the value after the check, or the problems' paths and messages. */
async function check(inputSchema: unknown, input: Json): Promise<unknown> {
  const { schema } = await prepareTool("pay", definition(inputSchema));
  const checked = await schema.check(input);
  return checked.ok ? checked.value : checked.problems.map((it) => `${it.path} ${it.message}`);
}

async function refusal(made: unknown, name = "pay"): Promise<BridleError> {
  const thrown: unknown = await prepareTool(name, made as ToolDefinition).catch(
    (error: unknown) => error,
  );
  if (isBridleError(thrown)) return thrown;
  throw new Error("not refused", { cause: thrown });
}

const money = z.object({
  cents: z.int().positive(),
  currency: z.enum(["EUR", "USD"]).default("EUR"),
  to: z.email().optional(),
});

const plain = {
  type: "object",
  properties: {
    cents: { type: "integer", exclusiveMinimum: 0 },
    currency: { enum: ["EUR", "USD"], default: "EUR" },
    to: { type: "string", format: "email" },
  },
  required: ["cents"],
  additionalProperties: false,
} as const;

const draft7 = { $schema: "http://json-schema.org/draft-07/schema#", ...plain };
const draft2020 = { $schema: "https://json-schema.org/draft/2020-12/schema", ...plain };

const ways: readonly (readonly [string, unknown])[] = [
  ["a Zod 4 object", money],
  ["the AI SDK's zodSchema()", zodSchema(money)],
  ["the AI SDK's jsonSchema()", jsonSchema(draft7 as never)],
  ["the AI SDK's jsonSchema() of a promise", jsonSchema(Promise.resolve(draft7 as never))],
  ["a plain JSON Schema", plain],
  ["draft-07", draft7],
  ["2020-12", draft2020],
];

for (const [what, schema] of ways) {
  describe(`${what} as a tool's schema`, () => {
    test("accepts what fits and fills in the defaults", async () => {
      expect(await check(schema, { cents: 5 })).toEqual({ cents: 5, currency: "EUR" });
    });

    test("does not change what the model wrote", async () => {
      const input = { cents: 5 };
      await check(schema, input);
      expect(input).toEqual({ cents: 5 });
    });

    test("refuses a wrong type, a wrong value, a wrong format and a missing member", async () => {
      expect(await check(schema, { cents: "5" })).toEqual([expect.stringContaining("/cents")]);
      expect(await check(schema, { cents: 0 })).toEqual([expect.stringContaining("/cents")]);
      expect(await check(schema, { cents: 1, currency: "GBP" })).toEqual([
        expect.stringMatching(/\/currency.*EUR/),
      ]);
      expect(JSON.stringify(await check(schema, { cents: 1, to: "ann" }))).toContain("/to");
      expect(await check(schema, {})).toEqual([expect.stringContaining("cents")]);
    });

    test("is shown to the model as JSON Schema", async () => {
      const { schema: read } = await prepareTool("pay", definition(schema));
      expect(read.jsonSchema).toMatchObject({ type: "object", required: ["cents"] });
    });
  });
}

describe("JSON Schema is enforced whole", () => {
  test("additionalProperties", async () => {
    expect(await check(plain, { cents: 1, tip: 1 })).toEqual([expect.stringContaining('"tip"')]);
  });

  test("$ref into $defs and definitions, also to itself", async () => {
    const tree = { type: "object", properties: { next: { $ref: "#/$defs/tree" }, n: {} } };
    const schema = { $ref: "#/$defs/tree", $defs: { tree: { ...tree, required: ["n"] } } };
    expect(await check(schema, { n: 1, next: { n: 2, next: { n: 3 } } })).toMatchObject({ n: 1 });
    expect(await check(schema, { n: 1, next: { next: { n: 3 } } })).toEqual([
      expect.stringContaining("/next"),
    ]);
    const old = {
      ...draft7,
      properties: { cents: { $ref: "#/definitions/cents" } },
      definitions: { cents: { type: "integer" } },
    };
    expect(await check(old, { cents: "1" })).toEqual([expect.stringContaining("/cents")]);
  });

  test("words of 2020-12 alone: prefixItems, dependentRequired, unevaluatedProperties", async () => {
    const schema = {
      type: "object",
      properties: { pair: { prefixItems: [{ type: "string" }, { type: "number" }], items: false } },
      dependentRequired: { pair: ["why"] },
    };
    expect(await check(schema, { pair: ["a", 1], why: 1 })).toMatchObject({ why: 1 });
    expect(await check(schema, { pair: [1, 1], why: 1 })).toEqual([
      expect.stringContaining("/pair/0"),
    ]);
    expect(await check(schema, { pair: ["a", 1] })).toEqual([expect.stringContaining("why")]);
  });

  test("words of draft-07 alone in a schema that names no dialect: a tuple of items", async () => {
    const pair = { type: "array", items: [{ type: "string" }, { type: "number" }] };
    const schema = { type: "object", properties: { pair } };
    expect(await check(schema, { pair: ["a", 1] })).toEqual({ pair: ["a", 1] });
    expect(await check(schema, { pair: [1, 1] })).toEqual([expect.stringContaining("/pair/0")]);
  });

  test("at most eight problems are told", async () => {
    const names = Array.from({ length: 20 }, (_, n) => `m${n}`);
    const schema = { type: "object", required: names };
    expect(await check(schema, {})).toHaveLength(8);
  });
});

describe("a library's own check counts", () => {
  test("refinements and transforms of Zod", async () => {
    const schema = z
      .object({ from: z.int(), to: z.int(), name: z.string().transform((text) => text.trim()) })
      .refine(({ from, to }) => from < to, { message: "from must be before to", path: ["from"] });
    expect(await check(schema, { from: 2, to: 1, name: "a" })).toEqual([
      "/from from must be before to",
    ]);
    expect(await check(schema, { from: 1, to: 2, name: " a " })).toMatchObject({ name: "a" });
  });

  test("the AI SDK's validate function", async () => {
    const schema = jsonSchema(plain as never, {
      validate: () => ({ success: false, error: new Error("not today") }),
    });
    expect(await check(schema, { cents: 1 })).toEqual([" not today"]);
  });

  test("one that throws, or makes what JSON cannot hold, is a problem and no crash", async () => {
    const throwing = z.object({ n: z.number() }).refine(() => {
      throw new Error("broken check");
    });
    expect(await check(throwing, { n: 1 })).toEqual([expect.stringContaining("broken check")]);
    const big = z.object({ n: z.string().transform((text) => BigInt(text)) });
    expect(await check(big, { n: "1" })).toEqual([expect.stringContaining("bigint")]);
  });
});

describe("the AI SDK's tool() works unchanged", () => {
  test("with Zod and with jsonSchema()", async () => {
    const made = [
      sdkTool({ description: "Pay.", inputSchema: money, execute }),
      sdkTool({ description: "Pay.", inputSchema: jsonSchema(plain as never), execute }),
    ];
    for (const given of made) {
      const prepared = await prepareTool("pay", given);
      expect(prepared).toMatchObject({ description: "Pay.", effect: { class: "once" } });
      expect(await prepared.schema.check({ cents: 1 })).toMatchObject({ ok: true });
    }
  });

  test("as an agent's tool, for the compiler too", async () => {
    const pay = sdkTool({
      inputSchema: money,
      execute: ({ cents }, { messages, toolCallId }) => `${cents} ${messages.length} ${toolCallId}`,
    });
    const model = modelOf({ calls: [{ tool: "pay", input: { cents: 5 }, id: "c1" }] });
    const made = agent({ name: "worker", model, instructions: "Pay.", tools: { pay } });
    const { outcome } = await play(made);
    expect(outcome.receipts).toMatchObject([{ output: "5 1 c1", effect: "once" }]);
  });

  test("but one that wants a context of its own is refused", async () => {
    const given = sdkTool({
      inputSchema: money,
      contextSchema: z.object({ id: z.string() }),
      execute,
    });
    expect((await refusal(given)).message).toContain("context");
  });
});

describe("a tool that cannot work is refused with the next step", () => {
  const remote = { type: "object", properties: { a: { $ref: "https://x.test/s.json" } } };
  const draft4 = { $schema: "http://json-schema.org/draft-04/schema#", type: "object" };
  const ok = definition(plain);
  const cases: readonly (readonly [string, unknown, string])[] = [
    ["nothing", undefined, "tool({"],
    ["no schema", { execute }, "inputSchema"],
    ["a schema that is none", definition({ hello: "world" }), "Zod 4.2"],
    ["a JSON Schema that is invalid", definition({ type: "objekt" }), "type"],
    ["a schema that refers to elsewhere", definition(remote), "x.test"],
    ["a dialect we do not read", definition(draft4), "draft-07 and 2020-12"],
    ["a schema that checks later", definition({ ...plain, $async: true }), "$async"],
    ["a schema of no object", definition(z.string()), "z.object"],
    ["a Zod type without JSON Schema", definition(z.object({ at: z.date() })), "Date"],
    ["no execute", { inputSchema: plain }, "execute"],
    ["an effect that is none", { ...ok, effect: "once" }, "once({ reconcile })"],
    ["a retry without end", { ...ok, retry: { retriesMax: 1e9 } }, "retriesMax"],
    ["a time limit of zero", { ...ok, timeoutMs: 0 }, "whole number"],
    ["a time limit no timer holds", { ...ok, timeoutMs: 2 ** 31 }, "2147483647"],
    ["half a slot", { ...ok, concurrency: 0.5 }, "whole number"],
  ];
  for (const [what, given, told] of cases) {
    test(what, async () => {
      const error = await refusal(given);
      expect(["tool_invalid", "limit_invalid"]).toContain(error.code);
      expect(`${error.message} ${error.hint ?? ""}`).toContain(told);
    });
  }

  for (const name of ["", "pay it", "pay.it", "x".repeat(65), "unknown-tool_pay"]) {
    test(`the name ${JSON.stringify(name.slice(0, 20))}`, async () => {
      expect((await refusal(ok, name)).code).toBe("tool_invalid");
    });
  }
});
