/** Reading what came from another process, field by field. */
import { BridleError } from "../../std/error.ts";
import type { JsonObject } from "../../std/json.ts";

/** Throws `input_invalid` when the field is no text. */
export function textField(object: JsonObject, name: string): string {
  const value = object[name];
  if (typeof value === "string") return value;
  throw new BridleError("input_invalid", `The field ${name} is no text`);
}

/** Throws `input_invalid` when the field is no number. */
export function numberField(object: JsonObject, name: string): number {
  const value = object[name];
  if (typeof value === "number") return value;
  throw new BridleError("input_invalid", `The field ${name} is no number`);
}
