/** Finding, loading and checking `bridle.config.ts`. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BridleError, errorMessage } from "../std/error.ts";
import { isJsonObject } from "../std/json.ts";
import { didYouMean } from "../std/suggest.ts";
import type { GovernanceOptions } from "../orchestration/governing.ts";
import type { Config } from "./define-config.ts";

export interface Project {
  /** The config file. */
  readonly file: string;
  readonly folder: string;
  readonly config: Config;
}

const CONFIG_FILES = [
  "bridle.config.ts",
  "bridle.config.mts",
  "bridle.config.js",
  "bridle.config.mjs",
];

/** The config of the current folder, or undefined. A file that was named must exist. */
export function findConfig(named?: string): string | undefined {
  if (named !== undefined) {
    const file = resolve(named);
    if (existsSync(file) && statSync(file).isFile()) return file;
    throw new BridleError("config_missing", `There is no config file at ${file}`, {
      hint: "Check the path given with --config.",
    });
  }
  return CONFIG_FILES.map((name) => resolve(name)).find((file) => existsSync(file));
}

/** Loads and checks the config. Throws `config_missing` or `config_invalid` with the next step. */
export async function loadProject(named?: string): Promise<Project> {
  const file = findConfig(named);
  if (file === undefined) {
    throw new BridleError("config_missing", `There is no bridle.config.ts in ${process.cwd()}`, {
      hint: "Make a project with `bridle init FOLDER`, or name the file with --config FILE.",
    });
  }
  const config = checkConfig(await importConfig(file), shortPath(file));
  return { file, folder: dirname(file), config };
}

/** The journal file of a project; undefined when its config hands over an open store. */
export function journalPath(project: Project): string | undefined {
  const { store = "./bridle.db" } = project.config;
  return typeof store === "string" ? resolve(project.folder, store) : undefined;
}

async function importConfig(file: string): Promise<unknown> {
  let loaded: unknown;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (thrown) {
    throw brokenConfig(file, thrown);
  }
  const name = shortPath(file);
  const exported =
    typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : null;
  if (exported !== null && exported !== undefined) return exported;
  throw new BridleError("config_invalid", `${name} has no default export`, {
    hint: "End it with: export default defineConfig({ agents: [ … ] });",
  });
}

/** The config's own words and place; what to do depends on how it failed. */
function brokenConfig(file: string, thrown: unknown): BridleError {
  const name = shortPath(file);
  const place = placeOf(thrown, file);
  const where = place === undefined ? "" : ` (${place})`;
  const parts = { cause: thrown };
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  const message = `${name} could not be loaded: ${errorMessage(thrown)}${where}`;
  if (isBridleShaped(thrown)) {
    const hint = typeof thrown.hint === "string" ? { hint: thrown.hint } : {};
    return new BridleError("config_invalid", message, { ...parts, ...hint });
  }
  switch (code) {
    case "ERR_MODULE_NOT_FOUND":
      return new BridleError("config_invalid", message, {
        ...parts,
        hint: "Run `npm install` in its folder; a file of your own is imported with its ending.",
      });
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
      return new BridleError("config_invalid", message, {
        ...parts,
        hint: "Node only strips types: write a union in place of an enum, fields in full.",
      });
    default:
      return new BridleError("config_invalid", message, {
        ...parts,
        hint: "The config runs when a command starts: mend what it says, then try again.",
      });
  }
}

function isBridleShaped(thrown: unknown): thrown is Error & { readonly hint: unknown } {
  return thrown instanceof Error && thrown.name === "BridleError" && "hint" in thrown;
}

const STACK_PLACE = /(file:\/\/[^\s()]+|\/[^\s():]+):(\d+)(?::(\d+))?/;

/** `agents/desk.ts:12:9`: the first place in the stack that is neither Node's nor a package's. */
function placeOf(thrown: unknown, file: string): string | undefined {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return undefined;
  for (const line of thrown.stack.split("\n")) {
    const found = STACK_PLACE.exec(line);
    const [, path = "", row = "", column] = found ?? [];
    if (found === null || path.includes("/node_modules/")) continue;
    const local = path.startsWith("file:") ? fileURLToPath(path) : path;
    if (!local.startsWith(dirname(file))) continue;
    return `${shortPath(local)}:${row}${column === undefined ? "" : `:${column}`}`;
  }
  return undefined;
}

/** Relative to where the person stands, when that is shorter. */
export function shortPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === "" || near.startsWith(join("..", "..")) ? path : near;
}

type Check = (value: unknown) => string | null;

const isFunction = (value: unknown): boolean => typeof value === "function";

