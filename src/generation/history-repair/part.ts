/** Repairs that parts of any kind have in common. Each hands back what it got if that was fine. */
import type { ToolOutput } from "../../journal/message.ts";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../std/json.ts";
import { mapStrings } from "../../std/map-strings.ts";
import type { RepairKind } from "./repair.ts";

export type Note = (kind: RepairKind) => void;

/** Anthropic and OpenAI: "String should match pattern '^[a-zA-Z0-9_-]{1,64}$'". */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

export function fitName(name: string, note: Note): string {
  if (NAME.test(name)) return name;
  note("name");
  return name.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 64) || "unnamed";
}

/** Arguments are an object everywhere; what a model wrote instead is kept inside one. */
export function fitInput(input: Json, note: Note): JsonObject {
  if (isJsonObject(input)) return fitObject(input, note);
  note("input");
  const parsed = typeof input === "string" ? parseJson(input) : { ok: false as const };
  const object = parsed.ok && isJsonObject(parsed.value) ? parsed.value : { input };
  return fitObject(object, note);
}

function fitObject(object: JsonObject, note: Note): JsonObject {
  const fit = fitJson(object, note);
  return isJsonObject(fit) ? fit : object;
}

export function fitToolOutput(output: ToolOutput, note: Note): ToolOutput {
  if (output.type === "json") {
    const value = fitJson(output.value, note);
    return value === output.value ? output : { ...output, value };
  }
  const value = fitText(output.value, note);
  return value === output.value ? output : { ...output, value };
}

/** Strict parsers refuse half of a surrogate pair: "no low surrogate in string". */
export function fitText(text: string, note: Note): string {
  if (text.isWellFormed()) return text;
  note("broken_text");
  return text.toWellFormed();
}

function fitJson(value: Json, note: Note): Json {
  return mapStrings(value, (text) => fitText(text, note));
}

/** Leaves out what only the part's maker can read: ids in its store, signatures, ciphertext. */
export function withoutMetadata<P extends { readonly providerOptions?: JsonObject }>(
  part: P,
  note: Note,
): P | Omit<P, "providerOptions"> {
  if (part.providerOptions === undefined) return part;
  note("foreign_metadata");
  const { providerOptions: _unreadable, ...bare } = part;
  return bare;
}
