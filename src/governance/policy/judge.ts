/**
 * Which rules of a set hold for a request, found without walking the set.
 *
 * J1 The answer is the one of walking every rule: a shelf only leaves out rules that cannot hold
 *    and cannot err.
 * J2 A rule that errs holds for nothing and is named, whatever else holds.
 */
import { keyOf, type Value } from "./value.ts";
import { compile, compileTest, EvaluationFault, type Evaluate, type Test } from "./evaluate.ts";
import type { Expression } from "./expression.ts";
import { isForeign, type Foreign, type ForeignOutcome } from "./foreign.ts";
import type { Ask, Known } from "./request.ts";
import type { ActionScope, EntityScope, Rule } from "./rule.ts";

export interface Judged {
  /** The rules that hold, in the set's order. */
  readonly permits: readonly Rule[];
  readonly forbids: readonly Rule[];
  readonly erring: readonly Erring[];
}

export interface Erring {
  readonly rule: Rule;
  readonly message: string;
}

export type Judge = (ask: Ask) => Judged;

/** `foreign` evaluates the rules that `isForeign`; null when there are none. */
export function createJudge(rules: readonly Rule[], foreign: Foreign | null): Judge {
  const compiled = rules.map(compileRule);
  const shelves = new Map<string, Shelf>();
  return (ask) => {
    const { key } = ask.action.ref;
    let shelf = shelves.get(key);
    if (shelf === undefined) {
      shelf = layOut(compiled, ask.action);
      shelves.set(key, shelf);
    }
    return judge(shelf, ask, foreign);
  };
}

interface Compiled {
  readonly rule: Rule;
  /** The place in the set. */
  readonly order: number;
  readonly isForeign: boolean;
  readonly principal: (ask: Ask) => boolean;
  readonly resource: (ask: Ask) => boolean;
  readonly conditions: readonly Test[];
}

function compileRule(rule: Rule, order: number): Compiled {
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
interface Shelf {
  readonly always: Compiled[];
  readonly byPrincipal: Map<string, Compiled[]>;
  readonly byResource: Map<string, Compiled[]>;
  readonly byResourceType: Map<string, Compiled[]>;
  readonly guarded: Guarded[];
}

/** Rules whose first condition is that one and the same path equals some literal. */
interface Guarded {
  readonly path: string;
  readonly evaluate: Evaluate;
  readonly byValue: Map<GuardKey, Compiled[]>;
  readonly all: Compiled[];
}

function layOut(compiled: readonly Compiled[], action: Known): Shelf {
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
    const path = pathText(guard.path);
    let guarded = shelf.guarded.find((other) => other.path === path);
    if (guarded === undefined) {
      guarded = { path, evaluate: compile(guard.path), byValue: new Map(), all: [] };
      shelf.guarded.push(guarded);
    }
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

/**
 * The first conjunct, when it is `path == literal`. Any other value there makes the whole rule
 * false before anything after it can err; a path that errs sends every rule of the guard through.
 */
function guardOf(body: Expression): { readonly path: Expression; readonly value: Value } | null {
  let first = body;
  while (first.kind === "binary" && first.operator === "&&") first = first.left;
  if (first.kind !== "binary" || first.operator !== "==") return null;
  const { left, right } = first;
  if (isPath(left) && right.kind === "literal") return { path: left, value: right.value };
  if (isPath(right) && left.kind === "literal") return { path: right, value: left.value };
  return null;
}

function isPath(expression: Expression): boolean {
  if (expression.kind === "variable") return true;
  return expression.kind === "attribute" && isPath(expression.of);
}

function pathText(path: Expression): string {
  if (path.kind === "attribute") return `${pathText(path.of)}.${JSON.stringify(path.name)}`;
  return path.kind === "variable" ? path.name : "";
}

interface Findings {
  readonly permits: Compiled[];
  readonly forbids: Compiled[];
  readonly erring: { readonly each: Compiled; readonly message: string }[];
  /** Looked up once, when the first foreign rule comes into question. */
  outcome: ForeignOutcome | null;
}

function judge(shelf: Shelf, ask: Ask, foreign: Foreign | null): Judged {
  const found: Findings = { permits: [], forbids: [], erring: [], outcome: null };
  const tryAll = (list: readonly Compiled[] | undefined): void => {
    if (list === undefined) return;
    for (const each of list) tryRule(each, { ask, foreign, found });
  };
  tryAll(shelf.always);
  if (shelf.byPrincipal.size > 0) {
    for (const key of placesOf(ask.principal)) tryAll(shelf.byPrincipal.get(key));
  }
  if (shelf.byResource.size > 0) {
    for (const key of placesOf(ask.resource)) tryAll(shelf.byResource.get(key));
  }
  tryAll(shelf.byResourceType.get(ask.resource.ref.type));
  for (const guarded of shelf.guarded) {
    const key = guardKey(guarded.evaluate, ask);
    tryAll(key === null ? guarded.all : guarded.byValue.get(key));
  }
  const byOrder = (a: Compiled, b: Compiled): number => a.order - b.order;
  return {
    permits: found.permits.sort(byOrder).map(({ rule }) => rule),
    forbids: found.forbids.sort(byOrder).map(({ rule }) => rule),
    erring: found.erring
      .sort((a, b) => byOrder(a.each, b.each))
      .map(({ each, message }) => ({ rule: each.rule, message })),
  };
}

function placesOf({ ref, ancestors }: Known): readonly string[] {
  return ancestors.size === 0 ? [ref.key] : [ref.key, ...ancestors];
}

/** Two values may share a key: that only tries a rule in vain. */
type GuardKey = string | number | bigint | boolean;

function guardKeyOf(value: Value): GuardKey {
  return typeof value === "object" ? keyOf(value) : value;
}

/** Null when the path errs: then every guarded rule is tried, and errs on its own. */
function guardKey(evaluate: Evaluate, ask: Ask): GuardKey | null {
  try {
    return guardKeyOf(evaluate(ask));
  } catch (thrown) {
    if (thrown instanceof EvaluationFault) return null;
    throw thrown;
  }
}

interface Trial {
  readonly ask: Ask;
  readonly foreign: Foreign | null;
  readonly found: Findings;
}

function tryRule(each: Compiled, { ask, foreign, found }: Trial): void {
  if (!each.principal(ask) || !each.resource(ask)) return;
  if (each.isForeign) {
    tryForeign(each, { ask, foreign, found });
    return;
  }
  try {
    for (const condition of each.conditions) if (!condition(ask)) return;
  } catch (thrown) {
    if (!(thrown instanceof EvaluationFault)) throw thrown;
    found.erring.push({ each, message: thrown.message });
    return;
  }
  hold(each, found);
}

function tryForeign(each: Compiled, { ask, foreign, found }: Trial): void {
  if (foreign === null) {
    found.erring.push({ each, message: "Cedar's own engine is not there to evaluate it" });
    return;
  }
  found.outcome ??= foreign.evaluate(ask);
  const message = found.outcome.erring.get(each.rule.id);
  if (message !== undefined) found.erring.push({ each, message });
  else if (found.outcome.satisfied.has(each.rule.id)) hold(each, found);
}

function hold(each: Compiled, found: Findings): void {
  if (each.rule.effect === "permit") found.permits.push(each);
  else found.forbids.push(each);
}
