import type { Json, JsonArray, JsonObject } from "./json.ts";

/**
 * The value with each string inside it replaced, keys excepted; the very same value when no
 * replacement differs, so that whoever caches by identity keeps what it has.
 */
export function mapStrings(value: Json, replace: (text: string) => string): Json {
  if (typeof value === "string") return replace(value);
  if (typeof value !== "object" || value === null) return value;
  return isArray(value) ? mapArray(value, replace) : mapObject(value, replace);
}

/** `Array.isArray` does not narrow a readonly array. */
function isArray(value: JsonArray | JsonObject): value is JsonArray {
  return Array.isArray(value);
}

function mapArray(items: JsonArray, replace: (text: string) => string): JsonArray {
  let changed: Json[] | undefined;
  for (const [index, item] of items.entries()) {
    const replaced = mapStrings(item, replace);
    if (replaced === item) continue;
    changed ??= [...items];
    changed[index] = replaced;
  }
  return changed ?? items;
}

function mapObject(object: JsonObject, replace: (text: string) => string): JsonObject {
  const replaced: [string, Json][] = [];
  for (const [key, member] of Object.entries(object)) {
    if (member === undefined) continue;
    const value = mapStrings(member, replace);
    if (value !== member) replaced.push([key, value]);
  }
  if (replaced.length === 0) return object;
  // Not by assignment: a member may be called `__proto__`.
  const changed = new Map(replaced);
  return Object.fromEntries(
    Object.entries(object).map(([key, member]) => [key, changed.get(key) ?? member]),
  );
}
