/** One policy of a set: its scope, its conditions, and what its author says of it. */
import type { PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import { assert } from "../../std/assert.ts";
import { isJsonObject } from "../../std/json.ts";
import { readExpression, toEst, type Expression } from "./expression.ts";
import { entityRef, type EntityRef } from "./value.ts";

export interface Rule {
  readonly id: string;
  readonly effect: "permit" | "forbid";
  readonly principal: EntityScope;
  readonly action: ActionScope;
  readonly resource: EntityScope;
  readonly conditions: readonly Condition[];
  /** `@reason`: told when it decides. */
  readonly reason: string | null;
  /** `@ask`: what a person is asked; such a forbid yields to a person's yes. */
  readonly question: string | null;
  /** As its author wrote it. */
  readonly text: string;
  readonly file: string;
  readonly line: number;
  /** Evaluated in the shadow alone. */
  readonly isDraft: boolean;
  readonly isBuiltIn: boolean;
}

export type EntityScope =
  | { readonly kind: "any" }
  | { readonly kind: "equals"; readonly entity: EntityRef }
  | { readonly kind: "in"; readonly entity: EntityRef }
  | { readonly kind: "is"; readonly type: string; readonly within: EntityRef | null };

export type ActionScope =
  | { readonly kind: "any" }
  | { readonly kind: "equals"; readonly entity: EntityRef }
  | { readonly kind: "in"; readonly entities: readonly EntityRef[] };

export interface Condition {
  readonly kind: "when" | "unless";
  readonly body: Expression;
}

/** Where a policy stands, and what its file says of it. */
export type RuleSource = Pick<Rule, "id" | "text" | "file" | "line" | "isDraft" | "isBuiltIn">;

/** Throws `TooDeep`. */
export function readRule(est: PolicyJson, source: RuleSource): Rule {
  const { annotations = {} } = est;
  return {
    ...source,
    effect: est.effect,
    principal: readEntityScope(est.principal),
    action: readActionScope(est.action),
    resource: readEntityScope(est.resource),
    conditions: est.conditions.map(({ kind, body }) => ({ kind, body: readExpression(body) })),
    reason: annotations["reason"] ?? null,
    question: annotations["ask"] ?? null,
  };
}

/** Templates are refused where files are read: a policy names its entities. */
function entityOf(scope: object): EntityRef {
  assert("entity" in scope, "a policy of a set has no slots");
  return readRef(scope.entity);
}

function readEntityScope(scope: PolicyJson["principal"]): EntityScope {
  switch (scope.op) {
    case "==":
      return { kind: "equals", entity: entityOf(scope) };
    case "in":
      return { kind: "in", entity: entityOf(scope) };
    case "is": {
      const within = scope.in === undefined ? null : entityOf(scope.in);
      return { kind: "is", type: scope.entity_type, within };
    }
    case "All":
    default:
      return { kind: "any" };
  }
}

function readActionScope(scope: PolicyJson["action"]): ActionScope {
  switch (scope.op) {
    case "==":
      return { kind: "equals", entity: entityOf(scope) };
    case "in": {
      const named = "entities" in scope ? scope.entities : [scope.entity];
      return { kind: "in", entities: named.map(readRef) };
    }
    case "All":
    default:
      return { kind: "any" };
  }
}

function readRef(named: unknown): EntityRef {
  const outer = isJsonObject(named) ? named : {};
  const { type = "", id = "" } = isJsonObject(outer["__entity"]) ? outer["__entity"] : outer;
  assert(typeof type === "string" && typeof id === "string", "an entity has a type and an id");
  return entityRef(type, id);
}

/** Back to Cedar's JSON form, for a policy that was changed. */
export function ruleToEst(rule: Rule): PolicyJson {
  const ref = ({ type, id }: EntityRef) => ({ type, id });
  const entity = (scope: EntityScope): PolicyJson["principal"] => {
    switch (scope.kind) {
      case "equals":
        return { op: "==", entity: ref(scope.entity) };
      case "in":
        return { op: "in", entity: ref(scope.entity) };
      case "is": {
        const type = { op: "is", entity_type: scope.type } as const;
        return scope.within === null ? type : { ...type, in: { entity: ref(scope.within) } };
      }
      case "any":
      default:
        return { op: "All" };
    }
  };
  const action = (scope: ActionScope): PolicyJson["action"] => {
    switch (scope.kind) {
      case "equals":
        return { op: "==", entity: ref(scope.entity) };
      case "in":
        return { op: "in", entities: scope.entities.map(ref) };
      case "any":
      default:
        return { op: "All" };
    }
  };
  return {
    effect: rule.effect,
    principal: entity(rule.principal),
    action: action(rule.action),
    resource: entity(rule.resource),
    conditions: rule.conditions.map(({ kind, body }) => ({ kind, body: toEst(body) })),
  };
}
