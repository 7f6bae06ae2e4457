/** Arguments of the shape that a JSON Schema asks for, without any sense. */
import { isJsonObject, type Json, type JsonObject } from "../std/json.ts";

/** Deeper levels are left empty: a schema may refer to itself. */
const LEVELS_MAX = 8;
/** Schemas looked at for one sample: what refers to itself many times over grows fast. */
const LOOKS_MAX = 2_000;

/** The formats of JSON Schema 2020-12, 7.3, that tools use. */
const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-02T03:04:05Z",
  date: "2026-01-02",
  time: "03:04:05Z",
  duration: "P1D",
  email: "ann@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  url: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

/**
 * What a tool with these parameters would most likely accept: the required members, with examples,
 * defaults and enums where the schema has them. A `pattern` is not followed.
 */
export function sampleArguments(parameters: Json): JsonObject {
  const value = sampleOf(parameters, { root: parameters, level: 0, looks: { left: LOOKS_MAX } });
  return isJsonObject(value) ? value : {};
}

interface Place {
  /** The whole schema, for references into it. */
  readonly root: Json;
  readonly level: number;
  readonly looks: { left: number };
}

function sampleOf(given: Json | undefined, place: Place): Json {
  const schema = resolved(given, place);
  const fixed = fixedValue(schema);
  if (fixed !== undefined) return fixed;
  const below = { ...place, level: place.level + 1 };
  switch (typeOf(schema)) {
    case "object":
      return sampleObject(schema, below);
    case "array":
      return sampleArray(schema, below);
    case "string":
      return sampleText(schema);
    case "integer":
      return sampleNumber(schema, 1);
    case "number":
      return sampleNumber(schema, 0.5);
    case "boolean":
      return true;
    default:
      return null;
  }
}

/** A schema with its references followed and its parts put together. */
function resolved(given: Json | undefined, place: Place): JsonObject {
  let schema = isJsonObject(given) ? given : {};
  place.looks.left -= 1;
  if (place.looks.left < 0) return {};
  for (let step = 0; step < LEVELS_MAX && typeof schema["$ref"] === "string"; step++) {
    schema = referred(schema["$ref"], place.root);
  }
  for (const part of list(schema["allOf"])) schema = merged(schema, resolved(part, place));
  const options = [...list(schema["anyOf"]), ...list(schema["oneOf"])];
  const [option] = options.filter((each) => !isJsonObject(each) || each["type"] !== "null");
  return option === undefined ? schema : merged(schema, resolved(option, place));
}

/** `#/$defs/name`, with the escapes of a JSON Pointer (RFC 6901). */
function referred(reference: string, root: Json): JsonObject {
  let value: Json | undefined = root;
  for (const part of reference.replace(/^#\/?/, "").split("/").filter(Boolean)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    value = isJsonObject(value) ? value[name] : undefined;
  }
  return isJsonObject(value) ? value : {};
}

function merged(schema: JsonObject, part: JsonObject): JsonObject {
  const properties = { ...objectOr(schema["properties"]), ...objectOr(part["properties"]) };
  const required = [...list(schema["required"]), ...list(part["required"])];
  const parts = Object.keys(properties).length === 0 ? {} : { properties };
  return { ...schema, ...part, ...parts, ...(required.length === 0 ? {} : { required }) };
}

function objectOr(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function fixedValue(schema: JsonObject): Json | undefined {
  const { const: constant, default: preset } = schema;
  return constant ?? list(schema["examples"])[0] ?? preset ?? list(schema["enum"])[0];
}

function typeOf(schema: JsonObject): string {
  const { type } = schema;
  if (typeof type === "string") return type.toLowerCase();
  const named = list(type).find((each) => each !== "null");
  if (typeof named === "string") return named;
  if ("properties" in schema) return "object";
  return "items" in schema ? "array" : "string";
}

/** The required members; all that are declared when none is. */
function sampleObject(schema: JsonObject, place: Place): Json {
  if (place.level > LEVELS_MAX) return {};
  const properties = objectOr(schema["properties"]);
  const required = list(schema["required"]).filter((name) => typeof name === "string");
  const names = required.length > 0 ? required : Object.keys(properties);
  return Object.fromEntries(names.map((name) => [name, sampleOf(properties[name], place)]));
}

function sampleArray(schema: JsonObject, place: Place): Json {
  const first = list(schema["prefixItems"]);
  if (first.length > 0) return first.map((item) => sampleOf(item, place));
  const { minItems } = schema;
  const count = typeof minItems === "number" ? Math.min(minItems, 100) : 1;
  if (place.level > LEVELS_MAX) return [];
  return Array.from({ length: count }, () => sampleOf(schema["items"], place));
}

function sampleText(schema: JsonObject): string {
  const { format, minLength, maxLength } = schema;
  const text = (typeof format === "string" ? FORMATS[format] : undefined) ?? "example";
  const long = typeof minLength === "number" ? text.padEnd(Math.min(minLength, 10_000), "x") : text;
  return typeof maxLength === "number" ? long.slice(0, maxLength) : long;
}

/** 1 where the limits allow it, else the nearest number that they do. */
function sampleNumber(schema: JsonObject, unit: number): number {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema;
  const step = typeof multipleOf === "number" && multipleOf > 0 ? multipleOf : undefined;
  let value = 1;
  if (typeof maximum === "number") value = Math.min(value, maximum);
  if (typeof exclusiveMaximum === "number") value = Math.min(value, exclusiveMaximum - unit);
  if (typeof minimum === "number") value = Math.max(value, minimum);
  if (typeof exclusiveMinimum === "number") value = Math.max(value, exclusiveMinimum + unit);
  const whole = unit === 1 ? Math.ceil(value) : value;
  return step === undefined ? whole : Math.ceil(whole / step) * step;
}
