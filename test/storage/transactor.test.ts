import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { sqliteTransactor, type SqliteTransactor } from "../../src/storage/sqlite/transactor.ts";
import { refusalOf } from "../../src/testing/sample-run.ts";
import { program, startChild } from "./child.ts";
import { makeFolder } from "./folder.ts";

/** A business database with one table, at a path. */
function makeBusiness(): string {
  const path = join(makeFolder(), "business.db");
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE payments (key TEXT NOT NULL, amount INTEGER NOT NULL) STRICT");
  db.close();
  return path;
}

function openTransactor(path: string): SqliteTransactor {
  const transactor = sqliteTransactor(path);
  onTestFinished(() => transactor.close());
  return transactor;
}

function pay(tx: DatabaseSync, key: string): { readonly paid: number } {
  tx.prepare("INSERT INTO payments (key, amount) VALUES (?, 10)").run(key);
  return { paid: 10 };
}

function payments(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const row = db.prepare("SELECT count(*) AS n FROM payments").get();
  db.close();
  return Number(row?.["n"]);
}

describe("a transactional effect", () => {
  test("T1 commits with its output, or not at all", async () => {
    const path = makeBusiness();
    const transactor = openTransactor(path);
    const broken = transactor.run("k1", (tx) => {
      pay(tx, "k1");
      throw new RangeError("the card is refused");
    });
    await expect(broken).rejects.toThrow(RangeError);
    expect(payments(path)).toBe(0);
    expect(await transactor.find("k1")).toBeUndefined();
    const paid = await transactor.run("k1", (tx) => pay(tx, "k1"));
    expect(paid).toEqual({ output: { paid: 10 }, replayed: false });
    expect(payments(path)).toBe(1);
    expect(await transactor.find("k1")).toEqual({ output: { paid: 10 } });
  });

  test("T1 is undone when its output cannot be kept", async () => {
    const path = makeBusiness();
    const transactor = openTransactor(path);
    const run = transactor.run("k1", (tx) => {
      pay(tx, "k1");
      return Number.NaN;
    });
    expect(await refusalOf(run)).toBe("event_invalid");
    expect(payments(path)).toBe(0);
  });

  test("T2 happens once for a key, however often and wherever it is run", async () => {
    const path = makeBusiness();
    const transactors = [openTransactor(path), openTransactor(path), openTransactor(path)];
    const runs = [...transactors, ...transactors, ...transactors].map((transactor) =>
      transactor.run("k1", async (tx) => {
        await sleep(5);
        return pay(tx, "k1");
      }),
    );
    const results = await Promise.all(runs);
    expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(results.every((result) => JSON.stringify(result.output) === '{"paid":10}')).toBe(true);
    expect(payments(path)).toBe(1);
  });

  test("T3 is not found before it is committed, from the same connection and from another", async () => {
    const path = makeBusiness();
    const transactor = openTransactor(path);
    const other = openTransactor(path);
    let seen: unknown[] = [];
    await transactor.run("k1", async (tx) => {
      const output = pay(tx, "k1");
      seen = [await transactor.find("k1"), await other.find("k1")];
      return output;
    });
    expect(seen).toEqual([undefined, undefined]);
    expect(await other.find("k1")).toEqual({ output: { paid: 10 } });
  });

  test("waits for another's transaction without blocking the event loop", async () => {
    const path = makeBusiness();
    const slow = openTransactor(path).run("k1", async (tx) => {
      await sleep(300);
      return pay(tx, "k1");
    });
    const next = openTransactor(path).run("k2", (tx) => pay(tx, "k2"));
    await Promise.all([slow, next]);
    expect(payments(path)).toBe(2);
  });

  test("that ends the transaction itself is an error, and leaves the connection usable", async () => {
    const path = makeBusiness();
    const transactor = openTransactor(path);
    const run = transactor.run("k1", (tx) => {
      tx.exec("ROLLBACK");
      return null;
    });
    expect(await refusalOf(run)).toBe("tool_invalid");
    expect(await transactor.find("k1")).toBeUndefined();
    await transactor.run("k2", (tx) => pay(tx, "k2"));
    expect(payments(path)).toBe(1);
  });

  test.each([
    ["before", 0],
    ["after", 1],
  ] as const)("tells the truth after a kill %s the commit", async (when, count) => {
    const path = makeBusiness();
    const killed = startChild([program("transact"), path, "k1", when]);
    expect(await killed.ended).toBe("SIGKILL");
    expect(payments(path)).toBe(count);
    const transactor = openTransactor(path);
    expect((await transactor.find("k1")) === undefined).toBe(count === 0);
    const again = startChild([program("transact"), path, "k1", "never"]);
    expect(JSON.parse(await again.line("{"))).toEqual({
      output: { paid: 10 },
      replayed: count === 1,
    });
    expect(payments(path)).toBe(1);
  });

  test("in a file that is no database says so", () => {
    expect(() => sqliteTransactor(makeFolder())).toThrow(
      expect.objectContaining({ code: "store_unreadable" }),
    );
  });
});
