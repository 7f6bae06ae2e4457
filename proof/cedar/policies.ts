/** Random policies in Cedar's JSON form: mostly well typed, sometimes not, over the random world. */
import type { Expr, PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { EntityRef } from "../../src/governance/policy/value.ts";
import { pick, type Random } from "../../src/std/random.ts";
import {
  actionGroups,
  actions,
  attributes,
  groups,
  longs,
  orders,
  strings,
  users,
  type Kind,
} from "./world.ts";

/** This part of operands is of a kind that does not fit. */
const MISFIT = 0.02;
const DEPTH_MAX = 4;

const kinds: readonly Kind[] = ["long", "string", "bool", "longs", "strings", "User", "record"];

export function makePolicy(random: Random): PolicyJson {
  const isPermit = random() < 0.72;
  const bare = isPermit ? 0.2 : 0;
  const count = random() < bare ? 0 : random() < 0.85 ? 1 : 2;
  const conditions = Array.from({ length: count }, (_, i): PolicyJson["conditions"][number] => {
    const kind = random() < 0.8 ? "when" : "unless";
    const body = boolean(DEPTH_MAX, random);
    if (i > 0 || kind === "unless" || random() < 0.65) return { kind, body };
    return { kind, body: { "&&": { left: guard(random), right: body } } };
  });
  return {
    effect: isPermit ? "permit" : "forbid",
    principal: scope(users, "User", random),
    action: actionScope(random),
    resource: scope(orders, "Order", random),
    conditions,
  };
}

function scope(refs: readonly EntityRef[], type: string, random: Random): PolicyJson["principal"] {
  const entity = refOf(random() < 0.5 ? refs : groups, random);
  const at = random();
  if (at < 0.6) return { op: "All" };
  if (at < 0.7) return { op: "==", entity: refOf(refs, random) };
  if (at < 0.8) return { op: "in", entity };
  if (at < 0.93) return { op: "is", entity_type: type };
  return { op: "is", entity_type: type, in: { entity } };
}

function actionScope(random: Random): PolicyJson["action"] {
  const at = random();
  if (at < 0.5) return { op: "All" };
  if (at < 0.7) return { op: "==", entity: refOf(actions, random) };
  const named = at < 0.85 ? actionGroups : actions;
  return { op: "in", entities: [refOf(named, random), refOf(actionGroups, random)] };
}

function refOf(refs: readonly EntityRef[], random: Random): { type: string; id: string } {
  const { type, id } = pick(refs, random) ?? { type: "User", id: "nobody" };
  return { type, id };
}

function oneOf<T>(makers: readonly (() => T)[], random: Random): T {
  const maker = pick(makers, random);
  if (maker === undefined) throw new Error("there is nothing to pick from");
  return maker();
}

/** What the engine looks up rather than walks: a path that equals a literal. */
function guard(random: Random): Expr {
  const kind = pick<Kind>(["string", "long", "User", "bool"], random) ?? "string";
  const [left, right] = [path(kind, random), literal(kind, random)];
  return { "==": random() < 0.7 ? { left, right } : { left: right, right: left } };
}

export function expression(wanted: Kind, depth: number, random: Random): Expr {
  const kind = random() < MISFIT ? (pick(kinds, random) ?? wanted) : wanted;
  if (depth <= 0) return random() < 0.5 ? literal(kind, random) : path(kind, random);
  if (kind === "bool") return boolean(depth, random);
  const at = random();
  if (at < 0.3) return literal(kind, random);
  if (at < 0.75) return path(kind, random);
  if (at < 0.83) {
    return branch(
      boolean(depth - 1, random),
      expression(kind, depth - 1, random),
      expression(kind, depth - 1, random),
    );
  }
  if (kind === "long") return arithmetic(depth - 1, random);
  if (kind === "string" && random() < 0.4) {
    const left = path("User", random);
    return { getTag: { left, right: { Value: "k" } } };
  }
  return path(kind, random);
}

function branch(...parts: readonly [Expr, Expr, Expr]): Expr {
  const names = ["if", "then", "else"];
  const members = parts.map((part, i) => [names[i], part]);
  // Cedar's names for the three parts; written out, they would make a thenable.
  return { "if-then-else": Object.fromEntries(members) };
}

function arithmetic(depth: number, random: Random): Expr {
  const left = expression("long", depth, random);
  const right = expression("long", depth, random);
  return oneOf<Expr>(
    [
      () => ({ "+": { left, right } }),
      () => ({ "-": { left, right } }),
      () => ({ "*": { left, right } }),
      () => ({ neg: { arg: left } }),
    ],
    random,
  );
}

function boolean(depth: number, random: Random): Expr {
  if (depth <= 0) return random() < 0.3 ? literal("bool", random) : comparison(0, random);
  const inner = (): Expr => boolean(depth - 1, random);
  return oneOf<Expr>(
    [
      () => ({ "&&": { left: inner(), right: inner() } }),
      () => ({ "||": { left: inner(), right: inner() } }),
      () => ({ "||": { left: inner(), right: inner() } }),
      () => ({ "!": { arg: inner() } }),
      () => guardedAttribute(depth - 1, random),
      () => comparison(depth - 1, random),
      () => comparison(depth - 1, random),
      () => setTest(depth - 1, random),
      () => entityTest(depth - 1, random),
      () => branch(inner(), inner(), inner()),
    ],
    random,
  );
}

function comparison(depth: number, random: Random): Expr {
  const of = (kind: Kind): Expr => expression(kind, depth, random);
  const longSides = (): { left: Expr; right: Expr } => ({ left: of("long"), right: of("long") });
  const kind = pick(kinds, random) ?? "long";
  return oneOf<Expr>(
    [
      () => ({ "==": { left: of(kind), right: of(kind) } }),
      () => ({ "!=": { left: of(kind), right: of(kind) } }),
      () => ({ "<": longSides() }),
      () => ({ "<=": longSides() }),
      () => ({ ">": longSides() }),
      () => ({ ">=": longSides() }),
      () => ({ like: { left: of("string"), pattern: pattern(random) } }),
      () => path("bool", random),
    ],
    random,
  );
}

function pattern(random: Random): ("Wildcard" | { Literal: string })[] {
  const count = Math.floor(random() * 5);
  return Array.from({ length: count }, () => {
    if (random() < 0.45) return "Wildcard" as const;
    return { Literal: pick(["a", "b", "*", "é", "😀", "\n"], random) ?? "a" };
  });
}

function setTest(depth: number, random: Random): Expr {
  const kind = random() < 0.5 ? "longs" : "strings";
  const item: Kind = kind === "longs" ? "long" : "string";
  const set = (): Expr => expression(kind, depth, random);
  return oneOf<Expr>(
    [
      () => ({ contains: { left: set(), right: expression(item, depth, random) } }),
      () => ({ containsAll: { left: set(), right: set() } }),
      () => ({ containsAny: { left: set(), right: set() } }),
      () => ({ isEmpty: { arg: set() } }),
    ],
    random,
  );
}

function entityTest(depth: number, random: Random): Expr {
  const left = expression(random() < 0.6 ? "User" : "Order", depth, random);
  const group: Expr = { Value: { __entity: refOf(groups, random) } };
  const type = pick(["User", "Order", "Group"], random) ?? "User";
  const places: Expr = { Set: [group, { Value: { __entity: refOf(users, random) } }] };
  return oneOf<Expr>(
    [
      () => ({ in: { left, right: random() < 0.5 ? group : places } }),
      () => ({ in: { left, right: expression("users", depth, random) } }),
      () => ({ in: { left: { Var: "action" }, right: entityLiteral(actionGroups, random) } }),
      () => ({ is: { left, entity_type: type } }),
      () => ({ is: { left, entity_type: type, in: group } }),
      () => ({ hasTag: { left, right: expression("string", 0, random) } }),
    ],
    random,
  );
}

/** `x has a && x.a …`, and `x has a.b`. */
function guardedAttribute(depth: number, random: Random): Expr {
  const { of, name } = holder(random);
  const members = Object.keys(attributes[name] ?? {});
  const attr = pick(members, random) ?? "none";
  if (random() < 0.2) {
    const inner = pick(["x", "y", "z", "age"], random) ?? "x";
    return { has: { left: of, attr: [attr, inner] } };
  }
  const kind = attributes[name]?.[attr] ?? "bool";
  const right: Expr = {
    "==": { left: { ".": { left: of, attr } }, right: expression(kind, depth, random) },
  };
  return { "&&": { left: { has: { left: of, attr } }, right } };
}

function holder(random: Random): { readonly of: Expr; readonly name: string } {
  const holders: readonly { readonly of: Expr; readonly name: string }[] = [
    { of: { Var: "principal" }, name: "User" },
    { of: { Var: "resource" }, name: "Order" },
    { of: { Var: "context" }, name: "context" },
    { of: { Var: "action" }, name: "Action" },
    { of: { ".": { left: { Var: "context" }, attr: "more" } }, name: "record" },
  ];
  return pick(holders, random) ?? { of: { Var: "context" }, name: "context" };
}

/** Where a value of this kind stands: `principal.boss.age`, `context.more.x`. */
function path(kind: Kind, random: Random): Expr {
  const places: Expr[] = [];
  const add = (of: Expr, name: string): void => {
    for (const [attr, found] of Object.entries(attributes[name] ?? {})) {
      if (found === kind) places.push({ ".": { left: of, attr } });
    }
  };
  add({ Var: "principal" }, "User");
  add({ Var: "resource" }, "Order");
  add({ Var: "context" }, "context");
  add({ ".": { left: { Var: "context" }, attr: "more" } }, "record");
  add({ ".": { left: { Var: "principal" }, attr: "boss" } }, "User");
  if (kind === "User") places.push({ Var: "principal" });
  if (kind === "Order") places.push({ Var: "resource" });
  if (kind === "record") places.push({ Var: "context" });
  return pick(places, random) ?? literal(kind, random);
}

function literal(kind: Kind, random: Random): Expr {
  const many = (item: Kind): Expr => ({
    Set: Array.from({ length: Math.floor(random() * 4) }, () => literal(item, random)),
  });
  switch (kind) {
    case "long":
      return { Value: pick(longs, random) ?? 0 };
    case "string":
      return { Value: pick(strings, random) ?? "" };
    case "bool":
      return { Value: random() < 0.6 };
    case "longs":
      return many("long");
    case "strings":
      return many("string");
    case "users":
      return many("User");
    case "record":
      return { Record: { x: literal("long", random), y: literal("string", random) } };
    case "Order":
      return entityLiteral(orders, random);
    case "Group":
      return entityLiteral(groups, random);
    case "Action":
      return entityLiteral(actions, random);
    case "User":
    default:
      return entityLiteral(users, random);
  }
}

function entityLiteral(refs: readonly EntityRef[], random: Random): Expr {
  return { Value: { __entity: refOf(refs, random) } };
}
