/** The turns of Gemini's request, looked at alike by reading and by checking. */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";

export interface Content {
  /** "model" for an answer; anything else, or nothing, is the user. */
  readonly role: Json | undefined;
  readonly parts: readonly JsonObject[];
}

/** The contents of a request, which may be one alone. Undefined when there are none. */
export function contentsOf(body: JsonObject): readonly Json[] | undefined {
  const { contents } = body;
  if (isJsonObject(contents)) return [contents];
  return Array.isArray(contents) && contents.length > 0 ? contents : undefined;
}

/** One content with its parts. A single part may stand without a list. */
export function contentOf(value: Json): Content {
  if (!isJsonObject(value)) return { role: undefined, parts: [] };
  const { role, parts } = value;
  const listed: readonly Json[] = Array.isArray(parts) ? parts : [parts ?? null];
  return { role, parts: listed.filter(isJsonObject) };
}

/** A member that Google accepts under both of protobuf's JSON names. */
export function memberOf(part: JsonObject, camel: string, snake: string): JsonObject | undefined {
  const value = part[camel] ?? part[snake];
  return isJsonObject(value) ? value : undefined;
}

export function callOf(part: JsonObject): JsonObject | undefined {
  return memberOf(part, "functionCall", "function_call");
}

export function responseOf(part: JsonObject): JsonObject | undefined {
  return memberOf(part, "functionResponse", "function_response");
}
