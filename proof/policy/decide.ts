/** The airline's policies, armed: the files in `airline/` over the domain's tools. */
import { join } from "node:path";
import { loadPolicies, type PolicySet } from "../../src/governance/policy/load.ts";
import type { PolicyRequest } from "../../src/governance/policy/request.ts";
import type { PolicyTool } from "../../src/governance/policy/vocabulary.ts";
import type { Domain } from "../tau/data.ts";
import type { DomainTool } from "../tau/tool.ts";
import type { PolicyQuestion } from "./facts.ts";
import { FACTS_SCHEMA } from "./facts-schema.ts";
import { RESOURCE_SCHEMAS, resourceTypeOf } from "./resource.ts";

const AGENT = "tau-airline";
const TENANT = "airline";
const FOLDER = join(import.meta.dirname, "airline");

/** Throws `policy_invalid` when a file, a rule or an example is at fault. */
export function armAirline(domain: Domain): Promise<PolicySet> {
  const tools = domain.tools.map(toolOf);
  return loadPolicies(
    { files: ["*.cedar"], cwd: FOLDER },
    { agent: AGENT, tools, facts: FACTS_SCHEMA },
  );
}

function toolOf({ name, effect, parameters }: DomainTool): PolicyTool {
  const type = resourceTypeOf(name);
  return {
    name,
    effect: effect === "read" ? "read" : type === null ? "once" : "transactional",
    inputSchema: parameters,
    ...(type === null ? {} : { resource: { type, attributes: RESOURCE_SCHEMAS[type] } }),
  };
}

/** The question as the engine takes it. Nobody has approved anything, nothing is labelled. */
export function requestOf(question: PolicyQuestion): PolicyRequest {
  const { tool, input, customer, resource, facts } = question;
  return {
    kind: "call",
    agent: AGENT,
    tool,
    input,
    principal: { id: customer, tenant: TENANT, roles: ["customer"], kind: "user" },
    resource: resource === null ? null : { ...resource, tenant: TENANT },
    labels: { untrusted: false, doubtful: [] },
    tallies: {},
    facts,
    approved: false,
  };
}
