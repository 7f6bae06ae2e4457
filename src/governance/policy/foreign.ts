/** The few policies that only Cedar's own engine can evaluate, evaluated there. */
import type { AuthorizationAnswer, EntityJson, Policy } from "@cedar-policy/cedar-wasm/nodejs";
import { errorMessage } from "../../std/error.ts";
import { openCedar, type Cedar } from "./cedar.ts";
import { walk } from "./expression.ts";
import type { Ask, Known } from "./request.ts";
import type { Rule } from "./rule.ts";
import { toCedarJson, type CedarJson, type EntityRef, type Value } from "./value.ts";

/** What each rule of one effect came to. */
export interface ForeignOutcome {
  readonly satisfied: ReadonlySet<string>;
  readonly erring: ReadonlyMap<string, string>;
}

export interface Foreign {
  /** Evaluates every rule it was made with. Never throws. */
  readonly evaluate: (ask: Ask) => ForeignOutcome;
  /** Requests that needed Cedar's engine. */
  readonly count: () => number;
}

export function isForeign(rule: Rule): boolean {
  return rule.conditions.some(({ body }) =>
    walk(body).some((expression) => expression.kind === "foreign"),
  );
}

/** Names what was prepared in Cedar's memory: another set of this name replaces it. */
export type Slot = string;

/**
 * Permits and forbids are two sets: of both together Cedar names only the rules of the effect that
 * won. Throws what Cedar says when it does not take a rule.
 */
export function createForeign(
  policies: Readonly<Record<Rule["effect"], Readonly<Record<string, Policy>>>>,
  slot: Slot,
): Foreign {
  const cedar = openCedar("engine");
  const sets = (["permit", "forbid"] as const).flatMap((effect) => {
    const ids = Object.keys(policies[effect]);
    if (ids.length === 0) return [];
    const name = `${slot}:${effect}`;
    const answer = cedar.preparsePolicySet(name, { staticPolicies: { ...policies[effect] } });
    if (answer.type === "success") return [{ name, ids }];
    throw new Error(answer.errors.map(({ message }) => message).join("; "));
  });
  let counted = 0;
  const evaluate = (ask: Ask): ForeignOutcome => {
    counted += 1;
    const satisfied = new Set<string>();
    const erring = new Map<string, string>();
    for (const { name, ids } of sets) {
      const answer = authorize(cedar, ask, name);
      if (typeof answer === "string" || answer.type === "failure") {
        const why =
          typeof answer === "string"
            ? answer
            : answer.errors.map(({ message }) => message).join("; ");
        for (const id of ids) erring.set(id, why);
        continue;
      }
      const { reason, errors } = answer.response.diagnostics;
      for (const id of reason) satisfied.add(id);
      for (const { policyId, error } of errors) erring.set(policyId, error.message);
    }
    return { satisfied, erring };
  };
  return { evaluate, count: () => counted };
}

function authorize(cedar: Cedar, ask: Ask, name: string): AuthorizationAnswer | string {
  try {
    return cedar.statefulIsAuthorized({
      principal: refJson(ask.principal.ref),
      action: refJson(ask.action.ref),
      resource: refJson(ask.resource.ref),
      context: membersJson(ask.context.members),
      preparsedPolicySetId: name,
      entities: entitiesOf(ask),
    });
  } catch (thrown) {
    return errorMessage(thrown);
  }
}

/** Everything known of a request, each entity once. */
function entitiesOf(ask: Ask): EntityJson[] {
  const known = new Map<string, Known>(ask.others);
  for (const each of [ask.principal, ask.action, ask.resource]) known.set(each.ref.key, each);
  return [...known.values()].map(entityJson);
}

export function entityJson({ ref, attributes, ancestors, tags }: Known): EntityJson {
  return {
    uid: refJson(ref),
    attrs: membersJson(attributes),
    parents: [...ancestors].map(refOfKey),
    tags: membersJson(tags),
  };
}

function refJson({ type, id }: EntityRef): { type: string; id: string } {
  return { type, id };
}

/** The reverse of `entityRef`: the first quote ends the type. */
function refOfKey(key: string): { type: string; id: string } {
  const end = key.indexOf('"');
  return { type: key.slice(0, end), id: key.slice(end + 1) };
}

export function membersJson(members: ReadonlyMap<string, Value>): Record<string, CedarJson> {
  return Object.fromEntries([...members].map(([name, value]) => [name, toCedarJson(value)]));
}
