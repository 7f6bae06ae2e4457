import assert from "node:assert/strict";
import type { Append, InboxEntry } from "../journal/store.ts";
import {
  appendOf,
  refusalOf,
  SAMPLE_LEASE_MS,
  SAMPLE_START,
  sampleRun,
  startRun,
  write,
} from "./sample-run.ts";
import { twoHandles, type StoreCase } from "./opened-store.ts";

function message(key: string): Omit<InboxEntry, "id"> {
  return { key, kind: "steer", body: { text: `about ${key}` }, at: SAMPLE_START };
}

function parked(wakeAt: number | null, inboxSeen = 0): NonNullable<Append["after"]> {
  return { status: "parked", wakeAt, inboxSeen };
}

/** S5, and what parking has to do with it. */
export const INBOX_CASES: readonly StoreCase[] = [
  {
    title: "S5 messages are kept in order and each key once",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      await store.create(sampleRun("r1"));
      assert.equal(await store.post("r1", message("a")), "posted");
      assert.equal(await other.post("r1", message("b")), "posted");
      assert.equal(await other.post("r1", message("a")), "duplicate");
      assert.equal(await store.post("r1", { ...message("c"), kind: "cancel" }), "posted");
      const entries = await other.inbox("r1", 0);
      assert.deepEqual(entries, [
        { ...message("a"), id: 1 },
        { ...message("b"), id: 2 },
        { ...message("c"), kind: "cancel", id: 3 },
      ]);
      assert.deepEqual(await store.inbox("r1", 2), entries.slice(2));
      assert.deepEqual(await store.inbox("r1", 3), []);
    },
  },
  {
    title: "S5 of many posts of one key at once exactly one is kept",
    run: async (opened) => {
      const handles = await twoHandles(opened);
      await opened.store.create(sampleRun("r1"));
      const posts = Array.from({ length: 10 }, (_, n) =>
        (n % 2 === 0 ? handles[0] : handles[1]).post("r1", message("cancel")),
      );
      const answers = await Promise.all(posts);
      assert.equal(answers.filter((answer) => answer === "posted").length, 1);
      assert.equal((await opened.store.inbox("r1", 0)).length, 1);
    },
  },
  {
    title: "S5 the same key in two runs is two messages",
    run: async ({ store }) => {
      await store.create(sampleRun("r1"));
      await store.create(sampleRun("r2"));
      assert.equal(await store.post("r1", message("a")), "posted");
      assert.equal(await store.post("r2", message("a")), "posted");
      assert.deepEqual(await store.inbox("r2", 0), [{ ...message("a"), id: 1 }]);
      assert.deepEqual(await store.inbox("r1", 0), [{ ...message("a"), id: 1 }]);
    },
  },
  {
    title: "S5 a message that comes before any worker is kept for the first one",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      await store.create(sampleRun("r1"));
      await store.post("r1", message("early"));
      const claimed = await other.claim("r1", { owner: "w", nowMs: 0, leaseMs: SAMPLE_LEASE_MS });
      assert.equal(claimed.kind, "claimed");
      assert.deepEqual(
        (await other.inbox("r1", 0)).map(({ key }) => key),
        ["early"],
      );
    },
  },
  {
    title: "S5 a message to an unknown run says so and is kept nowhere",
    run: async ({ store }) => {
      assert.equal(await store.post("r9", message("a")), "unknown_run");
      assert.deepEqual(await store.inbox("r9", 0), []);
    },
  },
  {
    title: "S5 a message makes a parked run ready, whatever time it wanted to wait",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const pen = await startRun(store, "r1");
      const wakeAt = SAMPLE_START + 1_000_000;
      const appended = await store.append(pen.fence, appendOf(pen, ["wait"], parked(wakeAt)));
      assert.equal(appended.status, "parked");
      assert.equal((await other.get("r1"))?.status, "parked");
      assert.equal((await other.get("r1"))?.wakeAt, wakeAt);
      await other.post("r1", message("wake up"));
      const row = await store.get("r1");
      assert.equal(row?.status, "ready");
      assert.equal(row.wakeAt, null);
      assert.equal(await store.nextWake(), null);
    },
  },
  {
    title: "S5 a run that wants to park over mail it has not seen stays ready",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      await store.post("r1", message("a"));
      await store.post("r1", message("b"));
      const refused = await store.append(pen.fence, appendOf(pen, ["wait"], parked(null, 1)));
      assert.equal(refused.status, "ready");
      assert.equal(refused.inboxHead, 2);
      assert.equal((await store.get("r1"))?.status, "ready");
      const next = { ...pen, ...refused };
      const accepted = await store.append(pen.fence, appendOf(next, ["wait"], parked(null, 2)));
      assert.equal(accepted.status, "parked");
    },
  },
  {
    title: "S5 every write and every extension tells of new mail",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      const before = await write(store, pen, ["a"]);
      assert.equal(before.inboxHead, 0);
      await store.post("r1", message("a"));
      assert.equal((await write(store, before, ["b"])).inboxHead, 1);
      const extended = await store.extend(pen.fence, SAMPLE_START);
      assert.deepEqual(extended, { held: true, inboxHead: 1 });
    },
  },
  {
    title: "a parked run stays parked until a claim, a message or an event says otherwise",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      const waiting = await store.append(pen.fence, appendOf(pen, [], parked(SAMPLE_START + 5)));
      assert.equal(waiting.head, pen.head);
      const after = await write(store, pen, ["still waiting"]);
      assert.equal(after.status, "parked");
      assert.equal((await store.get("r1"))?.status, "parked");
      await store.release(pen.fence);
      const claim = { owner: "w", nowMs: SAMPLE_START, leaseMs: SAMPLE_LEASE_MS };
      const claimed = await store.claim("r1", claim);
      assert.ok(claimed.kind === "claimed");
      assert.equal(claimed.row.status, "ready");
      assert.deepEqual(await store.get("r1"), claimed.row);
    },
  },
  {
    title: "a long inbox is handed out in pages, without a gap",
    run: async ({ store }) => {
      await store.create(sampleRun("r1"));
      const posts = Array.from({ length: 1_500 }, (_, n) => store.post("r1", message(`k${n}`)));
      await Promise.all(posts);
      const ids: number[] = [];
      for (let page = await store.inbox("r1", 0); page.length > 0;) {
        ids.push(...page.map(({ id }) => id));
        page = await store.inbox("r1", ids.at(-1) ?? 0);
      }
      assert.deepEqual(
        ids,
        Array.from({ length: 1_500 }, (_, n) => n + 1),
      );
    },
  },
  {
    title: "an inbox that is full refuses by name and loses nothing",
    options: { eventsPerRunMax: 257 },
    run: async ({ store }) => {
      await store.create(sampleRun("r1"));
      const posts = Array.from({ length: 257 }, (_, n) => store.post("r1", message(`k${n}`)));
      await Promise.all(posts);
      assert.equal(await refusalOf(store.post("r1", message("one more"))), "events_limit");
      assert.equal(await store.post("r1", message("k0")), "duplicate");
      assert.equal((await store.inbox("r1", 0)).length, 257);
    },
  },
];
