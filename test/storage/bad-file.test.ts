import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { SCHEMA_VERSION } from "../../src/storage/sqlite/schema.ts";
import { sqlite } from "../../src/storage/sqlite/sqlite.ts";
import { refusalOf, startRun, textsOf, write } from "../../src/testing/sample-run.ts";
import { program, startChild } from "./child.ts";
import { makeFolder, openJournal } from "./folder.ts";

function opening(path: string): () => unknown {
  return () => sqlite(path);
}

function error(code: string, hint: string): unknown {
  return expect.objectContaining({ code, hint: expect.stringContaining(hint) });
}

/** A closed journal of `count` events at `path`. */
async function makeJournal(path: string, count = 300): Promise<void> {
  const journal = sqlite(path);
  const pen = await startRun(journal, "r1");
  const texts = Array.from({ length: count }, (_, n) => `${n} ${"content ".repeat(60)}`);
  const end = await write(journal, pen, texts);
  await journal.release(end.fence);
  await journal.close();
}

describe("a path that holds no journal", () => {
  test("in a folder that is missing names the folder and how to make it", () => {
    const path = join(makeFolder(), "missing", "journal.db");
    expect(opening(path)).toThrow(error("store_unreadable", "mkdir -p"));
  });

  test("that is a folder says so", () => {
    expect(opening(makeFolder())).toThrow(error("store_unreadable", "bridle.db"));
  });

  test("that is empty is refused, since SQLite would keep nothing", () => {
    expect(opening("")).toThrow(error("store_unreadable", "Name a file"));
  });

  test.each([
    ["a text", "this is a text file, not a database\n".repeat(200)],
    ["a short text", "hello\n"],
    ["a picture", Buffer.from("89504e470d0a1a0a".repeat(400), "hex")],
  ])("that is %s is refused and not touched", (_, content) => {
    const path = join(makeFolder(), "notes.txt");
    writeFileSync(path, content);
    expect(opening(path)).toThrow(error("store_corrupt", "Nothing was overwritten"));
    expect(readFileSync(path)).toEqual(Buffer.from(content));
  });

  test("that is another program's database is refused and not touched", () => {
    const path = join(makeFolder(), "accounts.db");
    const db = new DatabaseSync(path);
    db.exec("CREATE TABLE accounts (id INTEGER); INSERT INTO accounts VALUES (7)");
    db.close();
    const before = readFileSync(path);
    expect(opening(path)).toThrow(error("store_unreadable", "Name another file"));
    expect(readFileSync(path)).toEqual(before);
  });

  test("that may not be read says so, and what to look at", async ({ skip }) => {
    const folder = makeFolder();
    const path = join(folder, "journal.db");
    await makeJournal(path, 3);
    chmodSync(path, 0o000);
    chmodSync(folder, 0o755);
    const isRoot = process.getuid?.() === 0;
    skip(isRoot && !(await canBeNobody()), "root may read everything, and cannot be nobody here");
    const nobody = isRoot ? { uid: 65_534, gid: 65_534, cwd: "/" } : {};
    const child = startChild([program("open"), path], nobody);
    expect(await child.line("{")).toContain('"code":"store_unreadable"');
    expect(await child.ended).toBe(0);
  });
});

/** Whether nobody may run Node on the programs: a home folder may be closed to others. */
async function canBeNobody(): Promise<boolean> {
  const args = [program("open"), ":memory:"];
  const child = startChild(args, { uid: 65_534, gid: 65_534, cwd: "/" });
  return (await child.ended) === 0;
}

