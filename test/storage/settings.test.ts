import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { eventCodes } from "../../src/journal/event.ts";
import { openDatabase, pragma } from "../../src/storage/sqlite/open.ts";
import { SCHEMA_VERSION } from "../../src/storage/sqlite/schema.ts";
import { sqlite } from "../../src/storage/sqlite/sqlite.ts";
import { appendOf, startRun } from "../../src/testing/sample-run.ts";
import { makeFolder, openJournal } from "./folder.ts";

describe("a journal file", () => {
  test.each([
    ["full", 2],
    ["normal", 1],
  ] as const)("is opened with synchronous %s, read back from the connection", (level, value) => {
    const { db, readOnly } = openDatabase(join(makeFolder(), "journal.db"), level);
    expect(readOnly).toBeNull();
    expect(pragma(db, "synchronous")).toBe(value);
    expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    db.close();
  });

  test("says what its commits survive", () => {
    const folder = makeFolder();
    expect(openJournal(join(folder, "a.db")).durability).toBe("power");
    expect(openJournal(join(folder, "b.db"), { synchronous: "normal" }).durability).toBe("process");
    expect(openJournal(":memory:").durability).toBe("none");
  });

  test("refuses a level that does not exist", () => {
    const path = join(makeFolder(), "journal.db");
    const options: object = { synchronous: "off" };
    expect(() => sqlite(path, options)).toThrow(
      expect.objectContaining({ code: "config_invalid" }),
    );
  });

  test("is marked as ours, in the header that tools read", async () => {
    const path = join(makeFolder(), "journal.db");
    await sqlite(path).close();
    const header = readFileSync(path);
    expect(header.toString("latin1", 68, 72)).toBe("BRDL");
    expect(header.readUInt32BE(60)).toBe(SCHEMA_VERSION);
  });

  test("names every kind of event for people with a SQL prompt", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    const pen = await startRun(journal, "r1");
    await journal.append(pen.fence, appendOf(pen, ["hello"]));
    const db = new DatabaseSync(path, { readOnly: true });
    const kinds = db.prepare("SELECT name, kind FROM kinds ORDER BY kind").all();
    const story = db.prepare("SELECT run_id, seq, kind, body FROM journal ORDER BY seq").all();
    db.close();
    expect(Object.fromEntries(kinds.map((row) => [row["name"], row["kind"]]))).toEqual(eventCodes);
    expect(story.map((row) => [row["run_id"], row["seq"], row["kind"]])).toEqual([
      ["r1", 1, "run.created"],
      ["r1", 2, "message.added"],
    ]);
    expect(story[1]?.["body"]).toContain("hello");
  });

  test("never gives a kind's number to another kind", () => {
    expect(eventCodes).toMatchObject({
      "run.created": 1,
      "run.leased": 2,
      "model.answered": 3,
      "call.refused": 4,
      "call.claimed": 5,
      "call.completed": 6,
      "call.failed": 7,
      "call.in_doubt": 8,
      "call.resolved": 9,
      "message.added": 10,
      "run.cancel_requested": 11,
      "run.parked": 12,
      "run.finished": 13,
      "approval.requested": 14,
      "approval.voted": 15,
      "approval.settled": 16,
      "obligation.opened": 17,
      "obligation.declined": 18,
      "gate.checked": 19,
    });
    expect(new Set(Object.values(eventCodes)).size).toBe(Object.keys(eventCodes).length);
  });

  test("keeps large content compressed, once for all runs", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    const text = "the same long answer of the outside system; ".repeat(20_000);
    for (let n = 0; n < 20; n++) {
      const pen = await startRun(journal, `r${n}`);
      await journal.append(pen.fence, appendOf(pen, [text]));
    }
    await journal.close();
    expect(text.length * 20).toBeGreaterThan(17_000_000);
    expect(statSync(path).size).toBeLessThan(200_000);
  });
});
