/** The model of each task: the oracle that knows its actions, or one that errs at a known rate. */
import {
  FAULT_KINDS,
  oracleModel,
  simulatedModel,
  type Action,
  type ChatModel,
  type FaultCounts,
  type SimulatedModel,
} from "../../src/chaos/door.ts";
import type { Domain } from "./data.ts";
import type { Task } from "./task.ts";

export type FaultTally = Record<keyof FaultCounts, number>;

export interface TaskModels {
  readonly find: (runKey: string) => ChatModel | undefined;
  /** The errors handed out for one task so far; all 0 for the oracle. */
  readonly injectedFor: (task: Task) => FaultTally;
}

/** What a task is called in an address. */
export function runKeyOf({ domain, id }: Task): string {
  return `${domain}-${id}`;
}

export function oracles(tasks: readonly Task[]): TaskModels {
  const models = new Map(
    tasks.map((task) => [runKeyOf(task), oracleModel({ ...scriptOf(task), batchSize: 1 })]),
  );
  return { find: (runKey) => models.get(runKey), injectedFor: () => noFaults() };
}

export function simulated(
  domain: Domain,
  tasks: readonly Task[],
  noise: { readonly errorRate: number; readonly seed: number },
): TaskModels {
  const writes = domain.tools.filter(({ effect }) => effect === "write").map(({ name }) => name);
  const models = new Map<string, SimulatedModel>();
  for (const [index, task] of tasks.entries()) {
    // What another customer asked for is a write that this one did not.
    const stranger = tasks[(index + 1) % tasks.length] ?? task;
    const extras = stranger.actions.filter(({ name }) => writes.includes(name));
    const script = { ...scriptOf(task), ...noise, writeTools: writes, extras };
    models.set(runKeyOf(task), simulatedModel(script));
  }
  return {
    find: (runKey) => models.get(runKey),
    injectedFor: (task) => ({ ...noFaults(), ...models.get(runKeyOf(task))?.injected() }),
  };
}

export function noFaults(): FaultTally {
  return {
    malformed_arguments: 0,
    unknown_tool: 0,
    invalid_arguments: 0,
    wrong_value: 0,
    early_done: 0,
    repeated_write: 0,
    extra_write: 0,
    prose: 0,
  };
}

export function addFaults(into: FaultTally, added: FaultCounts): void {
  for (const kind of FAULT_KINDS) into[kind] += added[kind];
}

/**
 * The reference solution. Some of its actions the domain refuses; the public scorer goes on with
 * the next, and so does a model for which any answer to an action is its end.
 */
function scriptOf(task: Task): {
  readonly key: string;
  readonly actions: readonly Action[];
  readonly finalText: string;
} {
  const told =
    task.communicate.length === 0 ? "" : ` You asked for: ${task.communicate.join(", ")}.`;
  return { key: runKeyOf(task), actions: task.actions, finalText: `All is done.${told}` };
}
