/**
 * JSON Schema as Cedar can type it.
 *
 * T1 What a policy sees of a value is exactly what its schema promises; a value that breaks the
 *    promise, or a number that would be rounded, is a misfit and never reaches a policy.
 * T2 What Cedar cannot type (unions, free maps, tuples, mixed enums) is left out and listed:
 *    `invisible` tells the author what no rule can look at.
 * T3 Cedar has no fractions: a `number` called `price` is seen as the Long `priceMicros`, in
 *    millionths, and only when that is exact.
 */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import { setValue, type RecordValue, type Value } from "./value.ts";

/** `path` says where it lies, for whoever is told of a misfit. */
export type Shape =
  | { readonly kind: "string" | "long" | "bool" | "micros"; readonly path: string }
  | { readonly kind: "set"; readonly path: string; readonly element: Shape }
  | RecordShape;

export interface RecordShape {
  readonly kind: "record";
  readonly path: string;
  readonly members: readonly Member[];
}

export interface Member {
  /** The attribute's name in policies. */
  readonly name: string;
  /** The member's name in JSON. */
  readonly source: string;
  readonly shape: Shape;
  readonly isRequired: boolean;
}

/** A place no policy can look at, and why. */
export interface Invisible {
  readonly path: string;
  readonly why: string;
}

export interface Shaped {
  readonly shape: RecordShape;
  readonly invisible: readonly Invisible[];
}

export function emptyShape(path: string): RecordShape {
  return { kind: "record", path, members: [] };
}

/** Deeper members are not looked at. */
const DEPTH_MAX = 12;

/** The shape of a schema that describes an object, which lies at `path`. */
export function shapeOf(schema: JsonObject, path: string): Shaped {
  const reader: Reader = { root: schema, invisible: [], open: new Set() };
  const found = readSchema(schema, { path, depth: 0 }, reader);
  const shape = found?.shape;
  if (shape?.kind === "record") return { shape, invisible: reader.invisible };
  if (found !== null && reader.invisible.length === 0) {
    reader.invisible.push({ path, why: "it is no object with named members" });
  }
  return { shape: emptyShape(path), invisible: reader.invisible };
}

