import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { refusalOf, startRun, textsOf, write } from "../../src/testing/sample-run.ts";
import { program, startChild, type Child } from "./child.ts";
import { makeFolder, openJournal } from "./folder.ts";

async function lock(path: string): Promise<Child> {
  const child = startChild([program("hold"), path]);
  await child.line("held");
  return child;
}

async function unlock(child: Child): Promise<void> {
  child.process.stdin?.write("go\n");
  await child.line("let go");
}

/** The longest time, ms, in which nothing else of this process could run. */
async function longestBlock(during: () => Promise<unknown>): Promise<number> {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  try {
    await during();
  } finally {
    clearInterval(timer);
  }
  return longest;
}

describe("a file that another process has locked", () => {
  test("is waited for, then reported, without blocking the event loop", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path, { busyMs: 700 });
    const pen = await startRun(journal, "r1");
    const holder = await lock(path);
    const since = performance.now();
    const blocked = await longestBlock(async () => {
      await expect(write(journal, pen, ["a"])).rejects.toMatchObject({
        code: "store_busy",
        hint: expect.stringContaining("Close the program"),
      });
    });
    const waited = performance.now() - since;
    expect(waited).toBeGreaterThanOrEqual(690);
    expect(waited).toBeLessThan(3_000);
    expect(blocked).toBeLessThan(250);
    await unlock(holder);
    await write(journal, pen, ["b"]);
    expect(await textsOf(journal, "r1")).toEqual(["b"]);
  });

  test("can be read all the while", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    await write(journal, await startRun(journal, "r1"), ["a"]);
    const holder = await lock(path);
    expect(await textsOf(journal, "r1")).toEqual(["a"]);
    expect(await journal.list()).toHaveLength(1);
    await unlock(holder);
  });

  test("gets every write that waited, in the order of their submission", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    const pens = await Promise.all([0, 1, 2].map((n) => startRun(journal, `r${n}`)));
    const holder = await lock(path);
    const order: number[] = [];
    const writes = pens.map(async (pen, n) => {
      const first = write(journal, pen, [`${n}`]);
      await first;
      order.push(n);
    });
    setTimeout(() => void unlock(holder), 150);
    await Promise.all(writes);
    expect(order).toEqual([0, 1, 2]);
    for (const n of [0, 1, 2]) expect(await textsOf(journal, `r${n}`)).toEqual([`${n}`]);
  });

  test("is closed only after the writes that wait for it are settled", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path, { busyMs: 300 });
    const other = openJournal(path);
    const pen = await startRun(journal, "r1");
    const holder = await lock(path);
    const refused = refusalOf(write(journal, pen, ["a"]));
    await journal.close();
    expect(await refused).toBe("store_busy");
    await expect(write(journal, pen, ["b"])).rejects.toMatchObject({ code: "store_closed" });
    await expect(journal.list()).rejects.toMatchObject({ code: "store_closed" });
    await unlock(holder);
    expect(await textsOf(other, "r1")).toEqual([]);
  });
});
