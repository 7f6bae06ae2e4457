/** The built-in tool by which a model says what it will do before it reads anything untrusted. */
import { parsePlan, PLAN_TOOL } from "../governance/plan.ts";
import { planTool as planWords } from "../governance/plan-tool.ts";
import { BridleError } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import { read } from "../tools/effect.ts";
import { ToolError } from "../tools/tool-error.ts";
import { prepareTool, type Tool } from "../tools/tool.ts";

/** Throws when the agent has a tool of this name of its own. */
export async function planTool(tools: ReadonlyMap<string, Tool>): Promise<Tool> {
  if (tools.has(PLAN_TOOL)) {
    throw new BridleError("tool_invalid", `A tool is named "${PLAN_TOOL}", as the harness's own`, {
      hint: "Rename it, or leave out labels.plan.",
    });
  }
  const known = [...tools.keys()];
  return prepareTool(PLAN_TOOL, {
    description: planWords.description,
    inputSchema: planWords.inputSchema,
    effect: read(),
    labels: { "": "platform" },
    execute: (input: Json) => notePlan(input, known),
  });
}

/** The plan itself is kept by whoever reads this call's event. */
function notePlan(input: Json, known: readonly string[]): string {
  const parsed = parsePlan(input);
  if (!parsed.ok) throw new ToolError(`This is no plan: ${parsed.reason}`);
  const strange = parsed.plan.steps.find(({ tool }) => !known.includes(tool));
  if (strange !== undefined) throw new ToolError(`The plan names "${strange.tool}", no such tool`);
  return "The plan is noted. Calls outside it need a person once something untrusted was read.";
}
