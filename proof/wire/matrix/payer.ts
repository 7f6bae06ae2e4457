/** The agent of the matrix: one payment, made once, and a last word. */
import { agent, must, once } from "../../../src/index.ts";
import type { AgentDefinition, ModelReference } from "../../../src/index.ts";
import type { Action } from "../../../src/chaos/door.ts";

/** What is to be paid: members of every kind, and characters of several bytes. */
export const PAYMENT: Action = {
  name: "pay",
  arguments: {
    orderId: "A-1042",
    cents: 12_900,
    isUrgent: true,
    to: { name: "Zoë Müller", iban: "DE02120300000000202051" },
  },
};

export const LAST_WORDS = "Zoë Müller was paid for order A-1042.";

export interface Payer {
  readonly agent: AgentDefinition<string>;
  /** Payments as the other side counts them. */
  readonly paid: () => number;
}

/** The limits are a user's own, only lower: an agent that never gets on is to end soon. */
const LIMITS = { turnsMax: 8, callsMax: 100, wallMs: 24 * 3_600_000 } as const;

export function payer(model: ModelReference, streams: boolean): Payer {
  let paid = 0;
  const definition = agent<string>({
    name: "payer",
    model,
    stream: streams,
    instructions: "You pay what is asked for, once, and then say so.",
    tools: {
      pay: {
        description: "Use this to pay one order to one person. It cannot be undone.",
        inputSchema: SCHEMA,
        effect: once(),
        execute: () => {
          paid += 1;
          return { paymentId: `P-${paid}` };
        },
      },
    },
    done: [must("the order is paid once", { tool: "pay", min: 1, max: 1 })],
    obligations: () => [
      { id: "payment", what: "pay order A-1042", tool: "pay", input: PAYMENT.arguments },
    ],
    effects: "obliged",
    limits: LIMITS,
  });
  return { agent: definition, paid: () => paid };
}

const SCHEMA = {
  type: "object",
  properties: {
    orderId: { type: "string", maxLength: 200 },
    cents: { type: "integer", minimum: 1 },
    isUrgent: { type: "boolean" },
    to: {
      type: "object",
      properties: { name: { type: "string" }, iban: { type: "string" } },
      required: ["name", "iban"],
      additionalProperties: false,
    },
  },
  required: ["orderId", "cents", "isUrgent", "to"],
  additionalProperties: false,
} as const;
