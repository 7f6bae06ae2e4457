/** From an agent's definition to an agent that can run: everything checked, nothing started. */
import { checkBudget } from "../governance/budget-check.ts";
import { PLAN_TOOL } from "../governance/plan.ts";
import type { RunLimits } from "../journal/event.ts";
import type { ModelSettings, ToolSpec } from "../generation/model.ts";
import { prepareRoutes, type ModelChoice, type NamedRoutes } from "../generation/prepare-routes.ts";
import type { PreparedRoute } from "../generation/route.ts";
import { BridleError } from "../std/error.ts";
import { hashJson } from "../std/hash.ts";
import type { JsonObject } from "../std/json.ts";
import { readSchema } from "../tools/schema.ts";
import { prepareTool, type Tool } from "../tools/tool.ts";
import { defaultRunLimits, type Agent, type AgentDefinition } from "./agent.ts";
import { prepareGate } from "./intent.ts";
import { planTool } from "./plan-tool.ts";
import { preparePolicies } from "./policies.ts";
import type { Claims } from "./report.ts";

const NAME = /^[A-Za-z0-9_.-]{1,100}$/;

/**
 * Checks a definition, its tools, policies and model. Throws with the next step; starts nothing.
 * Policy files are looked for from `cwd`, by default the process's folder.
 */
export async function prepareAgent(
  definition: AgentDefinition,
  { cwd, routes: named = {} }: { readonly cwd?: string; readonly routes?: NamedRoutes } = {},
): Promise<Agent> {
  const { name, instructions, tools: given = {}, model } = definition;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new BridleError("agent_invalid", `An agent needs a name, not ${JSON.stringify(name)}`, {
      hint: "Use letters, digits, dot, _ and -, at most 100 of them.",
    });
  }
  if (typeof instructions !== "string") {
    throw new BridleError("agent_invalid", `Agent "${name}" has no instructions`, {
      hint: "Add instructions: a string that says what it is for and what it must not do.",
    });
  }
  const tools = new Map<string, Tool>();
  for (const [toolName, tool] of Object.entries(given)) {
    const prepared = await prepareTool(toolName, tool);
    checkTwins(tools, prepared);
    tools.set(toolName, prepared);
  }
  if (definition.labels?.plan === "frozen") {
    tools.set(PLAN_TOOL, await planTool(tools));
  }
  const toolSpecs = [...tools.values()].map(toolSpec);
  const where = `Agent "${name}"`;
  const prepared = (choice: ModelChoice): Promise<readonly PreparedRoute[]> =>
    prepareRoutes(choice, { named, where });
  const fixed = typeof model === "function" ? null : await prepared(model);
  const inputSchema =
    definition.inputSchema === undefined
      ? null
      : await readSchema(definition.inputSchema, `Agent "${name}"`);
  const stopWhen = definition.stopWhen ?? [];
  const members = ["onExhausted"];
  checkBudget(definition.budget ?? {}, where, { members, tools: [...tools.keys()] });
  return {
    name,
    definition,
    tools,
    toolSpecs,
    inputSchema,
    settings: settingsOf(definition),
    limits: limitsOf(definition, where),
    stopWhen: Array.isArray(stopWhen) ? stopWhen : [stopWhen],
    gate: await prepareGate(definition, { where, tools: [...tools.keys()] }),
    policies: await preparePolicies(definition, {
      name,
      tools: [...tools.values()],
      ...(cwd === undefined ? {} : { cwd }),
    }),
    report: definition.report ?? "free",
    claims: [...tools.values()].flatMap(claimsOf),
    fingerprints: fingerprintsOf(definition, toolSpecs, tools),
    routesFor: async (run) => fixed ?? prepared(typeof model === "function" ? model(run) : model),
  };
}

/** Names that differ only in case are confused by models and by people. */
function checkTwins(tools: ReadonlyMap<string, Tool>, added: Tool): void {
  for (const known of tools.keys()) {
    if (known.toLowerCase() !== added.name.toLowerCase()) continue;
    throw new BridleError("tool_invalid", `Two tools of one name: "${known}", "${added.name}"`, {
      hint: "Rename one of them.",
    });
  }
}

/** Where limits and budget name the same, the lower counts. */
function limitsOf({ limits = {}, budget = {} }: AgentDefinition, where: string): RunLimits {
  const own = { ...defaultRunLimits, ...limits };
  const { turns = own.turnsMax, wallMs = own.wallMs } = budget;
  checkLimits({ ...own, turnsMax: turns, wallMs }, `${where}, budget`);
  return checkLimits(
    { ...own, turnsMax: Math.min(own.turnsMax, turns), wallMs: Math.min(own.wallMs, wallMs) },
    where,
  );
}

function claimsOf(tool: Tool): readonly Claims[] {
  const { claims: phrases = [] } = tool.definition;
  return phrases.length === 0 ? [] : [{ tool: tool.name, phrases }];
}

function toolSpec(tool: Tool): ToolSpec {
  const { name, description, strict } = tool;
  return { name, description, strict, inputSchema: tool.schema.jsonSchema };
}

function settingsOf(definition: AgentDefinition): ModelSettings {
  const { maxOutputTokens, temperature, topP, seed, stopSequences, reasoning } = definition;
  const { providerOptions } = definition;
  const isLength = Number.isSafeInteger(maxOutputTokens) && Number(maxOutputTokens) > 0;
  if (maxOutputTokens !== undefined && !isLength) {
    const message = `Agent "${definition.name}": maxOutputTokens cannot be ${maxOutputTokens}`;
    throw new BridleError("limit_invalid", message, {
      hint: "Give a whole number of tokens above 0, or leave it out.",
    });
  }
  return {
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(stopSequences === undefined ? {} : { stopSequences }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(providerOptions === undefined ? {} : { providerOptions }),
  };
}

function fingerprintsOf(
  definition: AgentDefinition,
  toolSpecs: readonly ToolSpec[],
  tools: ReadonlyMap<string, Tool>,
): JsonObject {
  const digests = [...tools.values()].map((tool) => [tool.name, tool.fingerprint.slice(0, 16)]);
  return {
    agent: hashJson({ instructions: definition.instructions, tools: toolSpecs }).slice(0, 16),
    tools: Object.fromEntries(digests),
  };
}

/** Every limit a positive whole number. */
export function checkLimits(limits: RunLimits, where: string): RunLimits {
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new BridleError("limit_invalid", `${where}: the limit ${name} is ${String(value)}`, {
      hint: "Limits are positive whole numbers; leave one out for its default.",
    });
  }
  return limits;
}
