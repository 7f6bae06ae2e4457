/** A desk that pays twice and reads between, whose effects a shop in another process counts. */
import { agent, idempotent, once, read, type AgentDefinition } from "../../src/index.ts";
import type { ToolDefinition } from "../../src/index.ts";
import { parseJson, type Json } from "../../src/std/json.ts";

export type PayEffect = "idempotent" | "once";

export interface DeskPlaces {
  readonly modelUrl: string;
  readonly shopUrl: string;
  readonly effect: PayEffect;
}

const inputSchema = { type: "object", properties: { order: { type: "string" } } } as const;

export function mortalDesk({ modelUrl, shopUrl, effect }: DeskPlaces): AgentDefinition {
  const paid = async (key: string): Promise<Json> => {
    const response = await fetch(`${shopUrl}/paid/${key}`);
    const found = parseJson(await response.text());
    return response.ok && found.ok ? found.value : null;
  };
  const pay: ToolDefinition<{ readonly order: string }> = {
    description: "Use this to pay for an order.",
    inputSchema,
    effect:
      effect === "idempotent"
        ? idempotent()
        : once({ settlesWithinMs: 0, reconcile: ({ key }) => paid(key) }),
    execute: async ({ order }, { idempotencyKey }) => {
      const response = await fetch(`${shopUrl}/pay/${order}`, {
        method: "POST",
        headers: { "idempotency-key": idempotencyKey },
      });
      return response.json();
    },
  };
  const look: ToolDefinition<{ readonly order: string }> = {
    description: "Use this to look an order up.",
    inputSchema,
    effect: read(),
    execute: ({ order }) => ({ order }),
  };
  return agent({
    name: "desk",
    model: { baseURL: modelUrl, modelId: "played" },
    instructions: "Pay what is ordered.",
    tools: { pay, look },
  });
}
