import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { eventCodes, eventVersions, type EventKind } from "../../src/journal/event.ts";
import { foldEvents } from "../../src/journal/fold.ts";
import { readRun } from "../../src/journal/read-run.ts";
import { openRecord, verifyChain, type EventRecord } from "../../src/journal/record.ts";
import type { RunState } from "../../src/journal/run.ts";
import { isEventKind, upcast } from "../../src/journal/upcast.ts";
import { makeFolder, openJournal } from "../storage/folder.ts";

/** A journal as the first version wrote it: `run.created` in version 1. */
const fixture: { readonly runId: string; readonly records: readonly EventRecord[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "fixtures", "run-created-v1.json"), "utf8"),
);

function expectSane(state: RunState | undefined): void {
  expect(state).toMatchObject({
    runId: fixture.runId,
    head: 6,
    status: "finished",
    turn: 2,
    callCount: 1,
    outcome: { kind: "succeeded" },
    created: {
      agent: "refund-desk",
      fingerprints: {},
      input: { orderId: "A-17" },
      limits: { callsMax: 40, tokensMax: 10_000_000, turnsMax: 12, wallMs: 86_400_000 },
      prompt: '{"orderId":"A-17"}',
    },
  });
  expect(state?.messages.toArray().map((message) => message.role)).toEqual([
    "user",
    "assistant",
    "tool",
    "assistant",
  ]);
  expect(state?.receipts.toArray()).toMatchObject([
    { tool: "refund", effect: "once", input: { orderId: "A-17" }, output: { refundId: "R-1" } },
  ]);
}

describe("a journal of an earlier schema", () => {
  test("has an unbroken chain: lifting happens on reading, the stored bytes stay", () => {
    expect(fixture.records[0]).toMatchObject({ kind: "run.created", v: 1 });
    expect(eventVersions["run.created"]).toBeGreaterThan(1);
    expect(verifyChain(fixture.runId, fixture.records)).toBeNull();
  });

  test("folds to the state it would have today", async () => {
    const noBlob = async (): Promise<undefined> => undefined;
    const events = await Promise.all(fixture.records.map((record) => openRecord(record, noBlob)));
    expectSane(foldEvents(fixture.runId, events));
  });

  test("reads from a file in which it lay all the time", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    const db = new DatabaseSync(path);
    db.prepare(
      `INSERT INTO runs VALUES (1, ?, 'refund-desk', 'l', 'finished', 'succeeded', 1, NULL, NULL,
        NULL, NULL, '', 0, 0, ?, ?)`,
    ).run(fixture.runId, fixture.records.length, fixture.records.length);
    const insert = db.prepare("INSERT INTO events VALUES (?, 1, ?, ?, ?, ?, ?, ?)");
    for (const { seq, kind, v, at, hash, body } of fixture.records) {
      const code = isEventKind(kind) ? eventCodes[kind] : 0;
      insert.run(seq, seq, code, v, at, hash === null ? null : Buffer.from(hash, "hex"), body);
    }
    db.prepare("INSERT INTO extents VALUES (?, 1, ?)").run(2 ** 20 + 1, fixture.records.length);
    db.close();
    expectSane(await readRun(journal, fixture.runId));
    expect(await journal.integrity()).toEqual({ ok: true, runs: 1, events: 6, problems: [] });
  });
});

describe("a journal of a later schema", () => {
  test.each([
    ["a kind it does not know", "run.dreamt", 1],
    ["a version from the future", "message.added", 2],
    ["a version before the first", "message.added", 0],
    ["a kind that every object has", "constructor", 1],
  ])("with %s is an error with the way out, never misread", (_, kind, version) => {
    expect(() => upcast(kind, version, {})).toThrow(
      expect.objectContaining({ code: "event_unknown_version" }),
    );
  });

  test("is told of by name when it lies in a file", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    const { startRun, write } = await import("../../src/testing/sample-run.ts");
    const pen = await write(journal, await startRun(journal, "r1"), ["a"]);
    await journal.release(pen.fence);
    const db = new DatabaseSync(path);
    db.exec("UPDATE events SET kind = 99 WHERE seq = 2");
    db.close();
    await expect(readRun(journal, "r1")).rejects.toMatchObject({
      code: "event_unknown_version",
      message: expect.stringContaining("kind 99"),
      hint: expect.stringContaining("upgrade"),
    });
  });
});

test("every kind that was raised has its way up from every version before", () => {
  let lifted = 0;
  for (const [kind, version] of Object.entries(eventVersions)) {
    expect(eventCodes).toHaveProperty([kind]);
    const known: EventKind | undefined = isEventKind(kind) ? kind : undefined;
    expect(known).toBe(kind);
    for (let from = 1; from < version; from++) {
      expect(typeof upcast(kind, from, {})).toBe("object");
      lifted += 1;
    }
  }
  expect(lifted).toBeGreaterThan(0);
});
