/** `cancel` and `steer`: a message into a run's inbox, taken by whoever works on the run. */
import type { JournalStore, RunRow } from "../../journal/store.ts";
import { Run } from "../../orchestration/run-handle.ts";
import { Waiters } from "../../orchestration/waiters.ts";
import { exitCodes } from "../exit-code.ts";
import { findRun } from "../find-run.ts";
import { openJournal, type JournalOptions } from "../journal.ts";
import { createOutput } from "../output.ts";
import { isHeld } from "../render/run-state.ts";

export interface MessageOptions extends JournalOptions {
  readonly json?: boolean;
}

export interface CancelOptions extends MessageOptions {
  readonly reason?: string;
}

/** Asks a run to end. */
export function cancelRun(named: string, options: CancelOptions): Promise<number> {
  return post({ named, options, what: "cancel" }, (run) => run.cancel(options.reason));
}

/** Says something to the model before its next turn. */
export function steerRun(
  given: { readonly named: string; readonly text: string },
  options: MessageOptions,
): Promise<number> {
  const { named, text } = given;
  return post({ named, options, what: "steer" }, (run) => run.steer(text));
}

interface Post {
  readonly named: string;
  readonly options: MessageOptions;
  readonly what: "cancel" | "steer";
}

async function post(given: Post, act: (run: Run) => Promise<void>): Promise<number> {
  const { named, options, what } = given;
  const { store } = await openJournal(options);
  const row = await findRun(store, named);
  await act(handle(store, row.runId));
  const isTaken = isHeld(row, Date.now());
  const output = createOutput();
  if (options.json === true) output.json({ runId: row.runId, posted: what, hasWorker: isTaken });
  else output.out(`${what} is posted to run ${row.runId}`);
  if (!isTaken) output.say(`${nobody(row)}: it takes effect with \`bridle resume ${row.runId}\``);
  await store.close();
  return exitCodes.ok;
}

function nobody(row: RunRow): string {
  return row.status === "parked" ? "the run is parked" : "nobody works on the run now";
}

/** A run to post to: no worker stands behind it in this process. */
function handle(store: JournalStore, runId: string): Run {
  return new Run({
    runId,
    store,
    now: () => Date.now(),
    people: [],
    waiters: new Waiters({ store }),
    posted: async () => undefined,
  });
}
