/** `cancel` and `steer`: a message into a run's inbox, taken by whoever works on the run. */
import type { JournalStore, RunRow } from "../../journal/store.ts";
import type { JsonObject } from "../../std/json.ts";
import { Run } from "../../orchestration/run-handle.ts";
import { Waiters } from "../../orchestration/waiters.ts";
import { exitCodes } from "../exit-code.ts";
import { findRun } from "../find-run.ts";
import { openJournal, type JournalOptions, type OpenJournal } from "../journal.ts";
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
  const journal = await openJournal(options);
  const { runId } = await findRun(journal.store, named);
  await act(handleOf(journal, runId));
  await tellPosted(journal.store, runId, {
    isJson: options.json === true,
    posted: { posted: what },
    text: `${what} is posted to run ${runId}`,
  });
  await journal.store.close();
  return exitCodes.ok;
}

/** Says what was posted, and what it takes for it to have an effect. */
export async function tellPosted(
  store: JournalStore,
  runId: string,
  given: { readonly isJson: boolean; readonly posted: JsonObject; readonly text: string },
): Promise<void> {
  const output = createOutput();
  const row = await store.get(runId);
  const hasWorker = row !== undefined && isHeld(row, Date.now());
  if (given.isJson) output.json({ runId, ...given.posted, hasWorker });
  else output.out(given.text);
  if (hasWorker || row === undefined) return;
  output.say(`${nobody(row)}: it takes effect with \`bridle resume ${runId}\``);
}

function nobody(row: RunRow): string {
  return row.status === "parked" ? "the run is parked" : "nobody works on the run now";
}

/** A run to post to: no worker stands behind it in this process. */
export function handleOf({ store, people, sealSecret }: OpenJournal, runId: string): Run {
  return new Run({
    runId,
    store,
    now: () => Date.now(),
    people,
    sealSecret,
    waiters: new Waiters({ store }),
    posted: async () => undefined,
  });
}
