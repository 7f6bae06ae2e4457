import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { idempotent, once, read, transactional, type AgentDefinition } from "../../src/index.ts";
import { sqliteTransactor } from "../../src/storage/sqlite/door.ts";
import { agentOf, modelOf, toolOf } from "./played-model.ts";

function effectOf(path: string, effect: string) {
  switch (effect) {
    case "idempotent":
      return idempotent();
    case "read":
      return read();
    case "transactional":
      return transactional(sqliteTransactor(join(path, "business.db")));
    case "once-found":
      return once({ settlesWithinMs: 0, reconcile: () => "found" });
    case "once-missing":
      return once({ settlesWithinMs: 100, reconcile: () => null });
    default:
      return once({ settlesWithinMs: 0 });
  }
}

/** An agent whose one tool writes its key into a ledger and then does what `inside` says. */
export function victimOf(path: string, effect: string, inside: () => unknown): AgentDefinition {
  const act = toolOf({
    effect: effectOf(path, effect),
    execute: async (_input, { idempotencyKey }) => {
      appendFileSync(join(path, "ledger"), `${idempotencyKey}\n`);
      await inside();
      return "done";
    },
  });
  return agentOf(modelOf({ calls: [{ tool: "act", input: { n: 1 } }] }, "Done."), {
    name: "victim",
    tools: { act },
  });
}
