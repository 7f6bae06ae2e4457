/**
 * Plays every task in every arm for one error rate and one seed: each a run of the harness, over
 * one real HTTP server. The journals are in memory: what survives a crash is `prove crash`'s.
 */
import {
  simulatedModel,
  startWireServer,
  type WireServer,
  type SimulatedModel,
} from "../../src/chaos/door.ts";
import { embedded, harness, memoryStore, type Harness } from "../../src/index.ts";
import type { DecisionPoint } from "../../src/governance/decide.ts";
import { isJsonObject } from "../../src/std/json.ts";
import { openDesks, type TaskInput } from "../tau/agent.ts";
import { scriptedCustomer } from "../tau/customer.ts";
import type { Domain } from "../tau/data.ts";
import { runKeyOf } from "../tau/models.ts";
import type { Task } from "../tau/task.ts";
import { armAgent, confirmedOnly, decidesFor, type Desk } from "./agent.ts";
import type { Arm } from "./arms.ts";
import { openCustomers } from "./customers.ts";
import { RULES } from "./rules.ts";
import { scriptOf, writesOf } from "./script.ts";
import { extrasOf } from "./slips.ts";
import { judgeRun, type Verdict } from "./verdict.ts";
import { inTime } from "../in-time.ts";

/** Tasks of one domain. */
export interface Round {
  readonly domain: Domain;
  readonly tasks: readonly Task[];
}

export interface Cell {
  readonly rounds: readonly Round[];
  readonly arms: readonly Arm[];
  readonly rate: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Runs at once. */
const CONCURRENCY = 16;

export async function playCell(cell: Cell): Promise<readonly Verdict[]> {
  const models = modelsOf(cell);
  const server = await startWireServer({ models: (runKey) => models.get(runKey) });
  const desks = cell.rounds.map((round) => ({ round, desk: openDesk(round, server) }));
  const definitions = desks.flatMap(({ round, desk }) =>
    cell.arms.map((arm) => ({ round, desk, arm, agent: armAgent(desk, arm) })),
  );
  const bridle = await harness({
    agents: definitions.map(({ agent }) => agent),
    store: memoryStore(),
    engine: embedded({ concurrency: CONCURRENCY }),
    decide: decisionsOf(desks, cell.arms),
  });
  const work = definitions.flatMap((one) => one.round.tasks.map((task) => ({ ...one, task })));
  try {
    const running = work.map((one) => playOne(bridle, one, cell));
    return await Promise.all(running);
  } finally {
    await bridle.close(cell.signal.aborted ? 0 : undefined);
    await server.close();
  }
}

function openDesk({ domain, tasks }: Round, server: WireServer): Desk {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return {
    domain,
    desks: openDesks(domain),
    customers: openCustomers(),
    model: ({ input }) => {
      const taskId = isJsonObject(input) ? input["taskId"] : undefined;
      const task = typeof taskId === "string" ? byId.get(taskId) : undefined;
      return { baseURL: server.urlFor(task === undefined ? "" : runKeyOf(task)), modelId: "tau" };
    },
  };
}

/** One model for each task: the same for every arm, so its errors are too. */
function modelsOf({ rounds, rate, seed }: Cell): ReadonlyMap<string, SimulatedModel> {
  const models = new Map<string, SimulatedModel>();
  for (const { domain, tasks } of rounds) {
    for (const task of tasks) {
      const key = runKeyOf(task);
      const at = domain.tasks.indexOf(task);
      const stranger = domain.tasks[(at + 1) % domain.tasks.length] ?? task;
      const script = {
        key,
        seed,
        errorRate: rate,
        actions: scriptOf(domain, task, seed),
        extras: extrasOf(domain, task, stranger),
        writeTools: [...writesOf(domain)],
        finalText: finalTextOf(task),
      };
      models.set(key, simulatedModel(script));
    }
  }
  return models;
}

function finalTextOf({ communicate }: Task): string {
  return `All is done.${communicate.length === 0 ? "" : ` You asked for: ${communicate.join(", ")}.`}`;
}

function decisionsOf(
  desks: readonly { readonly round: Round; readonly desk: Desk }[],
  arms: readonly Arm[],
): DecisionPoint {
  const points = desks.map(({ round, desk }) => ({
    agents: decidesFor(round.domain, arms),
    decide: confirmedOnly(desk),
  }));
  return (request) => {
    const point = points.find(({ agents }) => agents.has(request.agent));
    return point?.decide(request) ?? { kind: "allow", rules: [] };
  };
}

interface Work {
  readonly round: Round;
  readonly desk: Desk;
  readonly arm: Arm;
  readonly agent: ReturnType<typeof armAgent>;
  readonly task: Task;
}

async function playOne(bridle: Harness, work: Work, cell: Cell): Promise<Verdict> {
  const { desk, arm, agent, task } = work;
  const { domain, desks, customers } = desk;
  const input: TaskInput = { taskId: task.id, request: task.userPrompt };
  const id = RULES[domain.name].principalOf(domain.freshDb(), task.userPrompt);
  const run = await bridle.start(agent, {
    input,
    principal: { id },
    idempotencyKey: `${arm.name} ${runKeyOf(task)}`,
  });
  customers.seat(run.runId, scriptedCustomer(domain, task));
  const outcome = await inTime(run.outcome(), cell.signal);
  return judgeRun(domain, {
    task,
    arm: arm.name,
    rate: cell.rate,
    seed: cell.seed,
    outcome,
    db: desks.dbOf(run.runId),
    calls: desks.callsOf(run.runId),
    events: await run.events(),
  });
}
