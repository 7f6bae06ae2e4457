/**
 * Rules laid out so that a request meets only those that could hold for it: by the resource or the
 * user they name, or by the literal their first condition compares with.
 */
import { compile, compileTest, EvaluationFault, type Evaluate, type Test } from "./evaluate.ts";
import type { Expression } from "./expression.ts";
import { isForeign } from "./foreign.ts";
import type { Ask, Known } from "./request.ts";
import type { ActionScope, EntityScope, Rule } from "./rule.ts";
import { keyOf, type Value } from "./value.ts";

export interface Compiled {
  readonly rule: Rule;
  /** The place in the set. */
  readonly order: number;
  readonly isForeign: boolean;
  readonly principal: (ask: Ask) => boolean;
  readonly resource: (ask: Ask) => boolean;
  readonly conditions: readonly Test[];
}

export function compileRule(rule: Rule, order: number): Compiled {
  return {
    rule,
    order,
    isForeign: isForeign(rule),
    principal: compileScope(rule.principal, (ask) => ask.principal),
    resource: compileScope(rule.resource, (ask) => ask.resource),
    conditions: rule.conditions.map(({ kind, body }) => {
      const test = compileTest(body);
      return kind === "when" ? test : (ask) => !test(ask);
    }),
  };
}

function compileScope(scope: EntityScope, of: (ask: Ask) => Known): (ask: Ask) => boolean {
  switch (scope.kind) {
    case "any":
      return () => true;
    case "equals": {
      const { key } = scope.entity;
      return (ask) => of(ask).ref.key === key;
    }
    case "in": {
      const { key } = scope.entity;
      return (ask) => liesIn(of(ask), key);
    }
    case "is":
    default: {
      const { type, within } = scope;
      if (within === null) return (ask) => of(ask).ref.type === type;
      return (ask) => of(ask).ref.type === type && liesIn(of(ask), within.key);
    }
  }
}

function liesIn(known: Known, key: string): boolean {
  return known.ref.key === key || known.ancestors.has(key);
}

/** True when a rule of this scope is about this action. */
export function coversAction(scope: ActionScope, action: Known): boolean {
  switch (scope.kind) {
    case "any":
      return true;
    case "equals":
      return scope.entity.key === action.ref.key;
    case "in":
    default:
      return scope.entities.some(({ key }) => liesIn(action, key));
  }
}

/** The rules about one action, each where a request that it may hold for looks. */
export interface Shelf {
  readonly always: Compiled[];
  readonly byPrincipal: Map<string, Compiled[]>;
  readonly byResource: Map<string, Compiled[]>;
  readonly byResourceType: Map<string, Compiled[]>;
  readonly guarded: Guarded[];
}

/** Rules whose first condition is that one and the same path equals, or holds, some literal. */
interface Guarded {
  readonly path: string;
  readonly operator: Guard["operator"];
  readonly evaluate: Evaluate;
  readonly byValue: Map<GuardKey, Compiled[]>;
  readonly all: Compiled[];
}

export function layOut(compiled: readonly Compiled[], action: Known): Shelf {
  const shelf: Shelf = {
    always: [],
    byPrincipal: new Map(),
    byResource: new Map(),
    byResourceType: new Map(),
    guarded: [],
  };
  for (const each of compiled) {
    if (coversAction(each.rule.action, action)) place(shelf, each);
  }
  return shelf;
}

function place(shelf: Shelf, each: Compiled): void {
  const { resource, principal, conditions } = each.rule;
  const [first] = conditions;
  const resourceKey = entityKey(resource);
  const principalKey = entityKey(principal);
  const guard = first?.kind === "when" ? guardOf(first.body) : null;
  if (resourceKey !== null) put(shelf.byResource, resourceKey, each);
  else if (principalKey !== null) put(shelf.byPrincipal, principalKey, each);
  else if (guard !== null) {
    const guarded = guardedBy(shelf, guard);
    put(guarded.byValue, guardKeyOf(guard.value), each);
    guarded.all.push(each);
  } else if (resource.kind === "is") put(shelf.byResourceType, resource.type, each);
  else shelf.always.push(each);
}

