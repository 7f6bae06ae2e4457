import type { Json } from "../../src/std/json.ts";

/** True for a JSON array. `Array.isArray` alone does not narrow to a readonly one. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
