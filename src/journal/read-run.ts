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
  await eachEvent(store, { runId, fromSeq }, (event) => events.push(event));
  return events;
}

/** The state of a run as its journal says it; undefined when there is no such run. */
export async function readRun(store: JournalStore, runId: string): Promise<RunState | undefined> {
  let state = emptyRun(runId);
  let hash = "";
  await eachEvent(store, { runId, fromSeq: 1 }, (event, record) => {
    state = foldEvent(state, event);
    hash = record.hash ?? hash;
  });
  return state.head === 0 ? undefined : { ...state, hash };
}

/** Page by page; only an event with a blob behind it costs a wait of its own. */
async function eachEvent(
  store: JournalStore,
  from: { readonly runId: string; readonly fromSeq: number },
  take: (event: JournalEvent, record: EventRecord) => void,
): Promise<void> {
  for (let { fromSeq } = from; ;) {
    const page = await store.read(from.runId, fromSeq, PAGE);
    for (const record of page) {
      take(openInlineRecord(record) ?? (await open(store, record)), record);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    fromSeq = last.seq + 1;
  }
}

function open(store: JournalStore, record: EventRecord): Promise<JournalEvent> {
  return openRecord(record, (digest) => store.readBlob(digest));
}

/** As `readRun`, but a run that does not exist is an error. */
export async function requireRun(store: JournalStore, runId: string): Promise<RunState> {
  const state = await readRun(store, runId);
  if (state !== undefined) return state;
  throw new BridleError("run_unknown", `No run "${runId}" in this journal`, {
    hint: "List the runs with `bridle runs`.",
  });
}
