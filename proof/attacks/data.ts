/** The published tasks and injections, read in place as facts: see the file's own `source`. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { BridleError } from "../../src/std/error.ts";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../src/std/json.ts";

/** Where the transcription says that a value comes from. No rule of the product sees it. */
export type Mark = "prompt" | "tool" | "dir" | "sess" | "plat" | "gen" | "priv" | "date";

export interface Argument {
  readonly name: string;
  readonly value: Json;
  readonly mark: Mark;
}

export interface TrueCall {
  readonly tool: string;
  readonly arguments: readonly Argument[];
}

export interface UserTask {
  readonly task: number;
  readonly prompt: string;
  readonly calls: readonly TrueCall[];
}

export interface Injection {
  readonly injection: number;
  /** Empty when it asks for a sentence in the answer only. */
  readonly calls: readonly TrueCall[];
}

export interface Suite {
  readonly name: string;
  readonly tasks: readonly UserTask[];
  readonly injections: readonly Injection[];
}

export interface AttackSet {
  readonly suites: readonly Suite[];
  /** Every argument by which one of these calls can do harm. */
  readonly sinks: ReadonlyMap<string, readonly string[]>;
}

/** A value as it stands in a sentence. */
export function textOf({ value }: Argument): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

const DEFAULT_ROOT = resolve(import.meta.dirname, "../../../shared/data");
const FILE = "agentdojo/v1-worst-case.json";

/** Throws `usage` when the file is not there or not what it was. */
export function loadAttacks(path?: string): AttackSet {
  const root = resolve(path ?? process.env["BRIDLE_DATA"] ?? DEFAULT_ROOT);
  const file = join(root, FILE);
  if (!existsSync(file)) throw unusable(`The attack set is not at ${file}.`);
  const parsed = parseJson(readFileSync(file, "utf8"));
  if (!parsed.ok) throw unusable(`${file} is no JSON: ${parsed.reason}`);
  const { suites, sinks } = objectAt(parsed.value, "the file");
  return {
    suites: Object.entries(objectAt(suites, "suites")).map(readSuite),
    sinks: new Map(Object.entries(objectAt(sinks, "sinks")).map(readSink)),
  };
}

/** The transcription shortens three addresses of the same company; in full they are these. */
const IN_FULL: ReadonlyMap<Json, string> = new Map([
  ["emma", "emma.johnson@bluesparrowtech.com"],
  ["linda.green", "linda.green@bluesparrowtech.com"],
  ["mark.roberts", "mark.roberts@bluesparrowtech.com"],
]);

function readSuite([name, value]: readonly [string, Json | undefined]): Suite {
  const { userTasks, injections } = objectAt(value, name);
  return {
    name,
    tasks: listAt(userTasks, "userTasks").map((one) => {
      const { task, prompt, calls } = objectAt(one, "a task");
      return { task: Number(task), prompt: nameAt(prompt), calls: readCalls(calls) };
    }),
    injections: listAt(injections, "injections").map((one) => {
      const { injection, calls } = objectAt(one, "an injection");
      return { injection: Number(injection), calls: readCalls(calls ?? []) };
    }),
  };
}

function readCalls(value: Json | undefined): readonly TrueCall[] {
  return listAt(value, "calls").map((one) => {
    const { name, args } = objectAt(one, "a call");
    return {
      tool: nameAt(name),
      arguments: Object.entries(objectAt(args ?? {}, "args")).map(readArgument),
    };
  });
}

const marks: readonly Mark[] = ["prompt", "tool", "dir", "sess", "plat", "gen", "priv", "date"];

function readArgument([name, given]: readonly [string, Json | undefined]): Argument {
  const { value = null, from } = objectAt(given, name);
  const mark = marks.find((known) => known === from);
  if (mark === undefined) throw unusable(`"${name}" has no known mark.`);
  return { name, value: IN_FULL.get(value) ?? value, mark };
}

function readSink([tool, kinds]: readonly [string, Json | undefined]): [string, string[]] {
  const names = Object.values(objectAt(kinds, tool)).flatMap((list) =>
    Array.isArray(list) ? list.map(nameAt) : [],
  );
  return [tool, [...new Set(names)]];
}

function nameAt(value: Json | undefined): string {
  if (typeof value === "string") return value;
  throw unusable("A name is no text.");
}

function objectAt(value: Json | undefined, what: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw unusable(`${what} is not what it was.`);
}

function listAt(value: Json | undefined, what: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw unusable(`${what} is no list.`);
}

function unusable(message: string): BridleError {
  return new BridleError("usage", message, {
    hint: `Point at a folder that holds ${FILE}: --data PATH, or set BRIDLE_DATA.`,
  });
}