/** What is wrong with each member, or null. Agents are looked at closely when they are used. */
const checks: { readonly [name in keyof Required<Config>]: Check } = {
  agents: checkAgents,
  store: (value) => {
    if (typeof value === "string") return value === "" ? "is empty" : null;
    const isStore =
      typeof value === "object" && value !== null && "append" in value && isFunction(value.append);
    return isStore ? null : "is neither a path nor an open store";
  },
  synchronous: (value) =>
    value === "full" || value === "normal" ? null : 'is neither "full" nor "normal"',
  decide: (value) => (isFunction(value) ? null : "is not a function"),
  decideTimeoutMs: checkTime,
  people: checkPeople,
  approvalMs: checkTime,
  budgets: (value) =>
    Array.isArray(value) && value.every(isJsonObject)
      ? null
      : 'is not a list; write budgets: [{ of: "org", usd: 100 }]',
  unknownPrice: (value) =>
    value === "deny" || isJsonObject(value) ? null : 'is neither "deny" nor a price',
  sealSecret: (value) => (typeof value === "string" ? null : "is not a text"),
  modelRetry: (value) => (isJsonObject(value) ? null : "is not an object"),
  routes: (value) => (isJsonObject(value) ? null : "is not an object of models by name"),
  prices: (value) => (isJsonObject(value) ? null : "is not an object of prices by model"),
};

function checkTime(value: unknown): string | null {
  const isTime = typeof value === "number" && Number.isSafeInteger(value) && value > 0;
  return isTime ? null : "is no time in ms";
}

/** Ids here; delegations are looked at closely when a harness or a vote uses them. */
function checkPeople(value: unknown): string | null {
  if (!Array.isArray(value)) return 'is not a list; write people: [{ id: "ann" }]';
  const ids = new Set<string>();
  for (const [index, entry] of value.entries()) {
    const id: unknown = isJsonObject(entry) ? entry["id"] : undefined;
    if (typeof id !== "string" || id === "")
      return `has nobody with an id at position ${index + 1}`;
    if (ids.has(id)) return `has "${id}" twice`;
    ids.add(id);
  }
  return null;
}

function checkAgents(value: unknown): string | null {
  if (!Array.isArray(value)) return "is not a list; write agents: [desk]";
  if (value.length === 0) return "is empty; write agents: [desk]";
  const names = new Set<string>();
  for (const [index, entry] of value.entries()) {
    const name: unknown = isJsonObject(entry) ? entry["name"] : undefined;
    if (typeof name !== "string") return `has no agent with a name at position ${index + 1}`;
    if (names.has(name)) return `has two agents named "${name}"`;
    names.add(name);
  }
  return null;
}

/** What of a project governs its runs, as a harness takes it. */
export function governanceOf({ config, folder }: Pick<Project, "config" | "folder">): {
  readonly cwd: string;
} & GovernanceOptions {
  const { decide, decideTimeoutMs, people, approvalMs, sealSecret } = config;
  const { budgets, prices, unknownPrice } = config;
  return {
    cwd: folder,
    ...(decide === undefined ? {} : { decide }),
    ...(decideTimeoutMs === undefined ? {} : { decideTimeoutMs }),
    ...(people === undefined ? {} : { people }),
    ...(approvalMs === undefined ? {} : { approvalMs }),
    ...(sealSecret === undefined ? {} : { sealSecret }),
    ...(budgets === undefined ? {} : { budgets }),
    ...(prices === undefined ? {} : { prices }),
    ...(unknownPrice === undefined ? {} : { unknownPrice }),
  };
}

function checkConfig(exported: unknown, name: string): Config {
  const hint = 'Write: export default defineConfig({ agents: [ … ], store: "./bridle.db" });';
  if (!isJsonObject(exported)) {
    const what = Array.isArray(exported) ? "a list" : `a ${typeof exported}`;
    throw new BridleError("config_invalid", `${name} exports ${what}, not a configuration`, {
      hint,
    });
  }
  for (const member of Object.keys(exported)) {
    if (member in checks) continue;
    throw new BridleError("config_invalid", `${name}: "${member}" is no setting`, {
      hint: didYouMean(member, Object.keys(checks)),
    });
  }
  for (const [member, check] of Object.entries(checks)) {
    const value: unknown = exported[member];
    // A secret that is named and absent is an environment that lacks it: never go on without.
    const isNamed = member === "agents" || (member === "sealSecret" && member in exported);
    if (value === undefined && !isNamed) continue;
    const problem = value === undefined ? "is missing" : check(value);
    if (problem === null) continue;
    throw new BridleError("config_invalid", `${name}: "${member}" ${problem}`, { hint });
  }
  // Each member was just checked, as far as can be told before an agent is used.
  return exported as unknown as Config;
}
