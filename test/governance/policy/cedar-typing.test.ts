import fc from "fast-check";
import { expect, test } from "vitest";
import { openCedar } from "../../../src/governance/policy/cedar.ts";
import { cedarSchema } from "../../../src/governance/policy/cedar-schema.ts";
import { entityJson, membersJson } from "../../../src/governance/policy/foreign.ts";
import { knownActions, readRequest } from "../../../src/governance/policy/request.ts";
import { readVocabulary } from "../../../src/governance/policy/vocabulary.ts";
import type { Json, JsonObject } from "../../../src/std/json.ts";
import { refundOf } from "./desk.ts";

const cedar = openCedar("engine");

/** A schema and a value that fits it. */
interface Fit {
  readonly schema: JsonObject;
  readonly value: Json;
}

const plain: fc.Arbitrary<Fit> = fc.oneof(
  fc.string({ unit: "grapheme" }).map((value) => ({ schema: { type: "string" }, value })),
  fc.maxSafeInteger().map((value) => ({ schema: { type: "integer" }, value })),
  fc.boolean().map((value) => ({ schema: { type: "boolean" }, value })),
  fc.integer({ min: -1e9, max: 1e9 }).map((n) => ({ schema: { type: "number" }, value: n / 100 })),
  fc.constant({ schema: { anyOf: [{ type: "string" }, { type: "null" }] }, value: null }),
  fc.constant({ schema: { enum: ["paid", "open"] }, value: "paid" }),
  // These no policy can see.
  fc.constant({ schema: { anyOf: [{ type: "string" }, { type: "integer" }] }, value: 3 }),
  fc.constant({ schema: { type: "object", additionalProperties: true }, value: { a: [null] } }),
);

const { fit } = fc.letrec<{ fit: Fit; object: Fit }>((tie) => ({
  fit: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    plain,
    tie("object"),
    tie("fit").map(({ schema, value }) => ({
      schema: { type: "array", items: schema },
      value: [value, value],
    })),
  ),
  object: fc
    .tuple(fc.dictionary(fc.string({ maxLength: 6 }), tie("fit"), { maxKeys: 4 }), fc.boolean())
    .map(([members, isRequired]) => objectOf(members, isRequired)),
}));

function objectOf(members: Readonly<Record<string, Fit>>, isRequired: boolean): Fit {
  const entries = Object.entries(members);
  return {
    schema: {
      type: "object",
      properties: Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
      required: isRequired ? entries.filter(([, m]) => m.value !== null).map(([name]) => name) : [],
    },
    value: Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
  };
}

test("T1: whatever fits its schema is a request that Cedar accepts by its own types", () => {
  let visible = 0;
  fc.assert(
    fc.property(fit, fit, fit, (input, attributes, facts) => {
      const [tool, order, more] = [input, attributes, facts].map((part) =>
        objectOf({ part, other: { schema: { type: "integer" }, value: 1 } }, true),
      );
      if (tool === undefined || order === undefined || more === undefined) throw new Error("none");
      const vocabulary = readVocabulary(
        [
          {
            name: "refund",
            effect: "once",
            inputSchema: tool.schema,
            resource: { type: "Shop::Order", attributes: order.schema },
          },
        ],
        more.schema,
      );
      const schema = cedarSchema(vocabulary, ["seen"]);
      const mentioned = new Set(namesIn([tool, order, more]));
      const actions = knownActions(vocabulary);
      const resource = {
        type: "Shop::Order",
        id: "o",
        tenant: "t",
        attributes: Object(order.value),
      };
      const request = refundOf({
        input: tool.value,
        resource,
        facts: Object(more.value),
        tallies: { seen: 3 },
      });
      const ask = readRequest(request, { vocabulary, tallies: ["seen"], mentioned, actions });
      if ("misfit" in ask) throw new Error(ask.misfit);
      const answer = cedar.isAuthorized({
        principal: { type: "User", id: ask.principal.ref.id },
        action: { type: "Action", id: "refund" },
        resource: { type: "Shop::Order", id: "o" },
        context: membersJson(ask.context.members),
        entities: [ask.principal, ask.resource].map(entityJson),
        schema,
        validateRequest: true,
        policies: { staticPolicies: "permit (principal, action, resource);" },
      });
      expect(answer).toMatchObject({ type: "success", response: { decision: "allow" } });
      const input0 = ask.context.members.get("input");
      if (typeof input0 === "object" && input0.kind === "record") visible += input0.members.size;
    }),
    { numRuns: 300 },
  );
  // Without a visible member the test would be about nothing.
  expect(visible).toBeGreaterThan(400);
});

/** Every name, as a policy that looks at everything would mention it. */
function namesIn(fits: readonly Fit[]): readonly string[] {
  const names = JSON.stringify(fits).match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  return names.map((name) => `${String(JSON.parse(name))}Micros`);
}
