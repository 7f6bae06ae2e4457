import assert from "node:assert/strict";
import { chainHash } from "../journal/record.ts";
import type { Appended, JournalStore } from "../journal/store.ts";
import {
  appendOf,
  refusalOf,
  sampleRun,
  startRun,
  textsOf,
  write,
  type Pen,
} from "./sample-run.ts";
import { twoHandles, type StoreCase } from "./opened-store.ts";

/** S1, S2 and the start of a run. */
export const APPEND_CASES: readonly StoreCase[] = [
  {
    title: "S1 what was appended is read back in order by every handle",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const pen = await startRun(store, "r1");
      const after = await write(store, await write(store, pen, ["a", "b"]), ["c"]);
      assert.equal(after.head, 4);
      assert.equal(after.status, "ready");
      assert.deepEqual(await textsOf(store, "r1"), ["a", "b", "c"]);
      assert.deepEqual(await textsOf(other, "r1"), ["a", "b", "c"]);
    },
  },
  {
    title: "S1 an accepted write survives a close that follows at once",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      if (store === other) return;
      const pen = await startRun(store, "r1");
      const accepted = write(store, pen, ["a"]);
      await store.close();
      await accepted;
      assert.deepEqual(await textsOf(other, "r1"), ["a"]);
    },
  },
  {
    title: "S1 a refused append leaves nothing behind",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      const before = await store.get("r1");
      const refused = { ...appendOf(pen, ["a", "b"], parkedAt(5)), expected: 9 };
      assert.equal(await refusalOf(store.append(pen.fence, refused)), "sequence_conflict");
      assert.deepEqual(await store.get("r1"), before);
      assert.deepEqual(await textsOf(store, "r1"), []);
    },
  },
  {
    title: "S2 of two writers at one place exactly one gets through",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const pen = await startRun(store, "r1");
      for (let round = 0; round < 10; round++) {
        await raceAt(await refreshed(pen, store), [store, other], round);
      }
      assert.equal((await textsOf(store, "r1")).length, 10);
    },
  },
  {
    title: "S2 an append names the head it follows, by sequence and by hash",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      const elsewhere = chainHash({ ...pen, runId: "r2", seq: 1 }, record("{}"));
      const wrong = { ...pen, hash: elsewhere };
      const behind = await write(store, pen, ["a"]);
      assert.equal(await refusalOf(write(store, pen, ["b"])), "sequence_conflict");
      assert.equal(await refusalOf(write(store, { ...behind, head: 7 }, [])), "sequence_conflict");
      assert.equal(await refusalOf(write(store, { ...wrong, head: 2 }, [])), "sequence_conflict");
      assert.deepEqual(await textsOf(store, "r1"), ["a"]);
    },
  },
  {
    title: "S2 a fence opens no other run, and no run that is unknown",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      await store.create(sampleRun("r2"));
      const [second] = await store.read("r2", 1);
      const stranger: Pen = {
        fence: { ...pen.fence, runId: "r2" },
        head: 1,
        hash: second?.hash ?? "",
      };
      assert.equal(await refusalOf(write(store, stranger, ["a"])), "fenced");
      const nobody = { ...pen, fence: { ...pen.fence, runId: "r3" } };
      assert.equal(await refusalOf(write(store, nobody, ["a"])), "run_unknown");
    },
  },
  {
    title: "S2 many runs written at once keep each its own order",
    run: async (opened) => {
      const handles = await twoHandles(opened);
      const work = Array.from({ length: 16 }, async (_, n) => {
        const store = n % 2 === 0 ? handles[0] : handles[1];
        let pen = await startRun(store, `r${n}`);
        for (let i = 0; i < 10; i++) pen = await write(store, pen, [`${n}:${i}`]);
      });
      await Promise.all(work);
      for (let n = 0; n < 16; n++) {
        const expected = Array.from({ length: 10 }, (_, i) => `${n}:${i}`);
        assert.deepEqual(await textsOf(handles[0], `r${n}`), expected);
      }
    },
  },
  {
    title: "the same idempotency key gives the run it gave before",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const keyed = { idempotencyKey: "order 7" };
      const made = await Promise.all(
        ["r1", "r2", "r3", "r4"].map((id, n) =>
          (n % 2 === 0 ? store : other).create(sampleRun(id, keyed)),
        ),
      );
      assert.equal(made.filter(({ kind }) => kind === "created").length, 1);
      const again = await other.create(sampleRun("r5", { ...keyed, requestHash: "another" }));
      assert.ok(again.kind === "exists");
      assert.equal(again.requestHash, "hash of the request");
      const rows = await store.list();
      assert.deepEqual(
        rows.map((row) => row.runId),
        [again.runId],
      );
      assert.equal((await store.create(sampleRun("r6"))).kind, "created");
    },
  },
  {
    title: "a run id that is taken is not written over",
    run: async ({ store }) => {
      await write(store, await startRun(store, "r1"), ["a"]);
      const again = await store.create(sampleRun("r1", { requestHash: "another" }));
      const expected = { kind: "exists", runId: "r1", requestHash: "hash of the request" };
      assert.deepEqual(again, expected);
      assert.deepEqual(await textsOf(store, "r1"), ["a"]);
    },
  },
];

function parkedAt(wakeAt: number): { status: "parked"; wakeAt: number; inboxSeen: number } {
  return { status: "parked", wakeAt, inboxSeen: 0 };
}

function record(body: string): { kind: string; v: number; at: number; body: string } {
  return { kind: "message.added", v: 1, at: 0, body };
}

/** The pen at the run's present end, under the same fence. */
async function refreshed(pen: Pen, store: JournalStore): Promise<Pen> {
  const last = (await store.read(pen.fence.runId, 1)).at(-1);
  return { fence: pen.fence, head: last?.seq ?? 0, hash: last?.hash ?? "" };
}

async function raceAt(pen: Pen, stores: readonly JournalStore[], round: number): Promise<void> {
  const texts = [`${round} first`, `${round} second`];
  const work = texts.map((text, n): Promise<Appended> => {
    const store = stores[n];
    assert.ok(store !== undefined);
    return store.append(pen.fence, appendOf(pen, [text]));
  });
  const settled = await Promise.allSettled(work);
  const lost = settled.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
  assert.equal(lost.length, 1, "one of two got through");
  assert.equal(await refusalOf(Promise.reject(asError(lost[0]))), "sequence_conflict");
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
