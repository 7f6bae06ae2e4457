/** The agent of `approving-victim.ts`; usable in a process of its own. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DecisionPoint, Person } from "../../src/governance/door.ts";
import { idempotent, once, type AgentDefinition } from "../../src/index.ts";
import { agentOf, modelOf, toolOf } from "./played-model.ts";

interface Governance {
  readonly decide: DecisionPoint;
  readonly people: readonly Person[];
}

/** Pays into a file that reconcile looks up, so that "it did not happen" is the truth. */
export function approvedDesk(
  path: string,
  effect: "once" | "idempotent" = "once",
): { readonly agent: AgentDefinition; readonly governance: Governance } {
  const pay = toolOf({
    effect:
      effect === "once"
        ? once({
            settlesWithinMs: 0,
            reconcile: ({ key }) => (paidUnder(path).includes(key) ? "paid" : null),
          })
        : idempotent(),
    execute: (_input, { idempotencyKey }) => {
      appendFileSync(join(path, "paid"), `${idempotencyKey}\n`);
      return "paid";
    },
  });
  const model = modelOf({ calls: [{ tool: "pay", input: { cents: 5 } }] }, "Done.");
  return {
    agent: agentOf(model, { name: "victim", tools: { pay } }),
    governance: {
      decide: () => ({ kind: "ask", rules: ["four-eyes"], question: "May it?" }),
      people: [{ id: "ann" }, { id: "bob" }],
    },
  };
}

/** The keys under which something was paid, in order. */
export function paidUnder(path: string): readonly string[] {
  const file = join(path, "paid");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}
