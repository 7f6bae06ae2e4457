/** A small random world: entities in groups, with attributes of which some are missing. */
import type { Ask, Known } from "../../src/governance/policy/request.ts";
import {
  entityRef,
  recordValue,
  setValue,
  type EntityRef,
  type Value,
} from "../../src/governance/policy/value.ts";
import { pick, type Random } from "../../src/std/random.ts";

export type Kind =
  | "long"
  | "string"
  | "bool"
  | "longs"
  | "strings"
  | "User"
  | "users"
  | "Order"
  | "Group"
  | "Action"
  | "record";

export const longs: readonly number[] = [
  0,
  1,
  -1,
  2,
  3,
  7,
  10,
  100,
  -100,
  2 ** 31,
  3_037_000_500,
  10 ** 12,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
];

export const strings: readonly string[] = [
  "",
  "a",
  "b",
  "ab",
  "aab",
  "ba",
  "abab",
  "a*b",
  "*",
  "é",
  "😀a",
  "a\\b",
  'say "a"',
  "two\nlines",
];

export const users: readonly EntityRef[] = ["ann", "bob", "cem"].map((id) => entityRef("User", id));
export const groups: readonly EntityRef[] = ["staff", "desk", "all"].map((id) =>
  entityRef("Group", id),
);
export const orders: readonly EntityRef[] = ["o1", "o2"].map((id) => entityRef("Order", id));
export const actions: readonly EntityRef[] = ["view", "refund", "cancel"].map((id) =>
  entityRef("Action", id),
);
export const actionGroups: readonly EntityRef[] = ["read", "write", "any"].map((id) =>
  entityRef("Action", id),
);

/** What each kind of record holds: attribute by attribute. */
export const attributes: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  User: {
    age: "long",
    name: "string",
    roles: "strings",
    boss: "User",
    vip: "bool",
    more: "record",
  },
  Order: { total: "long", status: "string", tags: "strings", parts: "longs", owner: "User" },
  Group: { size: "long" },
  Action: {},
  context: {
    n: "long",
    m: "long",
    s: "string",
    "odd name": "string",
    b: "bool",
    list: "strings",
    nums: "longs",
    who: "User",
    people: "users",
    more: "record",
  },
  record: { x: "long", y: "string", z: "bool" },
};

/** This part of attributes, of entities and of tags is missing. */
const MISSING = 0.04;

export function valueOf(kind: Kind, random: Random): Value {
  switch (kind) {
    case "long":
      return pick(longs, random) ?? 0;
    case "string":
      return pick(strings, random) ?? "";
    case "bool":
      return random() < 0.5;
    case "longs":
      return setValue(manyOf(longs, random));
    case "strings":
      return setValue(manyOf(strings, random));
    case "users":
      return setValue(manyOf(users, random));
    case "record":
      return recordOf("record", random);
    case "User":
      return pick(users, random) ?? "";
    case "Order":
      return pick(orders, random) ?? "";
    case "Group":
      return pick(groups, random) ?? "";
    case "Action":
    default:
      return pick(actions, random) ?? "";
  }
}

function manyOf(items: readonly Value[], random: Random): readonly Value[] {
  // Up to 12, so that sets beyond the size that is walked occur, with repeated members.
  const count = Math.floor(random() ** 2 * 13);
  return Array.from({ length: count }, () => pick(items, random) ?? 0);
}

function recordOf(name: string, random: Random): Extract<Value, { kind: "record" }> {
  const members = Object.entries(attributes[name] ?? {});
  return recordValue(
    members
      .filter(() => random() >= MISSING)
      .map(([member, kind]) => [member, valueOf(kind, random)]),
  );
}

export interface World {
  /** Users, orders and groups, by key. */
  readonly things: ReadonlyMap<string, Known>;
  readonly actions: readonly Known[];
}

export function makeWorld(random: Random): World {
  const up = new Map<string, readonly EntityRef[]>();
  const [staff, desk, all] = groups;
  const [read, write, any] = actionGroups;
  const within = (...places: (EntityRef | undefined)[]): readonly EntityRef[] =>
    places.filter((place) => place !== undefined);
  for (const user of users) {
    const places = [within(), within(staff, all), within(desk, staff, all), within(all)];
    up.set(user.key, pick(places, random) ?? []);
  }
  for (const order of orders) up.set(order.key, random() < 0.5 ? within(desk, staff, all) : []);
  const known = new Map<string, Known>();
  for (const ref of [...users, ...groups, ...orders]) {
    if (random() < MISSING) continue;
    const tags = random() < 0.7 ? [["k", valueOf("string", random)] as const] : [];
    known.set(ref.key, {
      ref,
      attributes: recordOf(ref.type, random).members,
      tags: new Map(ref.type === "User" ? tags : []),
      ancestors: new Set((up.get(ref.key) ?? []).map(({ key }) => key)),
    });
  }
  const places = [within(read, any), within(write, any), within(write)];
  return {
    things: known,
    actions: actions.map((ref, i) => ({
      ...nothingOf(ref),
      ancestors: new Set((places[i] ?? []).map(({ key }) => key)),
    })),
  };
}

function nothingOf(ref: EntityRef): Known {
  return { ref, attributes: new Map(), tags: new Map(), ancestors: new Set() };
}

/** A random request in a world. */
export function makeAsk({ things, actions }: World, random: Random): Ask {
  const knownOf = (refs: readonly EntityRef[]): Known => {
    const ref = pick(refs, random) ?? entityRef("User", "nobody");
    return things.get(ref.key) ?? nothingOf(ref);
  };
  return {
    principal: knownOf(users),
    action: pick(actions, random) ?? nothingOf(entityRef("Action", "none")),
    resource: knownOf(random() < 0.85 ? orders : groups),
    context: recordOf("context", random),
    others: things,
  };
}
