import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { Line } from "../../src/journal/ledger.ts";
import { prepareLedger } from "../../src/storage/sqlite/ledger-rows.ts";
import { openDatabase } from "../../src/storage/sqlite/open.ts";
import { SCHEMA_VERSION } from "../../src/storage/sqlite/schema.ts";
import {
  budget,
  granted,
  rate,
  reserve,
  settle,
  spending,
} from "../../src/testing/sample-ledger.ts";
import { SAMPLE_START, startRun, takeRun, textsOf, write } from "../../src/testing/sample-run.ts";
import { program, startChild } from "./child.ts";
import { makeFolder, openJournal } from "./folder.ts";

const ORG = { scope: "org", unit: "calls" };

describe("processes that share one ledger", () => {
  test("U2 reserve what there is, not one more, also when some are killed", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    const max = 400;
    const runs = ["r0", "r1", "r2", "r3"];
    for (const runId of runs) await startRun(journal, runId);
    const children = runs.map((runId) => startChild([program("spend"), path, runId, `${max}`]));
    // Whichever is first: a slow starter may find all of it taken.
    const holding = children.map(async (child) => {
      await child.line("held");
      return child;
    });
    (await Promise.any(holding)).process.kill("SIGKILL");
    await Promise.allSettled(holding);
    const ends = await Promise.all(children.map(({ ended }) => ended));
    expect(ends.map(String).toSorted()).toEqual(["0", "0", "0", "SIGKILL"]);
    const told = children.flatMap(({ lines }) => lines.filter((line) => line.startsWith("held")));
    const [spent, held] = await spending(journal, ORG);
    expect([spent, held]).toEqual([0, max]);
    expect(await spending(journal, { ...ORG, unit: "windowed" })).toEqual([0, max]);
    // The victim may have been killed between a commit and its word.
    expect(told.length).toBeGreaterThanOrEqual(max - 1);
    expect(told.length).toBeLessThanOrEqual(max);
    expect(await journal.integrity()).toMatchObject({ ok: true });
  }, 30_000);

  test("U1 what a killed process reserved is settled by whoever takes its run", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    await startRun(journal, "r0");
    const child = startChild([program("spend"), path, "r0", "1000000"]);
    await child.line("held");
    child.process.kill("SIGKILL");
    await child.ended;
    const [, held] = await spending(journal, ORG);
    expect(held).toBeGreaterThan(0);
    const keys = child.lines.map((line) => line.slice("held ".length));
    expect(keys.length).toBeGreaterThan(0);
    const pen = await takeRun(journal, "r0", "second");
    await settle(
      journal,
      pen,
      keys.map((key) => ({ key, actual: [3] })),
    );
    expect(await spending(journal, ORG)).toEqual([keys.length * 3, held - keys.length]);
  });
});

describe("a reservation", () => {
  test("shares its commit with whatever else waits", async () => {
    const journal = openJournal(join(makeFolder(), "journal.db"));
    const pens = await Promise.all(
      Array.from({ length: 64 }, (_, n) => startRun(journal, `r${n}`)),
    );
    const before = journal.commits();
    const writes = pens.slice(0, 10).map((pen) => write(journal, pen, ["a"]));
    const answers = pens.map(({ fence: { runId } }) =>
      reserve(journal, { key: "k", runId }, [budget(1, 40)]),
    );
    const won = (await Promise.all(answers)).filter(({ kind }) => kind === "reserved");
    await Promise.all(writes);
    expect(won).toHaveLength(40);
    expect(journal.commits() - before).toBe(1);
  });

  test("U7 that is refused leaves its neighbours of the commit alone", async () => {
    const journal = openJournal(join(makeFolder(), "journal.db"));
    await startRun(journal, "r1");
    const lines = [budget(1, 40)];
    const answers = await Promise.allSettled([
      granted(journal, "a", lines),
      granted(journal, "b", [budget(0.5, 40)]),
      granted(journal, { key: "c", runId: "nobody" }, lines),
      granted(journal, "d", lines),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    expect(await spending(journal)).toEqual([0, 2]);
  });

  test("takes entries away that no window counts any more", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path, { synchronous: "normal" });
    await startRun(journal, "r1");
    const lines: readonly Line[] = [budget(1, null, { windowMs: 100 })];
    for (let n = 0; n < 600; n++) await granted(journal, { key: `k${n}`, after: n * 10 }, lines);
    const db = new DatabaseSync(path, { readOnly: true });
    const kept = db.prepare("SELECT count(*) AS n FROM entries").get()?.["n"];
    db.close();
    expect(kept).toBeGreaterThanOrEqual(10);
    expect(kept).toBeLessThanOrEqual(12);
    expect(await spending(journal, { windowMs: 100, after: 5_990 })).toEqual([0, 10]);
    expect(await spending(journal)).toEqual([0, 600]);
  });

  test("finds whatever it needs through an index, whatever the ledger's size", () => {
    const { db } = openDatabase(join(makeFolder(), "journal.db"), "normal");
    const plans = Object.entries(prepareLedger(db)).map(([name, statement]) => {
      const steps = db.prepare(`EXPLAIN QUERY PLAN ${statement.sourceSQL}`).all();
      return { name, steps: steps.map((step) => String(step["detail"])) };
    });
    db.close();
    const scanning = plans.filter(({ steps }) => steps.some((step) => step.startsWith("SCAN")));
    // The one list over all accounts walks them in order, up to its limit.
    expect(scanning.map(({ name }) => name)).toEqual(["listAccounts"]);
    expect(plans.flatMap(({ steps }) => steps).join("\n")).toContain("SEARCH entries");
  });
});

test("a file of the first schema is opened, keeps its runs and gains a ledger", async () => {
  const path = join(makeFolder(), "journal.db");
  const before = openJournal(path);
  const pen = await write(before, await startRun(before, "r1"), ["old"]);
  await before.close();
  const db = new DatabaseSync(path);
  for (const table of [
    "approvals",
    "accounts",
    "windows",
    "entries",
    "buckets",
    "reservations",
    "circuits",
  ]) {
    db.exec(`DROP TABLE ${table}`);
  }
  db.exec("DELETE FROM kinds WHERE kind > 13; PRAGMA user_version = 1");
  db.close();
  expect(SCHEMA_VERSION).toBeGreaterThan(1);
  const journal = openJournal(path);
  expect(await textsOf(journal, "r1")).toEqual(["old"]);
  await granted(journal, "k", [budget(5, 9), rate(1)]);
  await settle(journal, pen, [{ key: "k", actual: [4] }]);
  expect(await spending(journal)).toEqual([4, 0]);
  expect(await journal.approvals()).toEqual([]);
  const [account] = await journal.usage([{ scope: "org/acme", unit: "usdMicros" }], SAMPLE_START);
  expect(account).toEqual({ spent: 4, held: 0 });
});
