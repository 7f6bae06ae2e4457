/** A refund desk as the policy engine is told of it, and policies that hold together. */
import {
  loadPolicies,
  type PolicySet,
  type PolicySetting,
} from "../../../src/governance/policy/load.ts";
import type { CallRequest, ModelRequest } from "../../../src/governance/policy/request.ts";
import type { PolicyTool } from "../../../src/governance/policy/vocabulary.ts";
import type { JsonObject } from "../../../src/std/json.ts";

const order: JsonObject = {
  type: "object",
  properties: {
    totalCents: { type: "integer" },
    status: { type: "string" },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["totalCents", "status"],
};

export const tools: readonly PolicyTool[] = [
  {
    name: "refund",
    effect: "once",
    inputSchema: {
      type: "object",
      properties: {
        orderId: { type: "string" },
        amountCents: { type: "integer" },
        note: { type: "string" },
        rate: { type: "number" },
        anything: { anyOf: [{ type: "string" }, { type: "integer" }] },
      },
      required: ["orderId", "amountCents"],
    },
    resource: { type: "Order", attributes: order },
  },
  {
    name: "cancel",
    effect: "idempotent",
    inputSchema: {
      type: "object",
      properties: { orderId: { type: "string" }, amountCents: { type: "integer" } },
      required: ["orderId", "amountCents"],
    },
    resource: { type: "Order", attributes: order },
  },
  {
    name: "findOrder",
    effect: "read",
    inputSchema: { type: "object", properties: { orderId: { type: "string" } } },
  },
];

/** Each line of directives beside the rules it speaks of. */
export const deskText = `// Who may pay back what.
//@ tally refundedToday = sum_within(refund, input.amountCents, 24h, by user)

@id("desk/read")
permit (principal, action in Action::"read", resource);
//@ allow {"tool":"findOrder","input":{"orderId":"A-1"}}

@id("desk/refund")
permit (principal, action == Action::"refund", resource)
when { principal.roles.contains("clerk") && context.input.amountCents <= resource.totalCents };
//@ allow {"tool":"refund","input":{"orderId":"A-1","amountCents":500},"user":{"roles":["clerk"]},"resource":{"attributes":{"totalCents":500,"status":"paid"}}}
//@ deny {"tool":"refund","input":{"orderId":"A-1","amountCents":501},"user":{"roles":["clerk"]},"resource":{"attributes":{"totalCents":500,"status":"paid"}}}

@id("desk/daily-cap")
@reason("More than 1,000.00 was paid back for this customer today.")
forbid (principal, action == Action::"refund", resource)
when { context.past.refundedToday + context.input.amountCents > 100000 };
//@ deny {"tool":"refund","input":{"orderId":"A-1","amountCents":500},"user":{"roles":["clerk"]},"resource":{"attributes":{"totalCents":500,"status":"paid"}},"tallies":{"refundedToday":99501},"by":"desk/daily-cap"}
//@ allow {"tool":"refund","input":{"orderId":"A-1","amountCents":500},"user":{"roles":["clerk"]},"resource":{"attributes":{"totalCents":500,"status":"paid"}},"tallies":{"refundedToday":99500}}

@id("desk/large")
@ask("Pay back more than 200.00?")
forbid (principal, action == Action::"refund", resource)
when { context.input.amountCents > 20000 };
//@ ask {"tool":"refund","input":{"orderId":"A-1","amountCents":20001},"user":{"roles":["clerk"]},"resource":{"attributes":{"totalCents":50000,"status":"paid"}},"by":"desk/large"}
//@ allow {"tool":"refund","input":{"orderId":"A-1","amountCents":20000},"user":{"roles":["clerk"]},"resource":{"attributes":{"totalCents":50000,"status":"paid"}}}
`;

export const setting: PolicySetting = { agent: "desk", tools };

export function loadText(text: string, more: object = {}): Promise<PolicySet> {
  return loadPolicies({ texts: [{ name: "desk.cedar", text }] }, { ...setting, ...more });
}

/** A refund of 5.00 by a clerk for an order of 500.00 of the clerk's own tenant. */
export function refundOf(change: Partial<CallRequest> = {}): CallRequest {
  return {
    kind: "call",
    agent: "desk",
    tool: "refund",
    input: { orderId: "A-1", amountCents: 500 },
    principal: { id: "u1", tenant: "t1", roles: ["clerk"], kind: "user" },
    resource: {
      type: "Order",
      id: "A-1",
      tenant: "t1",
      attributes: { totalCents: 50_000, status: "paid" },
    },
    labels: { untrusted: false, doubtful: [] },
    tallies: { refundedToday: 0 },
    facts: {},
    approved: false,
    ...change,
  };
}

export function modelOf(change: Partial<ModelRequest> = {}): ModelRequest {
  const { agent, principal, labels, tallies, facts, approved } = refundOf();
  const shared = { agent, principal, labels, tallies, facts, approved };
  return { kind: "model", model: "openai/gpt-5.2", ...shared, ...change };
}