function put<Key>(map: Map<Key, Compiled[]>, key: Key, each: Compiled): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [each]);
  else list.push(each);
}

function entityKey(scope: EntityScope): string | null {
  if (scope.kind === "equals" || scope.kind === "in") return scope.entity.key;
  return scope.kind === "is" && scope.within !== null ? scope.within.key : null;
}

function guardedBy(shelf: Shelf, { path: expression, operator }: Guard): Guarded {
  const path = pathText(expression);
  const known = shelf.guarded.find((each) => each.path === path && each.operator === operator);
  if (known !== undefined) return known;
  const evaluate = compile(expression);
  const guarded: Guarded = { path, operator, evaluate, byValue: new Map(), all: [] };
  shelf.guarded.push(guarded);
  return guarded;
}

interface Guard {
  readonly path: Expression;
  readonly operator: "==" | "contains";
  readonly value: Value;
}

/**
 * The first conjunct, when it is `path == literal` or `path.contains(literal)`. Any other value
 * there makes the whole rule false before anything after it can err; a path that errs sends every
 * rule of the guard through.
 */
function guardOf(body: Expression): Guard | null {
  let first = body;
  while (first.kind === "binary" && first.operator === "&&") first = first.left;
  if (first.kind !== "binary") return null;
  const { operator, left, right } = first;
  if (operator !== "==" && operator !== "contains") return null;
  if (isPath(left) && right.kind === "literal") return { path: left, operator, value: right.value };
  if (operator === "contains" || !isPath(right) || left.kind !== "literal") return null;
  return { path: right, operator, value: left.value };
}

function isPath(expression: Expression): boolean {
  if (expression.kind === "variable") return true;
  return expression.kind === "attribute" && isPath(expression.of);
}

function pathText(path: Expression): string {
  if (path.kind === "attribute") return `${pathText(path.of)}.${JSON.stringify(path.name)}`;
  return path.kind === "variable" ? path.name : "";
}

/** Hands over every rule of the shelf that could hold for this request or err over it, once. */
export function visitShelf(shelf: Shelf, ask: Ask, visit: (each: Compiled) => void): void {
  visitAll(shelf.always, visit);
  if (shelf.byPrincipal.size > 0) {
    for (const key of placesOf(ask.principal)) visitAll(shelf.byPrincipal.get(key), visit);
  }
  if (shelf.byResource.size > 0) {
    for (const key of placesOf(ask.resource)) visitAll(shelf.byResource.get(key), visit);
  }
  if (shelf.byResourceType.size > 0) {
    visitAll(shelf.byResourceType.get(ask.resource.ref.type), visit);
  }
  for (const guarded of shelf.guarded) {
    const keys = guardKeys(guarded, ask);
    if (keys === null) visitAll(guarded.all, visit);
    else for (const key of keys) visitAll(guarded.byValue.get(key), visit);
  }
}

function visitAll(rules: readonly Compiled[] | undefined, visit: (each: Compiled) => void): void {
  if (rules === undefined) return;
  for (const each of rules) visit(each);
}

function placesOf({ ref, ancestors }: Known): readonly string[] {
  return ancestors.size === 0 ? [ref.key] : [ref.key, ...ancestors];
}

/** Two values may share a key: that only tries a rule in vain. */
type GuardKey = string | number | bigint | boolean;

function guardKeyOf(value: Value): GuardKey {
  return typeof value === "object" ? keyOf(value) : value;
}

/**
 * Each key once, or a rule would be tried twice. Null when the path errs or holds no set where a
 * set is due: then every guarded rule is tried, and errs on its own.
 */
function guardKeys({ evaluate, operator }: Guarded, ask: Ask): Iterable<GuardKey> | null {
  try {
    const value = evaluate(ask);
    if (operator === "==") return [guardKeyOf(value)];
    if (typeof value !== "object" || value.kind !== "set") return null;
    return new Set(value.items.map(guardKeyOf));
  } catch (thrown) {
    if (thrown instanceof EvaluationFault) return null;
    throw thrown;
  }
}
