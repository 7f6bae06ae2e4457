/** An agent's policies: made ready with its tools, asked about each call and each model. */
import type { Verdict } from "../governance/decide.ts";
import type { PolicySet } from "../governance/policy/load.ts";
import type { PolicyRequest } from "../governance/policy/request.ts";
import type { PolicySources } from "../governance/policy/source.ts";
import type { PolicyAnswer } from "../governance/policy/verdict.ts";
import { MODEL_ACTION, type PolicyTool } from "../governance/policy/vocabulary.ts";
import type { Principal, Seen } from "../journal/event.ts";
import type { Receipt } from "../journal/receipt.ts";
import { startDeadline, untilAborted } from "../std/deadline.ts";
import { errorMessage } from "../std/error.ts";
import { isJsonObject, toJson, type Json, type JsonObject } from "../std/json.ts";
import type { Tool } from "../tools/tool.ts";
import { deniedQuoting, type Denied } from "./call-checked.ts";
import type { CallOptions } from "./call-prepare.ts";
import type { Resource } from "./call-resource.ts";
import type { Considered } from "./call-rules.ts";
import { countPast, readPast } from "./past.ts";
import type { Session } from "./session.ts";

/** Facts that policies see as `context.facts`, computed by code from real state for each call. */
export interface PolicyFacts<Input = never> {
  /** JSON Schema of the facts, so that policies over them are checked when they are loaded. */
  readonly schema: JsonObject;
  of(given: {
    readonly runId: string;
    /** Null when it is a model that is to be asked. */
    readonly tool: string | null;
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
  agent: { readonly name: string; readonly tools: readonly Tool[]; readonly cwd?: string },
): Promise<PolicySet | null> {
  const { policies, policyMode = "enforce", facts } = given;
  if (policies === undefined) return null;
  // Loaded only for an agent that has policies.
  const { loadPolicies } = await import("../governance/policy/load.ts");
  const base = agent.cwd === undefined ? {} : { cwd: agent.cwd };
  return loadPolicies(
    { ...base, ...sourcesOf(policies) },
    {
      agent: agent.name,
      tools: agent.tools.map(policyTool),
      mode: policyMode,
      ...(facts === undefined ? {} : { facts: facts.schema }),
    },
  );
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
): Promise<Verdict | Denied | null> {
  const { policies } = options.agent;
  if (policies === null) return null;
  try {
    const request = await requestOf(session, { ...given, policies }, options);
    session.seen.set(given.call.callId, seenIn(request, given));
    const answer = policies.decide(request);
    const verdict = verdictOf(unanswered(answer, given.approvedRules ?? []));
    // What a rule could not cope with stands in the reason.
    const quotes = verdict.kind === "deny" && answer.errors.length > 0;
    return quotes ? { ...verdict, quotes } : verdict;
  } catch (thrown) {
    return deniedQuoting(
      "policy/error",
      `the policies could not be asked: ${errorMessage(thrown)}`,
    );
  }
}

/** What the journal keeps of a request: all that does not stand elsewhere in it. */
function seenIn(request: PolicyRequest, { resource }: Considered): Seen {
  const { labels, tallies, facts, approved } = request;
  const { untrusted, doubtful } = labels;
  return {
    ...(approved ? { approved } : {}),
    ...(doubtful.length === 0 ? {} : { doubtful }),
    ...(Object.keys(facts).length === 0 ? {} : { facts }),
    ...(Object.keys(tallies).length === 0 ? {} : { past: tallies }),
    ...(resource === null ? {} : { resource: shownOf(resource) }),
    ...(untrusted ? { untrusted } : {}),
  };
}

function shownOf({ attributes, id, tenant, type }: Resource): NonNullable<Seen["resource"]> {
  return {
    ...(attributes === undefined ? {} : { attributes }),
    id,
    ...(tenant === undefined ? {} : { tenant }),
    type,
  };
}

async function requestOf(
  session: Session,
  given: Considered & { readonly policies: PolicySet },
  options: CallOptions,
): Promise<PolicyRequest> {
  const { tool, input, resource, doubtful, approvedRules, policies } = given;
  const facts = await factsOf(session, { tool: tool.name, call: input }, options);
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
    approved: approvedRules !== null,
  };
}

/** A run of nobody in particular is one of the service itself, in no tenant. */
function principalOf(session: Session): PolicyRequest["principal"] {
  const { id = "-", tenant = "", roles = [], kind } = session.state.created?.principal ?? {};
  return { id, tenant, roles, kind: kind ?? (id === "-" ? "service" : "person") };
}

async function factsOf(
  session: Session,
  { tool, call }: { readonly tool: string | null; readonly call: Json },
  { agent, governing }: Pick<CallOptions, "agent" | "governing">,
): Promise<JsonObject> {
  const { facts } = agent.definition;
  if (facts === undefined) return {};
  const { runId, created, receipts } = session.state;
  const deadline = startDeadline(governing.decideTimeoutMs, session.abort);
  try {
    const asked = facts.of({
      runId,
      tool,
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

/**
 * A yes that was given to other rules is none to these: what held back for it asks by itself. Its
 * question may have come up only since, by a sum that has grown.
 */
function unanswered(answer: PolicyAnswer, approved: readonly string[]): PolicyAnswer {
  const { verdict, yielded = [] } = answer;
  const open = yielded.filter(({ id }) => !approved.includes(id));
  if (verdict !== "allow" || open.length === 0) return answer;
  const reason = open.map(({ question }) => question).join(" ");
  return { ...answer, verdict: "ask", rules: open.map(({ id }) => id), reason };
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

/** Whether a model may be asked. A set that speaks of tools alone leaves models as they are. */
export async function modelVerdict(
  session: Session,
  model: string,
  options: Pick<CallOptions, "agent" | "governing" | "trust">,
): Promise<Verdict> {
  const { agent, trust } = options;
  const { policies } = agent;
  if (policies === null || !speaksOfModels(policies)) return { kind: "allow", rules: [] };
  try {
    const facts = await factsOf(session, { tool: null, call: null }, options);
    const answer = policies.decide({
      kind: "model",
      agent: agent.name,
      model,
      principal: principalOf(session),
      labels: { untrusted: trust?.isTainted() ?? false, doubtful: [] },
      tallies: await readPast(session, policies),
      facts,
      approved: false,
    });
    const { verdict, rules, reason } = answer;
    if (verdict === "allow") return { kind: "allow", rules };
    const said = verdict === "ask" ? `nobody can be asked: ${reason}` : reason;
    return { kind: "deny", rules, reason: said };
  } catch (thrown) {
    const reason = `the policies could not be asked: ${errorMessage(thrown)}`.slice(0, 500);
    return { kind: "deny", rules: ["policy/error"], reason };
  }
}

function speaksOfModels({ parts }: PolicySet): boolean {
  return parts.rules.some(({ action, isBuiltIn }) => {
    if (isBuiltIn) return false;
    if (action.kind === "any") return true;
    const named = action.kind === "equals" ? [action.entity] : action.entities;
    return named.some(({ id }) => id === MODEL_ACTION);
  });
}
