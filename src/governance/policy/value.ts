/**
 * Cedar's values.
 *
 * V1 A Long is a number while it is a safe integer and a bigint beyond: never both, so that `===`
 *    compares any two of them.
 * V2 Sets are equal when they hold equal members, whatever the order and however often.
 * V3 Names of record members are data: a Map holds them, so that none of them means something.
 */
export type Value = boolean | number | bigint | string | EntityRef | SetValue | RecordValue;

export interface EntityRef {
  readonly kind: "entity";
  readonly type: string;
  readonly id: string;
  /** Equal for the same type and id alone. */
  readonly key: string;
}

export interface SetValue {
  readonly kind: "set";
  readonly items: readonly Value[];
  /** Filled when first looked into. */
  keys: ReadonlySet<string> | null;
}

export interface RecordValue {
  readonly kind: "record";
  readonly members: ReadonlyMap<string, Value>;
}

/** A type's name holds no quote, so the key says where it ends. */
export function entityRef(type: string, id: string): EntityRef {
  return { kind: "entity", type, id, key: `${type}"${id}` };
}

export function setValue(items: readonly Value[]): SetValue {
  return { kind: "set", items, keys: null };
}

export function recordValue(members: Iterable<readonly [string, Value]>): RecordValue {
  return { kind: "record", members: new Map(members) };
}

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/** The Long of an exact result; undefined when 64 bits do not hold it. */
export function longOf(exact: bigint): number | bigint | undefined {
  if (exact < I64_MIN || exact > I64_MAX) return undefined;
  const near = Number(exact);
  return Number.isSafeInteger(near) ? near : exact;
}

export function isEqual(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a.kind !== b.kind) return false;
  switch (a.kind) {
    case "entity":
      return b.kind === "entity" && a.key === b.key;
    case "set":
      return b.kind === "set" && isSameSet(keysOf(a), keysOf(b));
    case "record":
    default:
      return b.kind === "record" && isSameRecord(a.members, b.members);
  }
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((key) => b.has(key));
}

function isSameRecord(a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other === undefined || !isEqual(value, other)) return false;
  }
  return true;
}

/** Sets up to this size are walked; a larger one is looked up by key. */
const WALK_MAX = 8;

export function hasItem(set: SetValue, wanted: Value): boolean {
  if (set.items.length > WALK_MAX) return keysOf(set).has(keyOf(wanted));
  return set.items.some((item) => isEqual(item, wanted));
}

export function hasAll(set: SetValue, wanted: SetValue): boolean {
  return wanted.items.every((item) => hasItem(set, item));
}

export function hasAny(set: SetValue, wanted: SetValue): boolean {
  return wanted.items.some((item) => hasItem(set, item));
}

export function keysOf(set: SetValue): ReadonlySet<string> {
  set.keys ??= new Set(set.items.map(keyOf));
  return set.keys;
}

/** Equal values have equal keys, different ones different keys. */
export function keyOf(value: Value): string {
  switch (typeof value) {
    case "boolean":
      return value ? "t" : "f";
    case "number":
    case "bigint":
      return `${value}`;
    case "string":
      return JSON.stringify(value);
    case "object":
    default:
      return compoundKey(value);
  }
}

function compoundKey(value: EntityRef | SetValue | RecordValue): string {
  switch (value.kind) {
    case "entity":
      return `e${JSON.stringify(value.key)}`;
    case "set":
      return `[${[...keysOf(value)].toSorted().join(",")}]`;
    case "record":
    default: {
      const members = [...value.members].map(
        ([name, member]) => `${JSON.stringify(name)}:${keyOf(member)}`,
      );
      return `{${members.toSorted().join(",")}}`;
    }
  }
}

/** As Cedar's engine reads it from JSON; no request holds a Long that JSON would round. */
export function toCedarJson(value: Value): CedarJson {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object") return value;
  switch (value.kind) {
    case "entity":
      return { __entity: { type: value.type, id: value.id } };
    case "set":
      return value.items.map(toCedarJson);
    case "record":
    default:
      return Object.fromEntries(
        [...value.members].map(([name, member]) => [name, toCedarJson(member)]),
      );
  }
}

export type CedarJson =
  | boolean
  | number
  | string
  | { __entity: { type: string; id: string } }
  | CedarJson[]
  | { [name: string]: CedarJson };
