/**
 * Changes to a dialect's JSON that hold for whole answers and for frames alike, found by the shape
 * of an object rather than by its path: the same call lies elsewhere in each dialect.
 */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import type { FaultContext, Frame, WireFault } from "../exchange.ts";

/** What the model wrote for a tool is never looked into: it may hold members of any name. */
const OPAQUE: ReadonlySet<string> = new Set(["input", "args", "arguments", "parameters"]);

/**
 * Every object of a value, the innermost first, as `change` returns it. What is unchanged is the
 * very same object as before, so that a fault that changed nothing can be told from one that did.
 */
export function mapObjects(value: Json, change: (object: JsonObject) => JsonObject): Json {
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => mapObjects(item, change));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  let object = value;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined || OPAQUE.has(key)) continue;
    const changed = mapObjects(member, change);
    if (changed !== member) object = { ...object, [key]: changed };
  }
  return change(object);
}

/** The data of each frame through `change`; the same list when none of it changed. */
export function mapFrames(
  frames: readonly Frame[],
  change: (data: Json, frame: Frame) => Json,
): readonly Frame[] {
  const mapped = frames.map((frame) => {
    const data = change(frame.data, frame);
    return data === frame.data ? frame : { ...frame, data };
  });
  return mapped.every((frame, index) => frame === frames[index]) ? frames : mapped;
}

/** The two stages of a fault that changes objects wherever they are. */
export function onObjects(
  change: (object: JsonObject, context: FaultContext) => JsonObject,
): Required<Pick<WireFault, "body" | "frames">> {
  return {
    body: (body, context) => mapObjects(body, (object) => change(object, context)),
    frames: (frames, context) =>
      mapFrames(frames, (data) => mapObjects(data, (object) => change(object, context))),
  };
}

/** An object without some of its members; the same one when it has none of them. */
export function without(object: JsonObject, ...names: readonly string[]): JsonObject {
  if (!names.some((name) => name in object)) return object;
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** The object at a member, or undefined. */
export function objectAt(value: Json | undefined, name: string): JsonObject | undefined {
  const member = isJsonObject(value) ? value[name] : undefined;
  return isJsonObject(member) ? member : undefined;
}
