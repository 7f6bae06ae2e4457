/** The policies of a project's agents, looked at without starting anything. */
import { inspectPolicies, type Inspection } from "../governance/policy/load.ts";
import type { PolicyTool } from "../governance/policy/vocabulary.ts";
import type { AgentDefinition } from "../orchestration/agent.ts";
import { policyTool, sourcesOf } from "../orchestration/policies.ts";
import { BridleError } from "../std/error.ts";
import { didYouMean } from "../std/suggest.ts";
import { prepareTool } from "../tools/tool.ts";
import { loadProject } from "./config.ts";

export interface PolicyOptions {
  readonly agent?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export interface InspectedAgent {
  readonly agent: string;
  readonly inspection: Inspection;
}

/**
 * Files named on the command line are held against every agent; otherwise each agent's own. An
 * agent without policies is passed over, but not all of them: a check of nothing is an error.
 */
export async function inspectAgents(
  files: readonly string[],
  options: PolicyOptions,
): Promise<readonly InspectedAgent[]> {
  const { config, folder } = await loadProject(options.config);
  const inspected: InspectedAgent[] = [];
  for (const definition of chosenAgents(config.agents, options.agent)) {
    const { policies, facts, name } = definition;
    if (files.length === 0 && policies === undefined) continue;
    const sources = files.length > 0 ? { files } : { cwd: folder, ...sourcesOf(policies ?? []) };
    const tools = await policyTools(definition);
    const setting = { agent: name, tools, ...(facts === undefined ? {} : { facts: facts.schema }) };
    const inspection = await inspectPolicies(sources, setting);
    inspected.push({ agent: definition.name, inspection });
  }
  if (inspected.length > 0) return inspected;
  throw new BridleError("config_invalid", "No agent of the config names policies", {
    hint: 'Add policies: "./policies/*.cedar" to an agent, or name the files.',
  });
}

function chosenAgents(
  agents: readonly AgentDefinition[],
  named: string | undefined,
): readonly AgentDefinition[] {
  if (named === undefined) return agents;
  const found = agents.filter(({ name }) => name === named);
  if (found.length > 0) return found;
  throw new BridleError("agent_unknown", `No agent "${named}" in the config`, {
    hint: didYouMean(
      named,
      agents.map(({ name }) => name),
    ),
  });
}

/** An agent's tools as the policy engine is told of them. The model is not needed for it. */
async function policyTools({ tools = {} }: AgentDefinition): Promise<readonly PolicyTool[]> {
  const told: PolicyTool[] = [];
  for (const [name, definition] of Object.entries(tools)) {
    told.push(policyTool(await prepareTool(name, definition)));
  }
  return told;
}
