/**
 * Arguments gone wrong. A broken call here cannot be repaired into the right one: it lacks what
 * that no tolerant parser and no coercion can know. Otherwise a client that repairs well would run
 * the action, be asked for it again, and be blamed for writing twice.
 */
import { isJsonObject, type Json, type JsonObject } from "../std/json.ts";
import { pick, type Random } from "../std/random.ts";
import type { Action } from "./action-script.ts";
import type { ChatTool } from "./chat.ts";

/**
 * The text broken off between a quarter and half of its length. Brackets close as often as they
 * open, so the cut loses more than closing brackets: part of a value is always gone.
 */
export function truncatedArguments(action: Action, random: Random): string {
  const text = JSON.stringify(action.arguments);
  const share = 0.25 + random() * 0.25;
  return text.slice(0, Math.max(1, Math.floor(text.length * share)));
}

/** Arguments that break the tool's schema: a required field missing, or a value of another type. */
export function invalidArguments(
  action: Action,
  tools: readonly ChatTool[],
  random: Random,
): JsonObject {
  const isDropped = random() < 0.5;
  const required = requiredFields(action, tools);
  const field = pick(isDropped && required.length > 0 ? required : fieldsOf(action), random) ?? "";
  const { [field]: value, ...others } = action.arguments;
  return isDropped && required.length > 0 ? others : { ...others, [field]: retyped(value) };
}

/** True when there is a way to be wrong that the tool's schema is likely to accept. */
export function hasWrongArguments(action: Action): boolean {
  return action.mistaken !== undefined || misspellableFields(action, []).length > 0;
}

/** Arguments that mean something else: the script's own mistake, or one id misspelt. */
export function wrongArguments(
  action: Action,
  tools: readonly ChatTool[],
  random: Random,
): JsonObject {
  if (action.mistaken !== undefined) return action.mistaken;
  const free = misspellableFields(action, tools);
  const field = pick(free.length > 0 ? free : misspellableFields(action, []), random) ?? "";
  return { ...action.arguments, [field]: misspelt(action.arguments[field], random) };
}

function fieldsOf(action: Action): readonly string[] {
  return Object.keys(action.arguments);
}

function requiredFields(action: Action, tools: readonly ChatTool[]): readonly string[] {
  const required = schemaOf(action, tools)["required"];
  if (!Array.isArray(required)) return [];
  return fieldsOf(action).filter((field) => required.includes(field));
}

function schemaOf(action: Action, tools: readonly ChatTool[]): JsonObject {
  const parameters = tools.find((tool) => tool.name === action.name)?.parameters;
  return isJsonObject(parameters) ? parameters : {};
}

/** Wrapped rather than printed: "42" for 42 is what coercion repairs. */
export function retyped(value: Json | undefined): Json {
  return isJsonObject(value) ? [value] : { value: value ?? null };
}

/** Ids first; failing those, whatever has a digit to get wrong. Enums and constants stay. */
function misspellableFields(action: Action, tools: readonly ChatTool[]): readonly string[] {
  const properties = schemaOf(action, tools)["properties"];
  const fields = fieldsOf(action).filter((field) => {
    const declared = isJsonObject(properties) ? properties[field] : undefined;
    const isFixed = isJsonObject(declared) && ("enum" in declared || "const" in declared);
    return !isFixed && isMisspellable(action.arguments[field]);
  });
  const ids = fields.filter((field) => /(?:^|_|[a-z])ids?$/i.test(field));
  return ids.length > 0 ? ids : fields;
}

function isMisspellable(value: Json | undefined): boolean {
  if (typeof value === "number") return true;
  if (typeof value === "string") return /[0-9]/.test(value);
  return Array.isArray(value) && value.length > 0 && value.every(isMisspellable);
}

/** The same shape with one digit changed: 4 becomes another digit, 10 becomes 11 to 19. */
function misspelt(value: Json | undefined, random: Random): Json {
  if (typeof value === "number") return value + 1 + Math.floor(random() * 9);
  if (typeof value === "string") {
    const shift = 1 + Math.floor(random() * 9);
    return value.replace(/[0-9](?=[^0-9]*$)/, (digit) => String((Number(digit) + shift) % 10));
  }
  if (!Array.isArray(value)) return value ?? null;
  const at = Math.floor(random() * value.length);
  return value.map((item, index) => (index === at ? misspelt(item, random) : item));
}
