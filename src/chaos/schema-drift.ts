/**
 * A service that changes the shape of its answers without telling anyone: one member renamed or
 * of another type.
 *
 * D1 The same seed drifts answers of the same shape in the same way, as a release does: a member
 *    that has moved stays moved.
 */
import { isJsonObject, type Json, type JsonObject } from "../std/json.ts";
import { pick, seededRandom, seedFrom } from "../std/random.ts";

export const driftKinds = ["rename", "retype"] as const;
export type DriftKind = (typeof driftKinds)[number];

/** Answers are deeper or larger than this only in parts that need not drift. */
const DEPTH_MAX = 6;
const MEMBERS_MAX = 1_000;

/** Undefined when there is no member to change. Without a kind, the seed chooses. */
export function driftShape(value: Json, seed: number, kind?: DriftKind): Json | undefined {
  const places = new Set<string>();
  collect(value, "", places);
  const shape = [...places].toSorted();
  const random = seededRandom(seedFrom(`${seed} drift ${shape.join()}`));
  const place = pick(shape, random);
  if (place === undefined) return undefined;
  const chosen = kind ?? pick(driftKinds, random) ?? "rename";
  return change(value, { place, kind: chosen }, "");
}

/** Places by the names on the way, elements of a list alike: `/items[]/order_id`. */
function collect(value: Json, at: string, places: Set<string>): void {
  if (at.split("/").length > DEPTH_MAX || places.size >= MEMBERS_MAX) return;
  if (isList(value)) {
    for (const item of value) collect(item, `${at}[]`, places);
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      places.add(`${at}/${name}`);
      collect(member, `${at}/${name}`, places);
    }
  }
}

interface Drift {
  readonly place: string;
  readonly kind: DriftKind;
}

function change(value: Json, drift: Drift, at: string): Json {
  if (isList(value)) return value.map((item) => change(item, drift, `${at}[]`));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, member]): [string, Json | undefined] => {
    const place = `${at}/${name}`;
    if (member === undefined) return [name, member];
    if (place !== drift.place) return [name, change(member, drift, place)];
    return drift.kind === "rename" ? [renamed(name, value), member] : [name, retyped(member)];
  });
  return Object.fromEntries(entries);
}

/** From one convention to the other, or, where a name has no words to join, a version behind it. */
function renamed(name: string, siblings: JsonObject): string {
  const camel = name.replace(/_+([a-z0-9])/g, (_all, first: string) => first.toUpperCase());
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  let fresh = [camel, snake].find((candidate) => candidate !== name) ?? `${name}_v2`;
  while (fresh in siblings) fresh += "_2";
  return fresh;
}

function retyped(value: Json): Json {
  if (value === null) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return isNumeric(value) ? Number(value) : { value };
  return isList(value) ? { items: value } : [value];
}

function isNumeric(text: string): boolean {
  return text.trim() !== "" && String(Number(text)) === text;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
