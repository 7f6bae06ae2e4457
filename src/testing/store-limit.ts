import assert from "node:assert/strict";
import { defaultJournalLimits, eventsReserved } from "../journal/limits.ts";
import type { EventBody } from "../journal/event.ts";
import {
  appendOf,
  refusalOf,
  SAMPLE_START,
  sampleRun,
  saying,
  startRun,
  textsOf,
  write,
  type Pen,
} from "./sample-run.ts";
import type { StoreCase } from "./opened-store.ts";

const EVENTS_MAX = eventsReserved + 10;

function answer(turn: number): EventBody {
  return {
    kind: "model.answered",
    content: [{ type: "text", text: "more" }],
    finish: "stop",
    model: "sample",
    ms: 1,
    turn,
    usage: {},
  };
}

/** Each limit is a named refusal, before anything is written. */
export const LIMIT_CASES: readonly StoreCase[] = [
  {
    title: "the limits are the defaults unless others are given",
    run: async ({ store }) => {
      await Promise.resolve();
      assert.deepEqual(store.limits, defaultJournalLimits);
    },
  },
  {
    title: "an event over its size is refused by name, with its neighbours",
    options: { spillChars: 10_000, eventCharsMax: 500 },
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      const append = appendOf(pen, ["fine", "x".repeat(501)]);
      assert.equal(await refusalOf(store.append(pen.fence, append)), "event_too_large");
      assert.equal((await store.get("r1"))?.head, 1);
      assert.equal((await write(store, pen, ["still open"])).head, 2);
    },
  },
  {
    title: "a message over the size of an event is refused by name",
    options: { eventCharsMax: 500 },
    run: async ({ store }) => {
      await store.create(sampleRun("r1"));
      const body = { text: "x".repeat(500) };
      const post = store.post("r1", { key: "k", kind: "steer", body, at: SAMPLE_START });
      assert.equal(await refusalOf(post), "event_too_large");
      assert.deepEqual(await store.inbox("r1", 0), []);
    },
  },
  {
    title: "a blob over its size is refused by name; bytes count, not characters",
    options: { spillChars: 100, blobBytesMax: 1_002 },
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      // The two quotation marks of a JSON string count as well.
      assert.equal(await refusalOf(write(store, pen, ["ü".repeat(501)])), "blob_too_large");
      const after = await write(store, pen, ["ü".repeat(500)]);
      assert.equal(after.head, 2);
    },
  },
  {
    title: "a run that cannot be written down is not created",
    options: { spillChars: 100, blobBytesMax: 1_000 },
    run: async ({ store }) => {
      const run = sampleRun("r1");
      const created = saying("x".repeat(2_000));
      const create = store.create({ ...run, created, idempotencyKey: "k" });
      assert.equal(await refusalOf(create), "blob_too_large");
      assert.deepEqual(await store.list(), []);
      assert.equal((await store.create({ ...run, idempotencyKey: "k" })).kind, "created");
    },
  },
  {
    title: "a run at its limit takes no answer, keeps room to settle, and then no event at all",
    options: { eventsPerRunMax: EVENTS_MAX },
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      const full = await write(
        store,
        pen,
        Array.from({ length: 9 }, (_, n) => `${n}`),
      );
      assert.equal(full.head, 10);
      assert.equal(await refusalOf(answerAfter(store, full)), "events_limit");
      let last: Pen = full;
      for (let n = 0; n < eventsReserved; n++) last = await write(store, last, [`r${n}`]);
      assert.equal(await refusalOf(write(store, last, ["one more"])), "events_limit");
      assert.equal((await textsOf(store, "r1")).length, EVENTS_MAX - 1);
      const then = { status: "finished", outcome: "failed_recoverable" } as const;
      assert.equal((await store.append(pen.fence, appendOf(last, [], then))).status, "finished");
    },
  },
];

function answerAfter(store: Parameters<typeof write>[0], pen: Pen): Promise<unknown> {
  const events = [{ at: SAMPLE_START, body: answer(1) }];
  return store.append(pen.fence, { expected: pen.head, hash: pen.hash, events });
}
