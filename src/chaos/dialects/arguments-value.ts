import { isJsonObject, parseJson, type Json } from "../../std/json.ts";

/**
 * A call's arguments for a format that carries them as a JSON value rather than as text. What is
 * no JSON goes out as the text it is: no provider writes that, but it is what the model got wrong.
 */
export function argumentsValue(text: string): Json {
  const parsed = parseJson(text);
  return parsed.ok ? parsed.value : text;
}

/** The text of arguments that came as a JSON value; undefined is a call without any. */
export function argumentsText(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value ?? {});
}

/** Whether a provider that wants an object takes this. */
export function isArguments(value: Json | undefined): boolean {
  return value === undefined || isJsonObject(value);
}
