/** Who starts the runs, cancels some of them, and answers those that ask for more. */
import { harness, isBridleError, type Harness, type JournalStore } from "../../../src/index.ts";
import type { RunRow } from "../../../src/journal/store.ts";
import { agentsOf, governanceOf, PERSON } from "./agents.ts";
import { planOf, RAISE } from "./plan.ts";

export interface Client {
  /** The runs by id, with their numbers. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Cancels and raises what is due. */
  look(rows: readonly RunRow[]): Promise<void>;
  readonly raised: () => number;
}

const CHUNK = 100;

export async function openClient(
  store: JournalStore,
  given: { readonly url: string; readonly runs: number },
): Promise<Client> {
  const { url, runs } = given;
  const front = await harness({ agents: agentsOf(url), store, work: false, ...governanceOf(runs) });
  const numbers = new Map<string, number>();
  for (let from = 0; from < runs; from += CHUNK) {
    const count = Math.min(CHUNK, runs - from);
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const { n, agent, user, tenant } = planOf(from + index);
        const principal = { id: user, tenant };
        const run = await front.start(agent, { input: { n }, principal, idempotencyKey: `${n}` });
        numbers.set(run.runId, n);
      }),
    );
  }
  const answered = new Map<string, number>();
  let raised = 0;
  return {
    numbers,
    raised: () => raised,
    look: async (rows) => {
      for (const row of rows) {
        const { isCancelled, isRaised } = planOf(numbers.get(row.runId) ?? -1);
        const isBegun = row.head > 1 && row.status !== "finished";
        if (isBegun && isCancelled) await ignoreEnded(cancel(front, row.runId));
        // The same question is answered once.
        if (row.status !== "parked" || answered.get(row.runId) === row.head) continue;
        answered.set(row.runId, row.head);
        if (await answer(front, row.runId, isRaised)) raised += 1;
      }
    },
  };
}

async function cancel(front: Harness, runId: string): Promise<void> {
  await (await front.run(runId)).cancel();
}

/** True when the run was given more. Nobody waits for what a person cannot give. */
async function answer(front: Harness, runId: string, isRaised: boolean): Promise<boolean> {
  const run = await front.run(runId);
  const { waitingFor, raised } = await run.state();
  // A window opens again by itself.
  if (waitingFor?.includes("org/") === true && waitingFor.includes("inputTokens")) return false;
  const isOwn = waitingFor?.includes("run/") === true && Object.keys(raised).length === 0;
  if (!isOwn || !isRaised) {
    await ignoreEnded(run.cancel("nobody gives more"));
    return false;
  }
  await ignoreEnded(run.raise(RAISE, PERSON));
  return true;
}

async function ignoreEnded(said: Promise<void>): Promise<void> {
  try {
    await said;
  } catch (thrown) {
    if (!isBridleError(thrown, "run_terminal")) throw thrown;
  }
}
