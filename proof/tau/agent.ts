/**
 * The domain's tools as an agent's, over one database for each run.
 *
 * W1 Each run has a database of its own, made when its first tool asks for it. All start alike.
 * W2 A database is memory of this process, and so are the receipts of what was written to it
 *    (`memoryTransactor`). `transactional` is the honest class for that: effect and receipt are
 *    there together or gone together. Nothing here outlives the process, so a crash has nothing
 *    to do twice; effects that do outlive it are what `prove crash` is for.
 * W3 Handing over to a person reaches outside that database, so it is `once`.
 * W4 Whether arguments fit the public schema is judged once more right where a tool runs, by a
 *    validator that shares nothing with the harness: whoever let it pass, it is counted.
 */
import { Ajv } from "ajv";
import { agent, once, read, ToolError, transactional } from "../../src/index.ts";
import type { AgentDefinition, ToolDefinition } from "../../src/index.ts";
import type { Transactor } from "../../src/journal/transactor.ts";
import type { Json, JsonObject } from "../../src/std/json.ts";
import type { Effect } from "../../src/tools/effect.ts";
import type { Domain } from "./data.ts";
import type { Db } from "./db.ts";
import type { TaskAction } from "./task.ts";
import { ToolRefusal, type DomainTool } from "./tool.ts";

/** What a run is started with. */
export interface TaskInput {
  readonly taskId: string;
  readonly request: string;
}

export interface Desks {
  readonly tools: Readonly<Record<string, ToolDefinition>>;
  /** The state this run has left behind. */
  readonly dbOf: (runId: string) => Db;
  /** The calls of this run that reached a tool, oldest first. */
  readonly callsOf: (runId: string) => readonly DeskCall[];
  readonly counted: () => DeskCounts;
}

/** One call as the desk itself saw it. */
export interface DeskCall extends TaskAction {
  readonly effect: DomainTool["effect"];
  readonly kind: "result" | "refused";
  /** Null when it was refused. */
  readonly output: Json;
}

export interface DeskCounts {
  /** Calls that reached a tool. */
  readonly executed: number;
  /** Of these, calls whose arguments do not fit the tool's public schema (W4). */
  readonly invalidExecuted: number;
  /** Writes that were carried out again under a key that had been carried out. */
  readonly effectsDoubled: number;
  /** Calls that the domain's own rules refused. */
  readonly refusedByDomain: number;
}

export function openDesks(domain: Domain): Desks {
  const dbs = new Map<string, Db>();
  const dbOf = (runId: string): Db => {
    const db = dbs.get(runId) ?? domain.freshDb();
    dbs.set(runId, db);
    return db;
  };
  const calls = new Map<string, DeskCall[]>();
  const note = (runId: string, call: DeskCall): void => {
    const known = calls.get(runId);
    if (known === undefined) calls.set(runId, [call]);
    else known.push(call);
  };
  const counts = { executed: 0, invalidExecuted: 0, effectsDoubled: 0, refusedByDomain: 0 };
  const written = new Set<string>();
  const transactor = memoryTransactor();
  const ajv = new Ajv({ strict: false });
  const bind = (tool: DomainTool): ToolDefinition<JsonObject, Json> => {
    const isValid = ajv.compile(tool.parameters);
    return {
      description: tool.description,
      inputSchema: tool.parameters,
      effect: effectOf(tool, transactor),
      execute: (input, { runId, idempotencyKey }) => {
        counts.executed += 1;
        if (!isValid(input)) counts.invalidExecuted += 1;
        const call = { name: tool.name, arguments: input, effect: tool.effect };
        try {
          const result = tool.run(dbOf(runId), input);
          if (tool.effect === "write") {
            if (written.has(idempotencyKey)) counts.effectsDoubled += 1;
            written.add(idempotencyKey);
          }
          note(runId, { ...call, kind: "result", output: result });
          return result;
        } catch (thrown) {
          if (!(thrown instanceof ToolRefusal)) throw thrown;
          counts.refusedByDomain += 1;
          note(runId, { ...call, kind: "refused", output: null });
          // A refused call has changed nothing (law T1 of `tool.ts`).
          throw new ToolError(thrown.message, { cause: thrown });
        }
      },
    };
  };
  return {
    tools: Object.fromEntries(domain.tools.map((tool) => [tool.name, bind(tool)])),
    dbOf,
    callsOf: (runId) => calls.get(runId) ?? [],
    counted: () => ({ ...counts }),
  };
}

/** The domain's agent: its public policy as instructions, its public tools. */
export function tauAgent(
  domain: Domain,
  desks: Desks,
  model: AgentDefinition["model"],
): AgentDefinition<TaskInput> {
  return agent<TaskInput>({
    name: `tau-${domain.name}`,
    model,
    instructions: domain.policy,
    prompt: ({ request }) => request,
    tools: desks.tools,
    limits: { turnsMax: 150, callsMax: 300 },
  });
}

function effectOf(tool: DomainTool, transactor: Transactor<null>): Effect {
  if (tool.effect === "read") return read();
  return tool.name === "transfer_to_human_agents" ? once() : transactional(transactor);
}

/**
 * A transactor whose receipts are memory, for effects that are memory. What `work` changes it
 * changes at once, and nothing runs between that and keeping its output; a `work` that throws
 * has changed nothing, or it breaks law T1 of `tool.ts`.
 */
function memoryTransactor(): Transactor<null> {
  const receipts = new Map<string, Promise<Json>>();
  return {
    run: async (key, work) => {
      const before = receipts.get(key);
      if (before !== undefined) return { output: await before, replayed: true };
      const running = Promise.resolve(work(null));
      receipts.set(key, running);
      try {
        return { output: await running, replayed: false };
      } catch (thrown) {
        receipts.delete(key);
        throw thrown;
      }
    },
    find: async (key) => {
      const output = await receipts.get(key)?.catch(() => undefined);
      return output === undefined ? undefined : { output };
    },
  };
}
