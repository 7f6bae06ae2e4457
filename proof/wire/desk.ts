/**
 * The tools of one task over a database of its own, for loops that are not ours. What happened is
 * counted here, on the tools' side: no loop has a say in it.
 */
import { Ajv } from "ajv";
import { isJsonObject, type Json, type JsonObject } from "../../src/std/json.ts";
import type { Domain } from "../tau/data.ts";
import type { Db } from "../tau/db.ts";
import type { Task, TaskAction } from "../tau/task.ts";
import { ToolRefusal, type DomainTool } from "../tau/tool.ts";

export interface WireTool {
  readonly name: string;
  readonly description: string;
  readonly effect: DomainTool["effect"];
  /** JSON Schema of the arguments, an object schema. */
  readonly parameters: JsonObject;
  /** What is wrong with the arguments by that schema, in a sentence; undefined when they fit. */
  readonly check: (input: unknown) => string | undefined;
  /** Does it, once for each call, whatever the arguments. Throws what the domain says against it. */
  readonly run: (input: Json) => Json;
}

/** One call that reached a tool. */
export interface WireCall extends TaskAction {
  readonly effect: DomainTool["effect"];
  readonly kind: "result" | "refused";
}

export interface WireDesk {
  readonly task: Task;
  /** The domain's public policy. */
  readonly instructions: string;
  /** The customer's whole wish. */
  readonly prompt: string;
  readonly tools: readonly WireTool[];
  readonly db: Db;
  /** Oldest first. */
  readonly calls: () => readonly WireCall[];
  /** Calls that ran although their arguments do not fit the public schema. */
  readonly invalidExecuted: () => number;
}

export function openWireDesk(domain: Domain, task: Task): WireDesk {
  const db = domain.freshDb();
  const calls: WireCall[] = [];
  let invalidExecuted = 0;
  const bind = (tool: DomainTool): WireTool => {
    const check = checkerOf(domain, tool);
    const run = (input: Json): Json => {
      if (check(input) !== undefined) invalidExecuted += 1;
      if (!isJsonObject(input)) throw new Error("the arguments must be an object");
      const call = { name: tool.name, arguments: input, effect: tool.effect };
      try {
        const output = tool.run(db, input);
        calls.push({ ...call, kind: "result" });
        return output;
      } catch (thrown) {
        // A refused call has changed nothing (law T1 of the domain's tools).
        if (thrown instanceof ToolRefusal) calls.push({ ...call, kind: "refused" });
        throw thrown;
      }
    };
    const { name, description, parameters, effect } = tool;
    return { name, description, effect, parameters, check, run };
  };
  return {
    task,
    instructions: domain.policy,
    prompt: task.userPrompt,
    tools: domain.tools.map(bind),
    db,
    calls: () => calls,
    invalidExecuted: () => invalidExecuted,
  };
}

type Check = WireTool["check"];

/** Compiled once for each tool: a domain is played hundreds of times. */
const checkers = new WeakMap<Domain, Map<string, Check>>();

function checkerOf(domain: Domain, tool: DomainTool): Check {
  const known = checkers.get(domain) ?? new Map<string, Check>();
  checkers.set(domain, known);
  const check = known.get(tool.name) ?? compile(tool);
  known.set(tool.name, check);
  return check;
}

function compile(tool: DomainTool): Check {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const fits = ajv.compile(tool.parameters);
  return (input) => (fits(input) ? undefined : ajv.errorsText(fits.errors, { dataVar: "input" }));
}
