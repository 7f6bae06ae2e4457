import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { EventBody } from "../../src/journal/event.ts";
import type { Append, JournalStore } from "../../src/journal/store.ts";
import { appendOf, refusalOf, startRun, textsOf, write } from "../../src/testing/sample-run.ts";
import { makeFolder, openJournal } from "./folder.ts";

/** A journal with a finished run, an open one, and content in blobs. */
async function fill(store: JournalStore): Promise<void> {
  const first = await write(store, await startRun(store, "done"), ["a", "b", "x".repeat(50_000)]);
  const reason = { code: "cancelled", message: "asked to" } as const;
  const end: EventBody = {
    kind: "run.finished",
    inDoubt: [],
    outcome: "cancelled",
    reason,
    text: null,
  };
  const last: Append = {
    ...appendOf(first, [], { status: "finished", outcome: "cancelled" }),
    events: [{ at: 1, body: end }],
  };
  await store.append(first.fence, last);
  const second = await write(store, await startRun(store, "open"), ["c", "d"]);
  await store.release((await write(store, second, ["e"])).fence);
}

/** What somebody, or a broken disk, may do to the tables behind our back. */
const DAMAGE: readonly (readonly [string, string])[] = [
  ["a body changed by one letter", "UPDATE events SET body = replace(body, '\"b\"', '\"B\"')"],
  ["a time changed", "UPDATE events SET at = at + 1 WHERE seq = 2"],
  ["a kind changed", "UPDATE events SET kind = 11 WHERE seq = 3"],
  ["a version changed", "UPDATE events SET v = 9 WHERE seq = 2"],
  ["a link changed", "UPDATE events SET hash = zeroblob(32) WHERE seq = 3"],
  ["an event lost from the middle", "DELETE FROM events WHERE seq = 3"],
  ["the end of a run lost", "DELETE FROM events WHERE kind = 13"],
  ["two events exchanged", "UPDATE events SET body = iif(seq = 2, 'c', 'b') WHERE seq IN (2, 3)"],
  ["an extent lost", "DELETE FROM extents WHERE key % 1048576 = 2"],
  ["an extent that points elsewhere", "UPDATE extents SET id = id + 1 WHERE key % 1048576 = 2"],
  ["a blob lost", "DELETE FROM blobs"],
  ["a blob changed", "UPDATE blobs SET data = zeroblob(40)"],
  ["a blob of an encoding nobody knows", "UPDATE blobs SET encoding = 'zstd'"],
  ["an event of no run", "INSERT INTO events SELECT 999, 77, 1, 1, 1, 0, hash, body FROM events"],
  ["a run without events", "UPDATE runs SET run_pk = 99 WHERE run_id = 'open'"],
  ["an outcome the journal does not tell", "UPDATE runs SET outcome = 'succeeded'"],
  ["a finished run opened again", "UPDATE runs SET status = 'ready', outcome = NULL"],
];

describe("the integrity check", () => {
  test("finds nothing wrong with a sound journal, and says how much it looked at", async () => {
    const journal = openJournal(join(makeFolder(), "journal.db"));
    expect(await journal.integrity()).toEqual({ ok: true, runs: 0, events: 0, problems: [] });
    await fill(journal);
    expect(await journal.integrity()).toEqual({ ok: true, runs: 2, events: 9, problems: [] });
  });

  test.each(DAMAGE)("finds %s", async (_, sql) => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    await fill(journal);
    const db = new DatabaseSync(path);
    const { changes } = db.prepare(`${sql}${sql.startsWith("INSERT") ? " LIMIT 1" : ""}`).run();
    db.close();
    expect(Number(changes)).toBeGreaterThan(0);
    const report = await journal.integrity();
    expect(report.ok).toBe(false);
    expect(report.problems.length).toBeGreaterThan(0);
  });

  test("names no more than a hundred problems", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path, { synchronous: "normal" });
    await Promise.all(
      Array.from({ length: 150 }, async (_, n) => {
        await write(journal, await startRun(journal, `r${n}`), ["a"]);
      }),
    );
    const db = new DatabaseSync(path);
    db.exec("UPDATE events SET at = at + 1");
    db.close();
    expect((await journal.integrity()).problems).toHaveLength(100);
  });
});

describe("a backup", () => {
  test("taken while runs are written is a sound journal of some moment", async () => {
    const folder = makeFolder();
    const journal = openJournal(join(folder, "journal.db"));
    const target = join(folder, "copy.db");
    const other = openJournal(join(folder, "journal.db"));
    const backup = { isDone: false };
    const content = "content ".repeat(400);
    const writers = Array.from({ length: 8 }, async (_, n) => {
      const store = n % 2 === 0 ? journal : other;
      let pen = await startRun(store, `r${n}`);
      for (let i = 0; i < 30 || !backup.isDone; i++)
        pen = await write(store, pen, [`${i} ${content}`]);
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await journal.backup(target);
    backup.isDone = true;
    await Promise.all(writers);
    const copy = openJournal(target);
    const report = await copy.integrity();
    expect(report).toMatchObject({ ok: true, problems: [] });
    expect(report.runs).toBe(8);
    for (let n = 0; n < 8; n++) {
      const copied = await textsOf(copy, `r${n}`);
      expect((await textsOf(journal, `r${n}`)).slice(0, copied.length)).toEqual(copied);
    }
    expect(await journal.integrity()).toMatchObject({ ok: true });
  });

  test("goes on where the journal was: the copy can be written", async () => {
    const folder = makeFolder();
    const journal = openJournal(join(folder, "journal.db"));
    const pen = await write(journal, await startRun(journal, "r1"), ["a"]);
    await journal.backup(join(folder, "copy.db"));
    const copy = openJournal(join(folder, "copy.db"));
    await write(copy, pen, ["b"]);
    expect(await textsOf(copy, "r1")).toEqual(["a", "b"]);
    expect(await textsOf(journal, "r1")).toEqual(["a"]);
  });

  test("overwrites nothing, itself least of all", async () => {
    const folder = makeFolder();
    const path = join(folder, "journal.db");
    const journal = openJournal(path);
    await write(journal, await startRun(journal, "r1"), ["a"]);
    const before = readFileSync(path);
    expect(await refusalOf(journal.backup(path))).toBe("usage");
    expect(readFileSync(path)).toEqual(before);
    const missing = join(folder, "missing", "copy.db");
    expect(await refusalOf(journal.backup(missing))).toBe("store_unreadable");
    expect(existsSync(missing)).toBe(false);
  });
});
