/**
 * JSON values and their canonical text.
 *
 * J1 Two values that are equal as JSON have the same canonical text, whatever their key order.
 * J2 Canonical text parses back to an equal value.
 * J3 What JSON cannot hold (a function, NaN, a cycle, a BigInt) is an error that names the path,
 *    never a silent `null`.
 * The form is RFC 8785 (JSON Canonicalization Scheme): keys sorted by UTF-16 code units, numbers
 * and strings as ECMAScript prints them.
 */
import { BridleError } from "./error.ts";

export type Json = null | boolean | number | string | JsonArray | JsonObject;
export type JsonArray = readonly Json[];
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** Nesting deeper than this is refused: it is an attack or a bug, and recursion is finite. */
export const JSON_DEPTH_MAX = 200;

/** Levels that an event or a message may put around a value which is nested as deep as it may. */
export const ENVELOPE_LEVELS = 8;

/**
 * The canonical text of a value. `undefined` members are left out, as `JSON.stringify` does.
 * `around` levels of nesting are allowed on top of the limit: those that do not count.
 */
export function canonicalJson(value: unknown, around = 0): string {
  try {
    return write(value, -around);
  } catch (thrown) {
    throw thrown instanceof Fault ? notJson(value, thrown.what) : thrown;
  }
}

/** What `write` met; where it stands is looked for only when somebody is to be told. */
class Fault extends Error {
  readonly what: string;

  constructor(what: string) {
    super(what);
    this.what = what;
  }
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (!Number.isFinite(value)) throw new Fault(String(value));
      return JSON.stringify(value);
    case "object":
      if (value === null) return "null";
      if (depth >= JSON_DEPTH_MAX) throw new Fault(`nesting over ${JSON_DEPTH_MAX} levels`);
      return Array.isArray(value) ? writeArray(value, depth + 1) : writeObject(value, depth + 1);
    case "bigint":
    case "function":
    case "symbol":
    case "undefined":
    default:
      throw new Fault(typeof value);
  }
}

function writeArray(items: readonly unknown[], depth: number): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (i > 0) text += ",";
    text += item === undefined ? "null" : write(item, depth);
  }
  return text + "]";
}

function writeObject(value: object, depth: number): string {
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return write(value.toJSON(), depth);
  }
  const keys = Object.keys(value);
  if (!isSorted(keys)) keys.sort();
  let text = "{";
  for (const key of keys) {
    // The object's own enumerable keys were just listed; reading one is safe.
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    if (text.length > 1) text += ",";
    text += JSON.stringify(key) + ":" + write(member, depth);
  }
  return text + "}";
}

/** Most objects we write are built in order already; looking is cheaper than sorting. */
function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i - 1] ?? "") > (keys[i] ?? "")) return false;
  }
  return true;
}

function notJson(root: unknown, what: string): BridleError {
  const { path, isCycle } = placeOfFault(root);
  const told = isCycle ? "an object inside itself" : what;
  const place = path === "" ? "" : ` at ${path}`;
  return new BridleError("event_invalid", `A value that JSON cannot hold: ${told}${place}`, {
    hint: "Return plain objects, arrays, strings, finite numbers, booleans or null.",
  });
}

/** Walks down to the first member that cannot be written; the slow way, for errors alone. */
function placeOfFault(root: unknown): { readonly path: string; readonly isCycle: boolean } {
  const above = new Set<unknown>();
  let path = "";
  let isCycle = false;
  // A fault of depth has a long way down; its end says nothing that its start does not.
  for (let value = root; isObject(value) && path.length < PATH_CHARS_MAX;) {
    isCycle = above.has(value);
    if (isCycle) break;
    above.add(value);
    if ("toJSON" in value && typeof value.toJSON === "function") {
      value = value.toJSON();
      continue;
    }
    const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
    const faulty = entries.find(([, member]) => member !== undefined && !canWrite(member));
    if (faulty === undefined) break;
    path += Array.isArray(value) ? `[${faulty[0]}]` : `.${faulty[0]}`;
    value = faulty[1];
  }
  return { path: path.replace(/^\./, "").slice(0, PATH_CHARS_MAX), isCycle };
}

const PATH_CHARS_MAX = 100;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function canWrite(value: unknown): boolean {
  try {
    write(value, 1);
    return true;
  } catch {
    return false;
  }
}

/** Parses text that came from outside. Returns a value or the parser's reason, never throws. */
export function parseJson(
  text: string,
): { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: string } {
  try {
    // JSON.parse returns exactly the Json type.
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (thrown) {
    return { ok: false, reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** True for a JSON object, false for null, arrays and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Turns any value into Json the way `JSON.stringify` would, or throws `event_invalid`. */
export function toJson(value: unknown): Json {
  if (value === undefined) return null;
  const parsed = parseJson(canonicalJson(value));
  if (!parsed.ok) throw notJson(value, parsed.reason);
  return parsed.value;
}
