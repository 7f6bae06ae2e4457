/** One request, answered by Bridle's closures and by Cedar's engine. */
import type { EntityJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { Cedar } from "../../src/governance/policy/cedar.ts";
import { membersJson } from "../../src/governance/policy/foreign.ts";
import type { Judge } from "../../src/governance/policy/judge.ts";
import type { Ask } from "../../src/governance/policy/request.ts";

/** What both must agree on. */
export interface Opinion {
  readonly decision: "allow" | "deny";
  /** The rules that decided, sorted. */
  readonly reasons: readonly string[];
  /** The rules that erred, sorted. */
  readonly errors: readonly string[];
}

/** Cedar's own way from the rules that hold to a decision: errors are passed over. */
export function ownOpinion(judge: Judge, ask: Ask): Opinion {
  const { permits, forbids, erring } = judge(ask);
  const decision = forbids.length === 0 && permits.length > 0 ? "allow" : "deny";
  const deciding = forbids.length > 0 ? forbids : permits;
  return {
    decision,
    reasons: deciding.map(({ id }) => id).toSorted(),
    errors: erring.map(({ rule }) => rule.id).toSorted(),
  };
}

export function cedarOpinion(
  cedar: Cedar,
  ask: Ask,
  prepared: { readonly slot: string; readonly entities: EntityJson[] },
): Opinion {
  const { type, id } = ask.principal.ref;
  const answer = cedar.statefulIsAuthorized({
    principal: { type, id },
    action: { type: ask.action.ref.type, id: ask.action.ref.id },
    resource: { type: ask.resource.ref.type, id: ask.resource.ref.id },
    context: membersJson(ask.context.members),
    preparsedPolicySetId: prepared.slot,
    entities: prepared.entities,
  });
  if (answer.type === "failure") {
    throw new Error(`Cedar refused a request: ${answer.errors.map((e) => e.message).join("; ")}`);
  }
  const { decision, diagnostics } = answer.response;
  return {
    decision,
    reasons: diagnostics.reason.toSorted(),
    errors: diagnostics.errors.map(({ policyId }) => policyId).toSorted(),
  };
}

export function isSameOpinion(a: Opinion, b: Opinion): boolean {
  return (
    a.decision === b.decision &&
    a.reasons.join("\n") === b.reasons.join("\n") &&
    a.errors.join("\n") === b.errors.join("\n")
  );
}
