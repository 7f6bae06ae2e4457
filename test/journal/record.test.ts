import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldEvents } from "../../src/journal/fold.ts";
import { defaultJournalLimits, journalLimits } from "../../src/journal/limits.ts";
import {
  chainStart,
  openInlineRecord,
  openRecord,
  sealEvents,
  verifyChain,
  type Blob,
  type EventRecord,
} from "../../src/journal/record.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import { canonicalJson } from "../../src/std/json.ts";
import { anyJournal } from "./any-journal.ts";

const SMALL = journalLimits({ spillChars: 20 });

interface Written {
  readonly records: readonly EventRecord[];
  readonly blobs: readonly Blob[];
}

/** The journal as it is written in appends of these sizes. */
function seal(
  events: readonly JournalEvent[],
  sizes: readonly number[],
  limits: typeof SMALL = defaultJournalLimits,
): Written {
  let head = chainStart("r1");
  const records: EventRecord[] = [];
  const blobs: Blob[] = [];
  for (let from = 0, n = 0; from < events.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    const bodies = events
      .slice(from, from + size)
      .map(({ seq: _seq, at, ...body }) => ({ at, body }));
    const sealed = sealEvents(head, bodies, limits);
    records.push(...sealed.records);
    blobs.push(...sealed.blobs);
    head = { runId: "r1", seq: head.seq + bodies.length, hash: sealed.hash };
    from += size;
  }
  return { records, blobs };
}

async function open({ records, blobs }: Written): Promise<readonly JournalEvent[]> {
  const texts = new Map(blobs.map((blob) => [blob.sha256, blob.text]));
  const read = async (digest: string): Promise<string | undefined> => texts.get(digest);
  return Promise.all(records.map((record) => openRecord(record, read)));
}

const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });

describe("a journal as it is stored", () => {
  test.each([
    ["in events alone", defaultJournalLimits],
    ["with its content in blobs", SMALL],
  ])("comes back as it was written, %s", async (_, limits) => {
    await fc.assert(
      fc.asyncProperty(anyJournal, sizes, async (events, appends) => {
        const written = seal(events, appends, limits);
        expect(verifyChain("r1", written.records)).toBeNull();
        const back = await open(written);
        expect(back).toEqual(events);
        const state = canonicalJson(foldEvents("r1", back));
        expect(state).toBe(canonicalJson(foldEvents("r1", events)));
      }),
    );
  });

  test("is one text for one content: bodies are canonical", () => {
    fc.assert(
      fc.property(anyJournal, (events) => {
        for (const { body } of seal(events, [3], SMALL).records) {
          expect(canonicalJson(JSON.parse(body))).toBe(body);
        }
      }),
    );
  });

  test("keeps small what is large: an event holds the digest, the blob the content", () => {
    const text = "x".repeat(50_000);
    const event = { kind: "message.added", from: "person", text, seq: 1, at: 0 } as const;
    const { records, blobs } = seal([event, { ...event, seq: 2 }], [1]);
    expect(records[0]?.body.length).toBeLessThan(200);
    expect(blobs.map((blob) => blob.text)).toEqual([JSON.stringify(text), JSON.stringify(text)]);
    expect(new Set(blobs.map((blob) => blob.sha256)).size).toBe(1);
    const [record] = records;
    expect(record === undefined ? null : openInlineRecord(record)).toBeUndefined();
  });

  test.each([
    ["missing", undefined],
    ["changed", JSON.stringify("another text")],
  ])("says so when a blob is %s", async (_, text) => {
    const event = { kind: "message.added", from: "person", text: "y".repeat(99), seq: 1, at: 0 };
    const [record] = seal([event as JournalEvent], [1], SMALL).records;
    if (record === undefined) throw new Error("nothing was sealed");
    await expect(openRecord(record, async () => text)).rejects.toMatchObject({
      code: "blob_missing",
    });
  });

  test("says so when a body is no JSON", async () => {
    const record = { seq: 3, kind: "message.added", v: 1, at: 0, body: "{oops", hash: null };
    await expect(openRecord(record, async () => undefined)).rejects.toMatchObject({
      code: "journal_corrupt",
    });
  });
});

/** Ways to tamper with record `index`; each leaves the others as they are. */
const TAMPER: Record<string, (record: EventRecord) => EventRecord> = {
  "a letter more": (record) => ({ ...record, body: `${record.body} ` }),
  "another time": (record) => ({ ...record, at: record.at + 1 }),
  "another kind": (record) => ({ ...record, kind: `${record.kind}!` }),
  "another version": (record) => ({ ...record, v: record.v + 1 }),
  "another place": (record) => ({ ...record, seq: record.seq + 1 }),
};

