/** Plays tasks: one run of the harness for each, over a SQLite journal and a real HTTP server. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startWireServer } from "../../src/chaos/door.ts";
import { embedded, harness, type Harness, type Outcome } from "../../src/index.ts";
import type { RefusalCode } from "../../src/journal/event.ts";
import { isJsonObject } from "../../src/std/json.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import type { Domain } from "./data.ts";
import { openDesks, tauAgent, type DeskCounts, type TaskInput } from "./agent.ts";
import { noFaults, runKeyOf, type FaultTally, type TaskModels } from "./models.ts";
import { dbHash, expectedHash } from "./score.ts";
import type { Task } from "./task.ts";
import { inTime } from "../in-time.ts";

export interface PlayedTask {
  readonly task: Task;
  /** Null for a run that did not end. */
  readonly outcome: Outcome | null;
  /** The database is left in the state that the reference solution leaves. */
  readonly isExact: boolean;
  /** The database is left in another state than it began in. */
  readonly isChanged: boolean;
  readonly injected: FaultTally;
  /** Calls that the harness stopped before they ran, by why. */
  readonly refused: readonly RefusalCode[];
}

export interface Played {
  readonly tasks: readonly PlayedTask[];
  readonly desks: DeskCounts;
  /** Requests for a completion that the server answered. */
  readonly requests: number;
}

export interface PlayOptions {
  readonly domain: Domain;
  readonly tasks: readonly Task[];
  /** A provider's model by its name, or models that stand behind a server of our own. */
  readonly model: string | TaskModels;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** A provider counts its requests; a server of our own does not mind. */
const CONCURRENCY = { provider: 4, own: 16 } as const;

export async function play(options: PlayOptions): Promise<Played> {
  const { domain, tasks, model, signal } = options;
  const desks = openDesks(domain);
  const models = typeof model === "string" ? null : model;
  const server = await startWireServer({ models: (runKey) => models?.find(runKey) });
  const dir = mkdtempSync(join(tmpdir(), "bridle-tau-"));
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const desk = tauAgent(domain, desks, ({ input }) => {
    if (typeof model === "string") return model;
    const taskId = isJsonObject(input) ? input["taskId"] : undefined;
    const task = typeof taskId === "string" ? byId.get(taskId) : undefined;
    return { baseURL: server.urlFor(task === undefined ? "" : runKeyOf(task)), modelId: "tau" };
  });
  const concurrency = models === null ? CONCURRENCY.provider : CONCURRENCY.own;
  const bridle = await harness({
    agents: [desk],
    store: sqlite(join(dir, "journal.db")),
    engine: embedded({ concurrency }),
  });
  const untouched = dbHash(domain.freshDb());
  let done = 0;
  const step = Math.max(1, Math.ceil(tasks.length / 6));
  const playOne = async (task: Task): Promise<PlayedTask> => {
    const input: TaskInput = { taskId: task.id, request: task.userPrompt };
    const run = await bridle.start(desk, { input, idempotencyKey: runKeyOf(task) });
    const outcome = await inTime(run.outcome(), signal);
    const endState = dbHash(desks.dbOf(run.runId));
    done += 1;
    if (done % step === 0) options.progress(`${done} of ${tasks.length} tasks played`);
    return {
      task,
      outcome,
      isExact: endState === expectedHash(domain, task),
      isChanged: endState !== untouched,
      injected: models?.injectedFor(task) ?? noFaults(),
      refused: await refusalsOf(bridle, run.runId),
    };
  };
  try {
    const played = await Promise.all(tasks.map(playOne));
    return { tasks: played, desks: desks.counted(), requests: server.requestCount() };
  } finally {
    await bridle.close(signal.aborted ? 0 : undefined);
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function refusalsOf(bridle: Harness, runId: string): Promise<readonly RefusalCode[]> {
  const events = await (await bridle.run(runId)).events();
  return events.flatMap((event) => (event.kind === "call.refused" ? [event.code] : []));
}
