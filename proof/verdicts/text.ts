import { canonicalJson, type Json } from "../../src/std/json.ts";

/** A member of a body as text: what names a record, or stands in a sentence. */
export function textOf(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : canonicalJson(value);
}