describe("a journal that is damaged", () => {
  test("in its header is refused and not touched", async () => {
    const path = join(makeFolder(), "journal.db");
    await makeJournal(path);
    const bytes = readFileSync(path);
    bytes.fill(0xab, 0, 60);
    writeFileSync(path, bytes);
    expect(opening(path)).toThrow(error("store_corrupt", "Restore a backup"));
    expect(readFileSync(path)).toEqual(bytes);
  });

  test("in its pages is told of by the integrity check, which does not throw", async () => {
    const path = join(makeFolder(), "journal.db");
    await makeJournal(path);
    const bytes = readFileSync(path);
    // Behind the pages that hold the schema.
    for (let page = 40; page < 60; page++) bytes.fill(0xab, page * 4096, page * 4096 + 4096);
    writeFileSync(path, bytes);
    const journal = openJournal(path);
    const report = await journal.integrity();
    expect(report.ok).toBe(false);
    expect(report.problems.length).toBeGreaterThan(0);
    expect(await refusalOf(journal.read("r1", 1))).toBe("store_corrupt");
  });

  test("at its end, cut short, is told of", async () => {
    const path = join(makeFolder(), "journal.db");
    await makeJournal(path);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length / 8192) * 4096));
    const outcome = await Promise.resolve()
      .then(() => openJournal(path).integrity())
      .then(
        ({ ok }) => (ok ? "sound" : "told"),
        (thrown: unknown) => (thrown instanceof Error && "code" in thrown ? thrown.code : "raw"),
      );
    expect(["told", "store_corrupt"]).toContain(outcome);
  });
});

describe("a journal of a newer Bridle", () => {
  function lift(path: string): void {
    const db = new DatabaseSync(path);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
  }

  test("opens for reading alone, and not a byte of it changes", async () => {
    const path = join(makeFolder(), "journal.db");
    await makeJournal(path, 3);
    lift(path);
    const before = readFileSync(path);
    const journal = sqlite(path);
    expect(await textsOf(journal, "r1")).toHaveLength(3);
    expect(await journal.list()).toHaveLength(1);
    const claim = journal.claim("r1", { owner: "w", nowMs: 0, leaseMs: 1 });
    await expect(claim).rejects.toThrow(error("store_newer", "Upgrade Bridle"));
    expect(await refusalOf(startRun(journal, "r2"))).toBe("store_newer");
    const message = { key: "k", kind: "steer", body: null, at: 0 } as const;
    expect(await refusalOf(journal.post("r1", message))).toBe("store_newer");
    await journal.close();
    expect(readFileSync(path)).toEqual(before);
  });

  test("keeps what its own process had not moved into the file yet", async () => {
    const path = join(makeFolder(), "journal.db");
    const writer = startChild([program("write-on"), path, "newer"]);
    await writer.line("newer-0 9");
    writer.process.kill("SIGKILL");
    await writer.ended;
    const db = new DatabaseSync(path);
    const keeper = new DatabaseSync(path, { readOnly: true });
    keeper.prepare("SELECT count(*) FROM runs").get();
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    const before = [path, `${path}-wal`].map((file) => readFileSync(file));
    expect(before[1]?.length).toBeGreaterThan(0);
    const journal = sqlite(path);
    expect((await textsOf(journal, "newer-0")).length).toBeGreaterThan(0);
    await journal.close();
    expect([path, `${path}-wal`].map((file) => readFileSync(file))).toEqual(before);
    keeper.close();
  });

  test("whose tables have changed is refused with the way out", async () => {
    const path = join(makeFolder(), "journal.db");
    await makeJournal(path, 3);
    const db = new DatabaseSync(path);
    db.exec("ALTER TABLE runs RENAME COLUMN lane TO queue");
    db.close();
    lift(path);
    const before = readFileSync(path);
    expect(opening(path)).toThrow(error("store_newer", "Upgrade Bridle"));
    expect(readFileSync(path)).toEqual(before);
  });
});

test("a journal is made in an empty file, and opened again as it was left", async () => {
  const folder = makeFolder();
  mkdirSync(join(folder, "deep"));
  const path = join(folder, "deep", "journal.db");
  writeFileSync(path, "");
  await makeJournal(path, 5);
  expect(await textsOf(openJournal(path), "r1")).toHaveLength(5);
});
