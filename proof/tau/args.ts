/**
 * Arguments arrive as JSON from a model, so a tool reads each through one of these. What does not
 * fit is a refusal in the domain's own manner, as a Python call with wrong arguments would be.
 */
import { isJsonObject, type Json, type JsonObject } from "../../src/std/json.ts";
import { isList } from "./shape.ts";
import { ToolRefusal } from "./tool.ts";

/** A string argument; a number written where a string belongs is refused, not converted. */
export function readText(args: JsonObject, name: string): string {
  const value = args[name];
  if (typeof value !== "string") throw wrongType(name, "a string");
  return value;
}

/** A number argument, whole or not: the schema says which, the domain takes either. */
export function readNumber(args: JsonObject, name: string): number {
  const value = args[name];
  if (typeof value !== "number") throw wrongType(name, "a number");
  return value;
}

/** A list of strings, possibly empty. */
export function readTexts(args: JsonObject, name: string): readonly string[] {
  return readList(args, name).map((item) => {
    if (typeof item !== "string") throw wrongType(name, "a list of strings");
    return item;
  });
}

/** A list of objects; what is in them is for the tool to read. */
export function readObjects(args: JsonObject, name: string): readonly JsonObject[] {
  return readList(args, name).map((item) => {
    if (!isJsonObject(item)) throw wrongType(name, "a list of objects");
    return item;
  });
}

/** Refuses a call that leaves a required argument out or brings one the schema does not know. */
export function checkNames(parameters: JsonObject, args: JsonObject): void {
  const known = isJsonObject(parameters["properties"]) ? parameters["properties"] : {};
  for (const name of Object.keys(args)) {
    if (!Object.hasOwn(known, name)) {
      throw new ToolRefusal(`got an unexpected keyword argument '${name}'`);
    }
  }
  for (const name of readTexts(parameters, "required")) {
    if (!Object.hasOwn(args, name)) {
      throw new ToolRefusal(`missing a required argument: '${name}'`);
    }
  }
}

function readList(args: JsonObject, name: string): readonly Json[] {
  const value = args[name];
  if (!isList(value)) throw wrongType(name, "a list");
  return value;
}

function wrongType(name: string, wanted: string): ToolRefusal {
  return new ToolRefusal(`argument '${name}' must be ${wanted}`);
}
