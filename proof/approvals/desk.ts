/** The agent whose payments people approve, and the terms under which it works. */
import type { ScriptedStep } from "../../src/chaos/door.ts";
import type { DecisionPoint, Person } from "../../src/governance/door.ts";
import { agent, once, type AgentDefinition } from "../../src/index.ts";
import type { Principal } from "../../src/journal/event.ts";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../src/std/json.ts";
import type { ApprovalTerms } from "../../src/tools/governed.ts";

/** What may differ from one attack to the next, and before and after a restart. */
export interface Terms {
  readonly people: readonly Person[];
  readonly approval: ApprovalTerms;
  readonly decide: DecisionPoint;
  /** Cedar text; null: none. */
  readonly policies: string | null;
  readonly principal: Principal;
  /** More members of the tool's schema. */
  readonly properties: JsonObject;
  /** Of what a payment acts on. */
  readonly version: string;
  readonly sealSecret: string | null;
  /** How many payments the model asks for in each turn. */
  readonly turns: readonly number[];
}

const DAY_MS = 24 * 3_600_000;

export const askAlways: DecisionPoint = () => ({
  kind: "ask",
  rules: ["four-eyes"],
  question: "May this be paid?",
});

/** Payments above one euro are asked about, above a cap none is possible. */
export function cedarText(capCents: number): string {
  const order = (cents: number): string =>
    `"tool":"pay","resource":{},"input":{"reference":"A1","cents":${cents}}`;
  return `
    @id("pay") permit(principal, action == Action::"pay", resource);
    @id("pay-ask") @ask("May this be paid?") forbid(principal, action == Action::"pay", resource)
    when { context.input.cents > 100 };
    @id("pay-cap") @reason("Above the cap.") forbid(principal, action == Action::"pay", resource)
    when { context.input.cents > ${capCents} };
    //@ allow {${order(100)}}
    //@ ask {${order(101)}}
    //@ ask {${order(capCents)}}
    //@ deny {${order(capCents + 1)},"by":"pay-cap"}
  `;
}

/** Ann and Bob may approve; everybody else in the list is there to be refused. */
export const usualTerms: Terms = {
  people: [
    { id: "ann" },
    { id: "bob" },
    { id: "carl", delegates: [{ to: "dora", until: 0 }] },
    { id: "dora", tenants: [] },
    { id: "robot", kind: "agent" },
    { id: "cron", kind: "service" },
    { id: "foreign", tenants: ["elsewhere"] },
  ],
  approval: { expiresMs: DAY_MS },
  decide: askAlways,
  policies: null,
  principal: { id: "customer" },
  properties: {},
  version: "1",
  sealSecret: null,
  turns: [1],
};

export interface Places {
  readonly modelUrl: string;
  readonly ledgerUrl: string;
}

/** Pays into the outside ledger, which counts whatever reaches it. */
export function paymentDesk(terms: Terms, places: Places): AgentDefinition {
  const { ledgerUrl, modelUrl } = places;
  const { policies } = terms;
  return agent({
    name: "payments",
    model: { baseURL: modelUrl, modelId: "scripted" },
    instructions: "Pay what is ordered.",
    ...(policies === null ? {} : { policies: { texts: [{ name: "pay.cedar", text: policies }] } }),
    tools: {
      pay: {
        description: "Use this to pay one order.",
        inputSchema: {
          type: "object",
          properties: {
            reference: { type: "string" },
            cents: { type: "integer", minimum: 1 },
            ...terms.properties,
          },
          required: ["reference", "cents"],
          additionalProperties: false,
        },
        effect: once({
          settlesWithinMs: 0,
          reconcile: ({ key }) => getJson(`${ledgerUrl}/find?key=${key}`),
        }),
        approval: terms.approval,
        resource: { type: "Account", of: () => ({ id: "main", version: terms.version }) },
        execute: async (input: JsonObject, { idempotencyKey: key, abortSignal: signal }) => {
          const body = JSON.stringify({ ...input, key });
          const response = await fetch(`${ledgerUrl}/plain`, { method: "POST", body, signal });
          return jsonOf(response);
        },
      },
    },
  });
}

/** What the model says: so many equal payments a turn, then that it is done. */
export function paymentSteps(tag: string, turns: readonly number[]): readonly ScriptedStep[] {
  const call = { name: "pay", arguments: orderOf(tag) };
  return [
    ...turns.map((count) => ({ calls: Array.from({ length: count }, () => call) })),
    { text: "Done." },
  ];
}

export function orderOf(tag: string): JsonObject {
  return { reference: `${tag}/order`, cents: 500 };
}

async function getJson(url: string): Promise<Json> {
  return jsonOf(await fetch(url));
}

async function jsonOf(response: Response): Promise<Json> {
  const parsed = parseJson(await response.text());
  if (response.ok && parsed.ok) return parsed.value;
  const why = parsed.ok && isJsonObject(parsed.value) ? parsed.value["error"] : undefined;
  throw new Error(`HTTP ${response.status}: ${typeof why === "string" ? why : "no reason given"}`);
}
