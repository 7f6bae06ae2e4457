/** A journal that cannot be used is told with the next step, and never written over. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  bridle,
  errorOf,
  folder,
  jsonLines,
  lookThenPay,
  project,
  type Setting,
} from "./command.ts";

const LOOKING = [["runs"], ["show", "0"], ["cancel", "0"], ["steer", "0", "Hi"]] as const;

describe("a file that is no journal", () => {
  test.each([
    ["text", "this is not a database, it is a letter.\n".repeat(50), "store_corrupt"],
    ["half a database", "SQLite format 3\u0000" + "\u0007".repeat(4000), "store_corrupt"],
  ])("%s is refused and left as it was", async (_what, bytes, code) => {
    const setting = await project(lookThenPay);
    const file = join(setting.cwd, "bridle.db");
    writeFileSync(file, bytes);
    for (const args of [...LOOKING, ["run", "--text", "W1"], ["resume", "0"]]) {
      const ran = await bridle(setting, ...args, "--json");
      expect(ran).toMatchObject({ code: 1, stdout: "" });
      const error = errorOf(ran);
      expect(error.code).toBe(code);
      expect(error.hint).toContain("Nothing was overwritten");
    }
    expect(readFileSync(file, "utf8")).toBe(bytes);
  });

  test("another program's database is refused", async () => {
    const setting = await project(lookThenPay);
    const db = new DatabaseSync(join(setting.cwd, "bridle.db"));
    db.exec("CREATE TABLE customers (name TEXT)");
    db.close();
    const error = errorOf(await bridle(setting, "run", "--text", "W1", "--json"));
    expect(error.message).toContain("a database of something else");
    const again = new DatabaseSync(join(setting.cwd, "bridle.db"));
    const tables = again.prepare("SELECT name FROM sqlite_schema").all();
    again.close();
    expect(tables).toHaveLength(1);
  });

  test("a folder is refused", async () => {
    const setting = await project(lookThenPay);
    mkdirSync(join(setting.cwd, "bridle.db"));
    const error = errorOf(await bridle(setting, "run", "--text", "W1", "--json"));
    expect(error).toMatchObject({ code: "store_unreadable", hint: expect.any(String) });
  });
});

describe("no journal yet", () => {
  test("a command that looks makes none", async () => {
    const setting = await project(lookThenPay);
    const before = readdirSync(setting.cwd);
    for (const args of LOOKING) {
      const error = errorOf(await bridle(setting, ...args, "--json"));
      expect(error.message).toBe("There is no journal at bridle.db");
      expect(error.hint).toContain("bridle run");
    }
    const named = await bridle({ cwd: folder() }, "runs", "--store", "none/x.db", "--json");
    expect(errorOf(named)).toMatchObject({ code: "store_unreadable" });
    expect(readdirSync(setting.cwd)).toEqual(before);
  });

  test("without a config, a bridle.db in the folder is meant", async () => {
    const setting = await project([{ text: "Hi." }]);
    await bridle(setting, "run", "--text", "1");
    const bare = folder();
    expect(errorOf(await bridle({ cwd: bare }, "runs", "--json")).code).toBe("config_missing");
    writeFileSync(join(bare, "bridle.db"), readFileSync(join(setting.cwd, "bridle.db")));
    expect(jsonLines((await bridle({ cwd: bare }, "runs", "--json")).stdout)).toHaveLength(1);
  });
});

describe("a journal of a newer Bridle", () => {
  async function newer(): Promise<Setting> {
    const setting = await project(lookThenPay);
    expect((await bridle(setting, "run", "--text", "W1", "--detach")).code).toBe(0);
    const db = new DatabaseSync(join(setting.cwd, "bridle.db"));
    db.exec("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
    return setting;
  }

  test("is read, and every write is refused with the way out", async () => {
    const setting = await newer();
    const [row] = jsonLines((await bridle(setting, "runs", "--json")).stdout);
    expect(row).toMatchObject({ standing: "waiting" });
    expect((await bridle(setting, "show", "0")).code).toBe(0);
    for (const args of [
      ["cancel", "0"],
      ["run", "--text", "W2"],
      ["resume", "0"],
    ]) {
      const ran = await bridle(setting, ...args, "--json");
      expect(ran.code).toBe(1);
      const error = errorOf(ran);
      expect(error.code).toBe("store_newer");
      expect(error.hint).toContain("Upgrade Bridle");
    }
    expect(existsSync(join(setting.cwd, "paid.txt"))).toBe(false);
    expect(jsonLines((await bridle(setting, "runs", "--json")).stdout)).toHaveLength(1);
  });
});

describe("a journal that another process holds", () => {
  function hold(setting: Setting, sql: string): void {
    const db = new DatabaseSync(join(setting.cwd, "bridle.db"));
    db.exec(sql);
    onTestFinished(() => db.close());
  }

  test("is told to be locked, by whoever cannot even read it", async () => {
    const setting = await project([{ text: "Hi." }]);
    await bridle(setting, "run", "--text", "1");
    hold(setting, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const ran = await bridle(setting, "runs", "--json");
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(errorOf(ran)).toMatchObject({ code: "store_busy", hint: expect.any(String) });
  });

  test("is read all the same while someone writes", async () => {
    const setting = await project([{ text: "Hi." }]);
    await bridle(setting, "run", "--text", "1");
    hold(setting, "BEGIN IMMEDIATE");
    expect(jsonLines((await bridle(setting, "runs", "--json")).stdout)).toHaveLength(1);
    const doctor = await bridle(setting, "doctor", "--json");
    expect(doctor.code).toBe(1);
    const findings = jsonLines(doctor.stdout)[0]?.["findings"];
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: "problem", about: "lock", hint: expect.any(String) }),
    );
  });
});