describe("the chain of a journal", () => {
  test("is broken by a change to any part of any event", () => {
    fc.assert(
      fc.property(anyJournal, sizes, fc.nat(), (events, appends, at) => {
        const { records } = seal(events, appends);
        const index = at % records.length;
        for (const change of Object.values(TAMPER)) {
          const changed = records.map((record, n) => (n === index ? change(record) : record));
          expect(verifyChain("r1", changed)).toBeGreaterThan(index);
        }
      }),
    );
  });

  test("is broken by a change to any single byte of a body", () => {
    fc.assert(
      fc.property(anyJournal, fc.nat(), fc.nat(), (events, at, place) => {
        const { records } = seal(events, [2]);
        const index = at % records.length;
        const changed = records.map((record, n) => {
          if (n !== index) return record;
          const bytes = Buffer.from(record.body);
          const byte = place % bytes.length;
          bytes[byte] = (bytes[byte] ?? 0) ^ 1;
          return { ...record, body: bytes.toString("latin1") };
        });
        expect(verifyChain("r1", changed)).not.toBeNull();
      }),
    );
  });

  test("is broken by an event that is dropped, doubled or out of order", () => {
    let looked = 0;
    fc.assert(
      fc.property(anyJournal, sizes, fc.nat(), (events, appends, at) => {
        const { records } = seal(events, appends);
        fc.pre(records.length > 1);
        const index = at % (records.length - 1);
        const renumber = (list: readonly EventRecord[]): readonly EventRecord[] =>
          list.map((record, n) => ({ ...record, seq: n + 1 }));
        const dropped = records.filter((_, n) => n !== index);
        const doubled = records.flatMap((record, n) => (n === index ? [record, record] : [record]));
        const swapped = records.map((record, n) => {
          if (n === index) return { ...(records[n + 1] ?? record), hash: record.hash };
          if (n === index + 1) return { ...(records[index] ?? record), hash: record.hash };
          return record;
        });
        for (const list of [dropped, doubled, swapped]) {
          expect(verifyChain("r1", list)).not.toBeNull();
          expect(verifyChain("r1", renumber(list))).not.toBeNull();
        }
        looked += 1;
      }),
    );
    expect(looked).toBeGreaterThan(50);
  });

  test("does not end in the middle of an append", () => {
    fc.assert(
      fc.property(anyJournal, (events) => {
        fc.pre(events.length > 1);
        const { records } = seal(events, [events.length]);
        for (let end = 1; end < records.length; end++) {
          expect(verifyChain("r1", records.slice(0, end))).toBe(end);
        }
      }),
    );
  });

  test("belongs to its run alone, and an empty one is sound", () => {
    fc.assert(
      fc.property(anyJournal, (events) => {
        const { records } = seal(events, [1]);
        expect(verifyChain("r2", records)).toBe(1);
        expect(verifyChain("r1", [])).toBeNull();
      }),
      { numRuns: 20 },
    );
  });

  test("is the one that is documented, so that others can check it without us", () => {
    const sha = (text: string): string => createHash("sha256").update(text).digest("hex");
    const first = { kind: "message.added", from: "person", text: "hello", seq: 1, at: 7 } as const;
    const { records } = seal([first, { ...first, text: "again", seq: 2, at: 8 }], [1]);
    let prev = "";
    for (const { seq, kind, v, at, body, hash } of records) {
      const header = { at, body: sha(body), kind, prev, run: "r1", seq, v };
      prev = sha(JSON.stringify(header));
      expect(hash).toBe(prev);
    }
    expect(records.map(({ body }) => body)).toEqual([
      '{"from":"person","text":"hello"}',
      '{"from":"person","text":"again"}',
    ]);
  });
});

describe("limits", () => {
  test.each([
    { spillChars: 0 },
    { eventCharsMax: 1.5 },
    { blobBytesMax: Number.NaN },
    { eventsPerRunMax: 256 },
    { eventsPerRunMax: 2 ** 20 },
  ])("that cannot work are refused: %o", (limits) => {
    expect(() => journalLimits(limits)).toThrow(expect.objectContaining({ code: "limit_invalid" }));
  });

  test("that are not given are the defaults", () => {
    expect(journalLimits()).toEqual(defaultJournalLimits);
    expect(journalLimits({ spillChars: 5 })).toEqual({ ...defaultJournalLimits, spillChars: 5 });
  });
});