interface Reader {
  readonly root: JsonObject;
  readonly invisible: Invisible[];
  /** References that are being followed. */
  readonly open: Set<string>;
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

interface Read {
  readonly shape: Shape;
  /** Null is allowed too; Cedar has none, so null counts as absent. */
  readonly isNullable: boolean;
}

function readSchema(schema: unknown, place: Place, reader: Reader): Read | null {
  if (!isJsonObject(schema)) return hide(place, "its schema says nothing", reader);
  if (place.depth > DEPTH_MAX) return hide(place, `it lies over ${DEPTH_MAX} levels deep`, reader);
  const reference = schema["$ref"];
  if (typeof reference === "string") return readReference(reference, place, reader);
  const union = schema["anyOf"] ?? schema["oneOf"] ?? schema["allOf"];
  // Beside a type of its own, alternatives only narrow what the type already promises.
  const hasOwnType = schema["type"] !== undefined || isJsonObject(schema["properties"]);
  if (Array.isArray(union) && !hasOwnType) return readUnion(union, place, reader);
  if (schema["allOf"] !== undefined) hide(place, "what its allOf adds to it", reader);
  const values = schema["const"] === undefined ? schema["enum"] : [schema["const"]];
  if (Array.isArray(values)) return readEnum(values, place, reader);
  const named = schema["type"];
  const kinds: readonly unknown[] = Array.isArray(named) ? named : [named];
  const isNullable = kinds.includes("null");
  const [kind, ...others] = kinds.filter((each) => each !== "null");
  if (others.length > 0) return hide(place, "it may be of several types", reader);
  const shape = readKind(kind, schema, { place, reader });
  return shape === null ? null : { shape, isNullable };
}

function hide({ path }: Place, why: string, reader: Reader): null {
  reader.invisible.push({ path, why });
  return null;
}

function readReference(reference: string, place: Place, reader: Reader): Read | null {
  if (!reference.startsWith("#")) return hide(place, "its schema lies elsewhere", reader);
  if (reader.open.has(reference)) return hide(place, "it may hold itself", reader);
  let target: unknown = reader.root;
  for (const step of reference.slice(1).split("/").slice(1)) {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    target = isJsonObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
  }
  reader.open.add(reference);
  const found = readSchema(target, { ...place, depth: place.depth + 1 }, reader);
  reader.open.delete(reference);
  return found;
}

/** A union is visible when it is one shape and null, or the same plain shape throughout. */
function readUnion(union: readonly unknown[], place: Place, reader: Reader): Read | null {
  const rest = union.filter((each) => !(isJsonObject(each) && each["type"] === "null"));
  const [only] = rest;
  const inner = { ...place, depth: place.depth + 1 };
  if (rest.length === 1) {
    const found = readSchema(only, inner, reader);
    return found === null ? null : { ...found, isNullable: rest.length < union.length };
  }
  const quiet: Reader = { ...reader, invisible: [] };
  const kinds = new Set(rest.map((each) => readSchema(each, inner, quiet)?.shape.kind));
  const [kind] = kinds;
  const isPlain = kind === "string" || kind === "long" || kind === "bool";
  if (kinds.size !== 1 || !isPlain) return hide(place, "it may be of several types", reader);
  return { shape: { kind, path: place.path }, isNullable: rest.length < union.length };
}

function readEnum(values: readonly unknown[], place: Place, reader: Reader): Read | null {
  const { path } = place;
  const rest = values.filter((value) => value !== null);
  const isNullable = rest.length < values.length;
  if (rest.length > 0 && rest.every((value) => typeof value === "string")) {
    return { shape: { kind: "string", path }, isNullable };
  }
  if (rest.length > 0 && rest.every((value) => typeof value === "boolean")) {
    return { shape: { kind: "bool", path }, isNullable };
  }
  if (rest.length > 0 && rest.every((value) => Number.isSafeInteger(value))) {
    return { shape: { kind: "long", path }, isNullable };
  }
  return hide(place, "its values are of several types", reader);
}

function readKind(
  kind: unknown,
  schema: JsonObject,
  at: { readonly place: Place; readonly reader: Reader },
): Shape | null {
  const { place, reader } = at;
  const { path } = place;
  switch (kind) {
    case "string":
      return { kind: "string", path };
    case "integer":
      return { kind: "long", path };
    case "boolean":
      return { kind: "bool", path };
    case "number":
      return { kind: "micros", path };
    case "array":
      return readArray(schema, place, reader);
    case "object":
      return readObject(schema, place, reader);
    case undefined:
      if (isJsonObject(schema["properties"])) return readObject(schema, place, reader);
      return hide(place, "its schema names no type", reader);
    default:
      return hide(place, `Cedar has no type for ${JSON.stringify(kind)}`, reader);
  }
}

function readArray(schema: JsonObject, place: Place, reader: Reader): Shape | null {
  if (Array.isArray(schema["prefixItems"])) return hide(place, "it is a tuple", reader);
  const path = `${place.path}[]`;
  const element = readSchema(schema["items"], { path, depth: place.depth + 1 }, reader);
  if (element === null) return null;
  if (element.isNullable) return hide(place, "its items may be null", reader);
  if (element.shape.kind === "micros") {
    return hide(place, "its items may have fractions", reader);
  }
  return { kind: "set", path: place.path, element: element.shape };
}

/** Cedar reads these members of JSON as something else; JavaScript does so with the last. */
const RESERVED = new Set(["__entity", "__extn", "__expr", "__proto__"]);

function readObject(schema: JsonObject, place: Place, reader: Reader): Shape | null {
  const properties = schema["properties"];
  if (!isJsonObject(properties)) {
    if (place.depth === 0 && schema["additionalProperties"] === undefined)
      return emptyShape(place.path);
    return hide(place, "its members have no names of their own", reader);
  }
  const listed = schema["required"];
  const required: readonly unknown[] = Array.isArray(listed) ? listed : [];
  const members: Member[] = [];
  for (const [source, inner] of Object.entries(properties)) {
    const at = { path: `${place.path}.${source}`, depth: place.depth + 1 };
    const found = RESERVED.has(source)
      ? hide(at, "the name means something else to Cedar", reader)
      : readSchema(inner, at, reader);
    if (found === null) continue;
    const name = found.shape.kind === "micros" ? `${source}Micros` : source;
    if (name !== source && Object.hasOwn(properties, name)) {
      hide(at, `there is a "${name}" already`, reader);
      continue;
    }
    const isRequired = required.includes(source) && !found.isNullable;
    members.push({ name, source, shape: found.shape, isRequired });
  }
  return { kind: "record", path: place.path, members };
}

/** A value that breaks its schema's promise, with words for whoever is told. */
export class Misfit extends Error {}

/** Members a policy may hold in one set; more is a misfit. */
const SET_MAX = 10_000;

/**
 * Reads an object by its shape. Throws `Misfit`. `mentioned` are the attribute names some policy
 * mentions: a fraction nobody looks at is left out, and need not be exact.
 */
export function readRecord(
  shape: RecordShape,
  json: unknown,
  mentioned: ReadonlySet<string>,
): RecordValue {
  if (!isJsonObject(json)) throw new Misfit(`${shape.path} is no object`);
  const members = new Map<string, Value>();
  for (const { name, source, shape: inner, isRequired } of shape.members) {
    const value = Object.hasOwn(json, source) ? json[source] : undefined;
    if (value === undefined || value === null) {
      if (isRequired) throw new Misfit(`${inner.path} is missing`);
      continue;
    }
    if (inner.kind === "micros" && !mentioned.has(name)) continue;
    members.set(name, readValue(inner, value, mentioned));
  }
  return { kind: "record", members };
}

function readValue(shape: Shape, json: Json, mentioned: ReadonlySet<string>): Value {
  const { path } = shape;
  switch (shape.kind) {
    case "string":
      return readString(json, path);
    case "bool":
      if (typeof json !== "boolean") throw new Misfit(`${path} is neither true nor false`);
      return json;
    case "long":
      return readLong(json, path);
    case "micros":
      return readMicros(json, path);
    case "set": {
      if (!Array.isArray(json)) throw new Misfit(`${path} is no list`);
      if (json.length > SET_MAX) throw new Misfit(`${path} has over ${SET_MAX} items`);
      return setValue(json.map((item: Json) => readValue(shape.element, item, mentioned)));
    }
    case "record":
    default:
      return readRecord(shape, json, mentioned);
  }
}

/** Texts of half characters compare otherwise in Cedar than in JavaScript. */
export function readString(json: Json, path: string): string {
  if (typeof json !== "string") throw new Misfit(`${path} is no text`);
  if (!json.isWellFormed()) throw new Misfit(`${path} is no well-formed text`);
  return json;
}

export function readLong(json: unknown, path: string): number {
  if (typeof json !== "number") throw new Misfit(`${path} is no number`);
  if (Number.isSafeInteger(json)) return json === 0 ? 0 : json;
  const why = Number.isInteger(json) ? "beyond ±2^53" : "no whole number";
  throw new Misfit(`money/number out of range: ${path} is ${json}, ${why}`);
}

const MILLION = 1_000_000;

/** Exact: the decimal number with at most six places that reads back as this very number. */
function readMicros(json: Json, path: string): number {
  if (typeof json !== "number") throw new Misfit(`${path} is no number`);
  const micros = Math.round(json * MILLION);
  if (Number.isSafeInteger(micros) && micros / MILLION === json) return micros === 0 ? 0 : micros;
  throw new Misfit(`money/number out of range: ${path} is ${json}, not exact in millionths`);
}
