import { BridleError } from "../std/error.ts";
import type { JournalEvent } from "./event.ts";
import { foldEvent } from "./fold.ts";
import { openInlineRecord, openRecord, type EventRecord } from "./record.ts";
import { emptyRun, type RunState } from "./run.ts";
import type { JournalStore } from "./store.ts";

const PAGE = 10_000;

/** All events of a run from a sequence on, blobs brought back. */
export async function readEvents(
  store: JournalStore,
  runId: string,
  fromSeq = 1,
): Promise<JournalEvent[]> {
  const events: JournalEvent[] = [];
  for await (const record of records(store, runId, fromSeq)) events.push(await open(store, record));
  return events;
}

/** The state of a run as its journal says it; undefined when there is no such run. */
export async function readRun(store: JournalStore, runId: string): Promise<RunState | undefined> {
  let state = emptyRun(runId);
  let hash = "";
  for await (const record of records(store, runId, 1)) {
    state = foldEvent(state, openInlineRecord(record) ?? (await open(store, record)));
    hash = record.hash ?? hash;
  }
  return state.head === 0 ? undefined : { ...state, hash };
}

function open(store: JournalStore, record: EventRecord): Promise<JournalEvent> {
  return openRecord(record, (digest) => store.readBlob(digest));
}

async function* records(
  store: JournalStore,
  runId: string,
  fromSeq: number,
): AsyncIterable<EventRecord> {
  for (let from = fromSeq; ;) {
    const page = await store.read(runId, from, PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    from = last.seq + 1;
  }
}

/** As `readRun`, but a run that does not exist is an error. */
export async function requireRun(store: JournalStore, runId: string): Promise<RunState> {
  const state = await readRun(store, runId);
  if (state !== undefined) return state;
  throw new BridleError("run_unknown", `No run "${runId}" in this journal`, {
    hint: "List the runs with `bridle runs`.",
  });
}
