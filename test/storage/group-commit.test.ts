import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { appendOf, startRun, textsOf, write } from "../../src/testing/sample-run.ts";
import { makeFolder, openJournal } from "./folder.ts";

/** A database that refuses some rows by itself, as a full disk or a broken page would. */
function refuseRows(path: string, containing: string): void {
  const db = new DatabaseSync(path);
  db.exec(`CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.body LIKE '%${containing}%'
    BEGIN SELECT RAISE(ABORT, 'the row is refused'); END`);
  db.close();
}

describe("a group commit", () => {
  test("takes everything that waits into one transaction", async () => {
    const journal = openJournal(join(makeFolder(), "journal.db"));
    const before = journal.commits();
    const pens = await Promise.all(
      Array.from({ length: 64 }, (_, n) => startRun(journal, `r${n}`)),
    );
    expect(journal.commits() - before).toBe(1);
    await Promise.all(pens.map((pen) => write(journal, pen, ["a"])));
    expect(journal.commits() - before).toBe(2);
  });

  test("splits a crowd, so that one transaction stays short", async () => {
    const journal = openJournal(join(makeFolder(), "journal.db"), { synchronous: "normal" });
    const before = journal.commits();
    await Promise.all(Array.from({ length: 2_500 }, (_, n) => startRun(journal, `r${n}`)));
    expect(journal.commits() - before).toBe(3);
  });

  test("Q2 lets a write that is refused fail alone", async () => {
    const journal = openJournal(join(makeFolder(), "journal.db"));
    const pens = await Promise.all([0, 1, 2].map((n) => startRun(journal, `r${n}`)));
    const stale = { runId: "r1", epoch: 7 };
    const before = journal.commits();
    const settled = await Promise.allSettled(
      pens.map((pen, n) => journal.append(n === 1 ? stale : pen.fence, appendOf(pen, [`${n}`]))),
    );
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(journal.commits() - before).toBe(1);
    expect(await textsOf(journal, "r0")).toEqual(["0"]);
    expect(await textsOf(journal, "r1")).toEqual([]);
    expect(await textsOf(journal, "r2")).toEqual(["2"]);
  });

  test("Q3 lets a write that breaks take no neighbour down, before it or after", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    const pens = await Promise.all([0, 1, 2].map((n) => startRun(journal, `r${n}`)));
    refuseRows(path, "poison");
    const before = journal.commits();
    const settled = await Promise.allSettled(
      pens.map((pen, n) => write(journal, pen, [n === 1 ? "poison" : `${n}`, "and more"])),
    );
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(settled[1]).toMatchObject({ reason: { name: "BridleError" } });
    expect(journal.commits() - before).toBe(2);
    const [first, poisoned, third] = await Promise.all(
      pens.map((_, n) => textsOf(journal, `r${n}`)),
    );
    expect([first, poisoned, third]).toEqual([["0", "and more"], [], ["2", "and more"]]);
    expect(await journal.integrity()).toMatchObject({ ok: true, problems: [] });
  });

  test("Q3 goes on writing a run whose write broke, as if it had not been tried", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    const pen = await write(journal, await startRun(journal, "r1"), ["a"]);
    refuseRows(path, "poison");
    await expect(write(journal, pen, ["fine", "poison"])).rejects.toThrow("the row is refused");
    await write(journal, pen, ["b"]);
    expect(await textsOf(journal, "r1")).toEqual(["a", "b"]);
    await journal.release(pen.fence);
    expect(await journal.integrity()).toMatchObject({ ok: true, problems: [] });
  });

  test("Q4 keeps the order in which the writes of many runs were submitted", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    const names = Array.from({ length: 40 }, (_, n) => `r${(n * 7) % 40}`);
    const pens = await Promise.all(names.map((name) => startRun(journal, name)));
    await Promise.all(pens.map((pen) => write(journal, pen, ["a"])));
    const db = new DatabaseSync(path, { readOnly: true });
    const order = db
      .prepare("SELECT run_id FROM events JOIN runs USING (run_pk) WHERE seq = 2 ORDER BY id")
      .all();
    db.close();
    expect(order.map((row) => row["run_id"])).toEqual(names);
  });
});
