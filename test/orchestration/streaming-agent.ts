import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { once, type AgentDefinition } from "../../src/index.ts";
import { agentOf, toolOf } from "./played-model.ts";

/** Pays once, into a ledger under `path`, and asks the model at this address by streams. */
export function streamingAgent(path: string, baseURL: string): AgentDefinition {
  const pay = toolOf({
    effect: once(),
    execute: (_input, { idempotencyKey }) => {
      appendFileSync(join(path, "ledger"), `${idempotencyKey}\n`);
      return "paid";
    },
  });
  const model = { baseURL, modelId: "m" };
  return agentOf(model, { name: "streaming", tools: { pay }, stream: true });
}
