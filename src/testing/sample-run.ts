/** Runs to write and read in contract suites: real events, nothing of an agent behind them. */
import assert from "node:assert/strict";
import type { EventBody } from "../journal/event.ts";
import { verifyChain, type EventRecord } from "../journal/record.ts";
import type { Append, Appended, Fence, JournalStore, NewRun } from "../journal/store.ts";
import { isBridleError } from "../std/error.ts";

/** The moment at which sample runs are created, ms since the epoch. */
export const SAMPLE_START: number = Date.UTC(2026, 0, 1);

/** How long a sample run's first lease lasts, ms. */
export const SAMPLE_LEASE_MS = 10_000;

export function sampleRun(runId: string, changes: Partial<NewRun> = {}): NewRun {
  return {
    runId,
    agent: "sample",
    lane: "sample",
    requestHash: "hash of the request",
    created: {
      kind: "run.created",
      agent: "sample",
      fingerprints: {},
      input: "count",
      limits: { callsMax: 100, tokensMax: 1_000_000, turnsMax: 100, wallMs: 86_400_000 },
      prompt: "count",
      runId,
    },
    at: SAMPLE_START,
    ...changes,
  };
}

/** An event that says `text`. */
export function saying(text: string): EventBody {
  return { kind: "message.added", from: "harness", text };
}

/** What a writer knows of its run. */
export interface Pen {
  readonly fence: Fence;
  readonly head: number;
  readonly hash: string;
}

/** Creates a run that the caller may write at once. */
export async function startRun(
  store: JournalStore,
  runId: string,
  changes: Partial<NewRun> = {},
): Promise<Pen> {
  const lease = { owner: "first", until: SAMPLE_START + SAMPLE_LEASE_MS };
  const created = await store.create(sampleRun(runId, { lease, ...changes }));
  assert.equal(created.kind, "created");
  assert.ok(created.kind === "created" && created.fence !== null, "a lease gives a fence");
  return { fence: created.fence, head: 1, hash: created.hash };
}

/** The append of these texts after what the pen knows. */
export function appendOf(pen: Pen, texts: readonly string[], after?: Append["after"]): Append {
  const events = texts.map((text) => ({ at: SAMPLE_START + pen.head, body: saying(text) }));
  return {
    expected: pen.head,
    hash: pen.hash,
    events,
    ...(after === undefined ? {} : { after }),
  };
}

/** Writes and hands back the pen as it is afterwards. */
export async function write(
  store: JournalStore,
  pen: Pen,
  texts: readonly string[],
): Promise<Pen & Appended> {
  const appended = await store.append(pen.fence, appendOf(pen, texts));
  return { fence: pen.fence, ...appended };
}

/** Takes the run for `owner`, whatever lease there is, and picks up its pen. */
export async function takeRun(store: JournalStore, runId: string, owner: string): Promise<Pen> {
  const claimed = await store.claim(runId, {
    owner,
    nowMs: SAMPLE_START,
    leaseMs: SAMPLE_LEASE_MS,
    takeFromEpoch: (await store.get(runId))?.epoch ?? 0,
  });
  assert.equal(claimed.kind, "claimed");
  assert.ok(claimed.kind === "claimed");
  const last = (await store.read(runId, claimed.row.head)).at(-1);
  assert.ok(typeof last?.hash === "string", "the last event carries its hash");
  return { fence: claimed.fence, head: last.seq, hash: last.hash };
}

/** The texts a run's events say, after the chain was found unbroken. */
export async function textsOf(store: JournalStore, runId: string): Promise<readonly string[]> {
  const records = await store.read(runId, 1);
  assert.equal(verifyChain(runId, records), null, "the chain is unbroken");
  return records.flatMap(textOf);
}

function textOf(record: EventRecord): readonly string[] {
  if (record.kind !== "message.added") return [];
  const body: { readonly text?: unknown } = JSON.parse(record.body);
  return [String(body.text)];
}

/** The code with which work is refused; work that is done, or breaks otherwise, fails the test. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (thrown) {
    if (isBridleError(thrown)) return thrown.code;
    throw thrown;
  }
  return assert.fail("the store did what it had to refuse");
}
