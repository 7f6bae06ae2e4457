import assert from "node:assert/strict";
import { readEvents } from "../journal/read-run.ts";
import type { JournalStore } from "../journal/store.ts";
import { sha256 } from "../std/hash.ts";
import { canonicalJson, type Json } from "../std/json.ts";
import { refusalOf, SAMPLE_START, sampleRun, startRun, write, type Pen } from "./sample-run.ts";
import { twoHandles, type StoreCase } from "./opened-store.ts";

/** What databases and text encodings are known to trip over. */
const AWKWARD: readonly Json[] = [
  "",
  "ünïcödé Ελληνικά 漢字 🐎🏽 e\u0301",
  "a\u0000b",
  "lone \ud800 and \udfff surrogates",
  "\u2028 \u2029 \ufeff \u007f \u0001",
  "quotes \" \\ ' ` ; -- %s ${x}",
  "a trailing blank \n\r\t",
  [0, 0.1, 1e21, 5e-324, -1, Number.MAX_SAFE_INTEGER, 1.7976931348623157e308],
  [null, true, false, [], {}, [[[]]]],
  { "": 1, "\u0000": 2, "🐎": 3, constructor: 4, $spilled: 5, toString: 6, b: { a: 1 } },
  JSON.parse('{"__proto__": {"polluted": true}}') as Json, // What `JSON.parse` returns is Json.
];

const SPILL = { spillChars: 50 };

export const CONTENT_CASES: readonly StoreCase[] = [
  {
    title: "what is awkward to store comes back as it was",
    run: (opened) => roundTrip(opened.store, AWKWARD),
  },
  {
    title: "what is awkward to store comes back from blobs as it was",
    options: SPILL,
    run: (opened) =>
      roundTrip(
        opened.store,
        AWKWARD.map((each) => [each, "x".repeat(60)]),
      ),
  },
  {
    title: "large content is kept once, outside the event, and opened again",
    options: { spillChars: 1_000 },
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const text = `${"large and compressible ".repeat(2_000)}🐎\u0000\ud800`;
      const pen = await write(store, await startRun(store, "r1"), [text]);
      await write(store, pen, [text]);
      const records = await other.read("r1", 2);
      assert.equal(records.length, 2);
      for (const { body } of records) assert.ok(body.length < 1_000, "the event stays small");
      const digest = sha256(canonicalJson(text));
      assert.equal(await other.readBlob(digest), canonicalJson(text));
      assert.equal(await other.readBlob(sha256("nobody wrote this")), undefined);
      const told = (await readEvents(other, "r1", 2)).map((event) => "text" in event && event.text);
      assert.deepEqual(told, [text, text]);
    },
  },
  {
    title: "reads in pages, from any event on, without a gap",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      await write(
        store,
        pen,
        Array.from({ length: 24 }, (_, n) => `${n}`),
      );
      const seqs = async (from: number, limit?: number): Promise<readonly number[]> =>
        (await store.read("r1", from, limit)).map(({ seq }) => seq);
      const all = Array.from({ length: 25 }, (_, n) => n + 1);
      assert.deepEqual(await seqs(1), all);
      assert.deepEqual(await seqs(0), all);
      assert.deepEqual(await seqs(1, 10), all.slice(0, 10));
      assert.deepEqual(await seqs(11, 10), all.slice(10, 20));
      assert.deepEqual(await seqs(21, 10), all.slice(20));
      assert.deepEqual(await seqs(26), []);
      assert.deepEqual(await seqs(1, 0), []);
      assert.deepEqual(await seqs(1, -1), []);
    },
  },
  {
    title: "a long run reads alike under a lease, after it, and through every handle",
    run: async (opened) => {
      const handles = await twoHandles(opened);
      const [store] = handles;
      let pen: Pen = await startRun(store, "r1");
      for (let n = 0; n < 450; n++) {
        pen = await write(store, pen, n % 7 === 0 ? [`${n}`, "again"] : [`${n}`]);
        if (n % 50 === 0) await store.extend(pen.fence, SAMPLE_START);
      }
      const all = Array.from({ length: pen.head }, (_, n) => n + 1);
      const look = async (): Promise<void> => {
        for (const handle of handles) {
          assert.deepEqual(
            (await handle.read("r1", 1)).map(({ seq }) => seq),
            all,
          );
          assert.deepEqual(
            (await handle.read("r1", 300, 90)).map(({ seq }) => seq),
            all.slice(299, 389),
          );
          assert.equal((await handle.get("r1"))?.head, pen.head);
          assert.equal((await handle.list())[0]?.head, pen.head);
        }
      };
      await look();
      await store.release(pen.fence);
      await look();
    },
  },
  {
    title: "reads of one run never reach into the next",
    run: async ({ store }) => {
      await write(store, await startRun(store, "r1"), ["a"]);
      await write(store, await startRun(store, "r2"), ["b", "c"]);
      assert.equal((await store.read("r1", 1)).length, 2);
      assert.equal((await store.read("r1", 2 ** 20)).length, 0);
      assert.equal((await store.read("r2", 1)).length, 3);
    },
  },
  {
    title: "what is no event is refused before anything is written",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      const loop: Record<string, unknown> = {};
      loop["self"] = loop;
      for (const output of [Number.NaN, 1n, () => 1, loop]) {
        assert.equal(await refusalOf(complete(store, pen, output)), "event_invalid");
      }
      assert.equal((await store.get("r1"))?.head, 1);
      const run = sampleRun("r2", { at: SAMPLE_START + 0.5 });
      assert.equal(await refusalOf(store.create(run)), "event_invalid");
      assert.equal(await store.get("r2"), undefined);
    },
  },
];

async function roundTrip(store: JournalStore, values: readonly Json[]): Promise<void> {
  let pen = await startRun(store, "r1");
  for (const value of values) pen = { fence: pen.fence, ...(await complete(store, pen, value)) };
  const back = (await readEvents(store, "r1", 2)).map((event) =>
    event.kind === "call.completed" ? event.output : undefined,
  );
  assert.deepEqual(back, values);
}

/** `unknown`, because some of what is handed in is no Json on purpose. */
function complete(
  store: JournalStore,
  pen: Pen,
  output: unknown,
): ReturnType<JournalStore["append"]> {
  // The store must refuse what only a caller without types can hand over.
  const body = { kind: "call.completed", callId: "t1c0", ms: 1, output: output as Json } as const;
  const events = [{ at: SAMPLE_START, body }];
  return store.append(pen.fence, { expected: pen.head, hash: pen.hash, events });
}
