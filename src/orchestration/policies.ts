/** An agent's policies: made ready with its tools, asked about each call and each model. */
import type { Verdict } from "../governance/decide.ts";
import { loadPolicies, type PolicySet } from "../governance/policy/load.ts";
import type { PolicyRequest } from "../governance/policy/request.ts";
import type { PolicySources } from "../governance/policy/source.ts";
import type { PolicyAnswer } from "../governance/policy/verdict.ts";
import type { PolicyTool } from "../governance/policy/vocabulary.ts";
import type { Principal } from "../journal/event.ts";
import type { Receipt } from "../journal/receipt.ts";
import { startDeadline, untilAborted } from "../std/deadline.ts";
import { errorMessage } from "../std/error.ts";
import { isJsonObject, toJson, type Json, type JsonObject } from "../std/json.ts";
import type { Tool } from "../tools/tool.ts";
import type { CallOptions } from "./call-prepare.ts";
import type { Considered } from "./call-rules.ts";
import { countPast } from "./past.ts";
import type { Session } from "./session.ts";

/** Facts that policies see as `context.facts`, computed by code from real state for each call. */
export interface PolicyFacts<Input = never> {
  /** JSON Schema of the facts, so that policies over them are checked when they are loaded. */
  readonly schema: JsonObject;
  of(given: {
    readonly runId: string;
    readonly tool: string;
    /** The call's arguments. */
    readonly call: Json;
    /** The run's own input. */
    readonly input: Input;
    readonly principal: Principal | null;
    readonly receipts: readonly Receipt[];
    readonly abortSignal: AbortSignal;
  }): JsonObject | PromiseLike<JsonObject>;
}

export type Policies = string | readonly string[] | PolicySources;

export async function preparePolicies(
  given: {
    readonly policies?: Policies;
    readonly policyMode?: "enforce" | "observe";
    readonly facts?: PolicyFacts;
  },
  agent: { readonly name: string; readonly tools: readonly Tool[] },
): Promise<PolicySet | null> {
  const { policies, policyMode = "enforce", facts } = given;
  if (policies === undefined) return null;
  return loadPolicies(sourcesOf(policies), {
    agent: agent.name,
    tools: agent.tools.map(policyTool),
    mode: policyMode,
    ...(facts === undefined ? {} : { facts: facts.schema }),
  });
}

export function sourcesOf(policies: Policies): PolicySources {
  if (typeof policies === "string") return { files: [policies] };
  return isList(policies) ? { files: policies } : policies;
}

function isList(policies: Exclude<Policies, string>): policies is readonly string[] {
  return Array.isArray(policies);
}

/** What the policies are told of a tool. */
export function policyTool(tool: Tool): PolicyTool {
  const { resource } = tool.definition;
  return {
    name: tool.name,
    effect: tool.effect.class,
    inputSchema: tool.schema.jsonSchema,
    ...(resource === undefined
      ? {}
      : {
          resource: {
            type: resource.type,
            ...(resource.attributes === undefined ? {} : { attributes: resource.attributes }),
          },
        }),
  };
}

/** What the policies say about a call; null for an agent without any. */
export async function policyVerdict(
  session: Session,
  given: Considered,
  options: CallOptions,
): Promise<Verdict | null> {
  const { policies } = options.agent;
  if (policies === null) return null;
  try {
    const request = await requestOf(session, { ...given, policies }, options);
    return verdictOf(policies.decide(request));
  } catch (thrown) {
    const reason = `the policies could not be asked: ${errorMessage(thrown)}`.slice(0, 500);
    return { kind: "deny", rules: ["policy/error"], reason };
  }
}

async function requestOf(
  session: Session,
  given: Considered & { readonly policies: PolicySet },
  options: CallOptions,
): Promise<PolicyRequest> {
  const { tool, input, resource, doubtful, approved, policies } = given;
  const facts = await factsOf(session, given, options);
  const tallies = await countPast(session, given, policies);
  return {
    kind: "call",
    agent: options.agent.name,
    tool: tool.name,
    input,
    principal: principalOf(session),
    resource: resource === null ? null : { ...resource, attributes: resource.attributes ?? {} },
    labels: { untrusted: options.trust?.isTainted() ?? false, doubtful },
    tallies,
    facts,
    approved: approved !== null,
  };
}

/** A run of nobody in particular is one of the service itself, in no tenant. */
function principalOf(session: Session): PolicyRequest["principal"] {
  const { id = "-", tenant = "", roles = [], kind } = session.state.created?.principal ?? {};
  return { id, tenant, roles, kind: kind ?? (id === "-" ? "service" : "person") };
}

async function factsOf(
  session: Session,
  { tool, input: call }: Considered,
  { agent, governing }: CallOptions,
): Promise<JsonObject> {
  const { facts } = agent.definition;
  if (facts === undefined) return {};
  const { runId, created, receipts } = session.state;
  const deadline = startDeadline(governing.decideTimeoutMs, session.abort);
  try {
    const asked = facts.of({
      runId,
      tool: tool.name,
      call,
      // The author's own input type, which the schema has checked.
      input: (created?.input ?? null) as never,
      principal: created?.principal ?? null,
      receipts: receipts.toArray(),
      abortSignal: deadline.stop.signal,
    });
    const found = toJson(await untilAborted(Promise.resolve(asked), deadline.stop));
    if (!isJsonObject(found)) throw new Error("the facts are no object");
    return found;
  } finally {
    deadline.end();
  }
}

/** What drafts would have said, or a set that only observes, stands among the rules. */
function verdictOf({ verdict, rules, reason, shadow }: PolicyAnswer): Verdict {
  const named = shadow?.rules.length === 0 ? ["none"] : (shadow?.rules ?? []);
  const shadows = named.map((id) => `shadow/${shadow?.verdict ?? ""}/${id}`);
  switch (verdict) {
    case "allow":
      return { kind: "allow", rules: [...rules, ...shadows] };
    case "ask":
      return { kind: "ask", rules: [...rules, ...shadows], question: reason };
    case "deny":
    default: {
      const decided = rules.length === 0 ? ["policy/none"] : rules;
      return { kind: "deny", rules: [...decided, ...shadows], reason };
    }
  }
}

/**
 * Whether a model may be asked. Only policies that name `Action::"model"` have a say: a set that
 * speaks of tools alone leaves models as they are.
 */
export function modelVerdict(
  session: Session,
  given: { readonly policies: PolicySet; readonly agent: string; readonly model: string },
  isTainted: boolean,
): Verdict {
  const { policies, agent, model } = given;
  const isNamed = policies.parts.rules.some(
    ({ action }) =>
      (action.kind === "equals" && action.entity.id === "model") ||
      (action.kind === "in" && action.entities.some(({ id }) => id === "model")),
  );
  if (!isNamed) return { kind: "allow", rules: [] };
  const answer = policies.decide({
    kind: "model",
    agent,
    model,
    principal: principalOf(session),
    labels: { untrusted: isTainted, doubtful: [] },
    tallies: Object.fromEntries(policies.tallies.map(({ name }) => [name, 0])),
    facts: {},
    approved: false,
  });
  const { verdict, rules, reason } = answer;
  if (verdict === "allow") return { kind: "allow", rules };
  return {
    kind: "deny",
    rules,
    reason: verdict === "ask" ? `nobody can be asked: ${reason}` : reason,
  };
}
