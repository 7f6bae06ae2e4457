import type { JournalEvent } from "../journal/event.ts";
import { readEvents } from "../journal/read-run.ts";
import type { JournalStore } from "../journal/store.ts";
import { systemClock } from "../std/clock.ts";

const POLL_MS = 100;

/**
 * Reads a run's events as they become durable, whichever process writes them, until the run ends.
 * When `stop` is aborted it reads once more and returns.
 */
export async function* followEvents(
  store: JournalStore,
  runId: string,
  stop?: AbortSignal,
): AsyncGenerator<JournalEvent> {
  for (let next = 1; ;) {
    const isLast = stop?.aborted === true;
    for (const event of await readEvents(store, runId, next)) {
      yield event;
      if (event.kind === "run.finished") return;
      next = event.seq + 1;
    }
    if (isLast) return;
    // An abort during the wait only ends the wait: what was written last is still to be read.
    await systemClock.sleep(POLL_MS, stop).catch(() => undefined);
  }
}
