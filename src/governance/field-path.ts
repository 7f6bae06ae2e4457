/**
 * Paths into JSON values, written as JSON Pointers (RFC 6901) in which `*` stands for any member
 * or item. A pattern covers the value it points at and all that lies beneath it.
 */
import { isJsonObject, type Json, type JsonObject } from "../std/json.ts";

export type FieldPath = readonly string[];

/** A scalar, or an array or object with nothing in it, and where it stands. */
export interface Leaf {
  readonly path: FieldPath;
  readonly value: Json;
}

/** `/a/b`, or `a/b` without the first slash; the empty text is the whole value. */
export function parsePath(text: string): FieldPath {
  if (text === "") return [];
  const inner = text.startsWith("/") ? text.slice(1) : text;
  return inner.split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function pathText(path: FieldPath): string {
  return path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** True when the pattern points at the path or at something that encloses it. */
export function covers(pattern: FieldPath, path: FieldPath): boolean {
  if (pattern.length > path.length) return false;
  return pattern.every((part, index) => part === "*" || part === path[index]);
}

/** True when the pattern could point at something inside the value at this path. */
export function reachesInto(pattern: FieldPath, path: FieldPath): boolean {
  if (pattern.length <= path.length) return false;
  return path.every((part, index) => pattern[index] === "*" || pattern[index] === part);
}

/** Every leaf of a value, in order. A lone scalar is one leaf at the empty path. */
export function* leavesOf(value: Json, path: FieldPath = []): Generator<Leaf> {
  const members = membersOf(value);
  if (members.length === 0) {
    yield { path, value };
    return;
  }
  for (const [name, member] of members) yield* leavesOf(member, [...path, name]);
}

/** Every value that a pattern points at, with the object that holds it. */
export function* pointedAt(pattern: FieldPath, root: Json): Generator<Pointed> {
  yield* descend({ pattern, depth: 0 }, { path: [], value: root, holder: null });
}

export interface Pointed extends Leaf {
  /** The innermost object around the value; null for the whole value. */
  readonly holder: { readonly path: FieldPath; readonly value: JsonObject } | null;
}

function* descend(
  way: { readonly pattern: FieldPath; readonly depth: number },
  at: Pointed,
): Generator<Pointed> {
  const part = way.pattern[way.depth];
  if (part === undefined) {
    yield at;
    return;
  }
  const { path, value } = at;
  const holder = isJsonObject(value) ? { path, value } : at.holder;
  for (const [name, member] of membersOf(value)) {
    if (part !== "*" && part !== name) continue;
    const next = { path: [...path, name], value: member, holder };
    yield* descend({ ...way, depth: way.depth + 1 }, next);
  }
}

function membersOf(value: Json): readonly (readonly [string, Json])[] {
  if (typeof value !== "object" || value === null) return [];
  const members: [string, Json][] = [];
  // An array's entries are its items under their index.
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) members.push([name, member]);
  }
  return members;
}
