/**
 * The tasks that write, played by one loop over a faulty wire.
 *
 * P1 What a request meets follows from the seed, the task, the decision and the attempt: each loop
 *    meets the same faults, for as long as it asks the same.
 * P2 The mixture is the field profile's. A rate limit names one second, the shortest there is in
 *    `retry-after`, to all alike, and the server holds them to it.
 * P3 After three faults in a row for one decision the fourth request meets none.
 */
import { faultPlan, rateGate, startWireServer, type FaultPlan } from "../../../src/chaos/door.ts";
import { inLanes } from "../../lanes.ts";
import type { Domain } from "../../tau/data.ts";
import { oracles, runKeyOf, simulated, type TaskModels } from "../../tau/models.ts";
import type { Task } from "../../tau/task.ts";
import type { Peer } from "../peers/peer.ts";
import { playPeer, type WirePlay } from "../play.ts";

/** Tasks of one domain. */
export interface Round {
  readonly domain: Domain;
  readonly tasks: readonly Task[];
}

export interface Weather {
  /** Share of the requests that meet a fault. */
  readonly wireFaults: number;
  /** Share of the decisions in which the model errs. */
  readonly modelError: number;
  readonly seed: number;
}

export interface PlayedColumn {
  readonly peer: Peer;
  readonly weather: Weather;
  readonly plays: readonly WirePlay[];
  /** Requests that met a fault. */
  readonly faulted: number;
  readonly requests: number;
  /** For all tasks together. */
  readonly ms: number;
}

/** Tasks at once. */
export const LANES = 24;
/** How long one request, or a stream between two events, may be silent, for every loop. */
export const PATIENCE_MS = 20_000;
export const RETRY_AFTER_MS = 1_000;
/** The end of anybody's patience with one task. */
const TASK_MS = 240_000;

export async function playColumn(
  peer: Peer,
  rounds: readonly Round[],
  given: { readonly weather: Weather; readonly signal: AbortSignal },
): Promise<PlayedColumn> {
  const { weather, signal } = given;
  const models = modelsOf(rounds, weather);
  let faulted = 0;
  const server = await startWireServer({
    models: (runKey) => models.get(runKey),
    faults: planOf(weather),
    gate: rateGate(),
    onExchange: ({ faults }) => {
      if (faults.length > 0) faulted += 1;
    },
  });
  const work = rounds.flatMap(({ domain, tasks }) => tasks.map((task) => ({ domain, task })));
  const startedAt = performance.now();
  try {
    const plays = await inLanes(work, LANES, async ({ domain, task }) => {
      signal.throwIfAborted();
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new Error("nobody waits any longer")), TASK_MS);
      try {
        const at = { baseURL: server.urlFor(runKeyOf(task)), patienceMs: PATIENCE_MS };
        const ends = AbortSignal.any([signal, late.signal]);
        return await playPeer(peer, { domain, task }, { ...at, signal: ends });
      } finally {
        clearTimeout(timer);
      }
    });
    const ms = Math.round(performance.now() - startedAt);
    return { peer, weather, plays, faulted, requests: server.requestCount(), ms };
  } finally {
    await server.close();
  }
}

/** P2. */
function planOf({ wireFaults, seed }: Weather): FaultPlan {
  const field = faultPlan({ profile: "field", rate: wireFaults, seed });
  return {
    next: (exchange) =>
      field
        .next(exchange)
        .map((planned) =>
          planned.fault.name === "rate_limited_short"
            ? { ...planned, argument: String(RETRY_AFTER_MS) }
            : planned,
        ),
  };
}

type Model = NonNullable<ReturnType<TaskModels["find"]>>;

function modelsOf(
  rounds: readonly Round[],
  { modelError, seed }: Weather,
): ReadonlyMap<string, Model> {
  const models = new Map<string, Model>();
  for (const { domain, tasks } of rounds) {
    const made =
      modelError === 0 ? oracles(tasks) : simulated(domain, tasks, { errorRate: modelError, seed });
    for (const task of tasks) {
      const key = runKeyOf(task);
      const model = made.find(key);
      if (model !== undefined) models.set(key, model);
    }
  }
  return models;
}
