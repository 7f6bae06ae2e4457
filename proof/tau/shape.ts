/**
 * Reading the public files' JSON: each of these takes what should be there or throws `usage`,
 * naming what is not.
 */
import { BridleError } from "../../src/std/error.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/std/json.ts";

/** True for a JSON array. `Array.isArray` alone does not narrow to a readonly one. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** A member, or undefined when there is none or the value is no object. */
export function fieldOf(value: Json | undefined, key: string): Json | undefined {
  return isJsonObject(value) ? value[key] : undefined;
}

/** `what` names the thing in the error's sentence, here and below. */
export function expectList(value: Json | undefined, what: string): readonly Json[] {
  if (!isList(value)) throw unexpected(what);
  return value;
}

export function expectObject(value: Json | undefined, what: string): JsonObject {
  if (!isJsonObject(value)) throw unexpected(what);
  return value;
}

export function expectText(value: Json | undefined, what: string): string {
  if (typeof value !== "string") throw unexpected(what);
  return value;
}

export function expectNumber(value: Json | undefined, what: string): number {
  if (typeof value !== "number") throw unexpected(what);
  return value;
}

function unexpected(what: string): BridleError {
  return new BridleError("usage", `The tau data has no usable ${what}.`, {
    hint: "Point --data PATH at unmodified checkouts of tau2-bench and tau-bench.",
  });
}
