/** One agent: does it hold together, and what has its author left undeclared. */
import {
  prepareRoutes,
  type ModelChoice,
  type NamedRoutes,
} from "../../generation/prepare-routes.ts";
import type { AgentDefinition } from "../../orchestration/agent.ts";
import { prepareAgent } from "../../orchestration/prepare-agent.ts";
import { errorMessage } from "../../std/error.ts";
import { prepareTool, type Tool, type ToolDefinition } from "../../tools/tool.ts";
import { failureOf } from "../failure.ts";
import { note, ok, problem, type Finding } from "./finding.ts";

export interface Around {
  /** Where policy files are looked for. */
  readonly folder?: string;
  /** Routes that agents share. */
  readonly routes?: NamedRoutes;
  /** The project has a decision function of its own. */
  readonly decides?: boolean;
}

export async function checkAgent(
  definition: AgentDefinition,
  around: Around = {},
): Promise<readonly Finding[]> {
  const about = `agent ${definition.name}`;
  const { model } = definition;
  const findings: Finding[] = [];
  if (typeof model === "function") {
    findings.push(
      note(`model ${definition.name}`, "is chosen when a run begins: not checked here"),
    );
  } else {
    findings.push(...(await checkRoutes(definition.name, model, around.routes ?? {})));
  }
  for (const [name, tool] of Object.entries(definition.tools ?? {})) {
    findings.push(...(await checkTool(`tool ${definition.name}.${name}`, name, tool)));
  }
  findings.push(...undeclared(about, definition), ...ungoverned(about, definition, around));
  if (findings.some((finding) => finding.kind === "problem")) return findings;
  try {
    // Everything at once, as a run would do it: what the parts do not show is met here.
    const { folder, routes = {} } = around;
    await prepareAgent(definition, { routes, ...(folder === undefined ? {} : { cwd: folder }) });
    return [ok(about, "is sound"), ...findings];
  } catch (thrown) {
    return [...findings, broken(about, thrown)];
  }
}

async function checkRoutes(
  agent: string,
  choice: ModelChoice,
  named: NamedRoutes,
): Promise<readonly Finding[]> {
  const about = `model ${agent}`;
  try {
    const routes = await prepareRoutes(choice, { named, where: `Agent "${agent}"` });
    return routes.map(({ name, model }) => {
      const isSimulated = model.provider === "chaos";
      return isSimulated ? note(about, `${name} is simulated`) : ok(about, name);
    });
  } catch (thrown) {
    return [broken(about, thrown)];
  }
}

async function checkTool(
  about: string,
  name: string,
  definition: ToolDefinition,
): Promise<readonly Finding[]> {
  try {
    const tool = await prepareTool(name, definition);
    return [effectFinding(about, tool), ...descriptionFinding(about, tool)];
  } catch (thrown) {
    return [broken(about, thrown)];
  }
}

function effectFinding(about: string, tool: Tool): Finding {
  const { effect } = tool;
  if (!effect.isDeclared) {
    return note(about, "declares no effect, so it counts as once, without reconcile", {
      hint: "Add effect: read(), idempotent(), once({ reconcile }) or transactional(…).",
    });
  }
  if (effect.class === "once" && effect.reconcile === undefined) {
    return note(about, "is once without reconcile: after a crash its calls stay in doubt", {
      hint: "Add once({ reconcile: ({ key }) => … }) if the other side can be asked by key.",
    });
  }
  return ok(about, effect.reconcile === undefined ? effect.class : `${effect.class}, reconciled`);
}

function descriptionFinding(about: string, tool: Tool): readonly Finding[] {
  if (tool.description.trim() !== "") return [];
  return [note(about, "has no description", { hint: "Say when to use it, and when not to." })];
}

function undeclared(about: string, definition: AgentDefinition): readonly Finding[] {
  const findings: Finding[] = [];
  if (definition.limits === undefined) {
    findings.push(
      note(about, "declares no limits: the defaults hold (50 turns, 200 calls, 24 hours)", {
        hint: "Add limits: { turnsMax, callsMax, tokensMax, wallMs }.",
      }),
    );
  }
  if (definition.inputSchema === undefined) {
    findings.push(
      note(about, "declares no inputSchema: any input is accepted", {
        hint: "Add inputSchema to refuse work that cannot be done before it is accepted.",
      }),
    );
  }
  return findings;
}

/** What no code decides: whether it may happen, whether it is done, what it may cost. */
function ungoverned(
  about: string,
  definition: AgentDefinition,
  { decides = false }: Around,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (definition.done === undefined && definition.obligations === undefined) {
    findings.push(
      note(about, "declares no postcondition: a run succeeds when the model says so", {
        hint: 'Add done: [must("what holds", ({ receipts }) => …)] or obligations: (input) => […].',
      }),
    );
  }
  if (definition.policies === undefined && !decides) {
    findings.push(
      note(about, "declares no policy: every call may happen that its schema allows", {
        hint: 'Add policies: "./policies/*.cedar", and try them with `bridle policy check`.',
      }),
    );
  }
  if (definition.budget === undefined) {
    findings.push(
      note(about, "declares no budget: a run may spend what its limits allow", {
        hint: "Add budget: { usd, inputTokens, outputTokens, calls }.",
      }),
    );
  }
  return findings;
}

function broken(about: string, thrown: unknown): Finding {
  const { message, hint } = failureOf(thrown) ?? { message: errorMessage(thrown) };
  return problem(about, message, hint === undefined ? {} : { hint });
}
