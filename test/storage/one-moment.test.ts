import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { program, startChild } from "./child.ts";
import { makeFolder, openJournal } from "./folder.ts";

const APPENDS = 6_000;

test("a read sees one moment while another process moves the rows it reads", async () => {
  const path = join(makeFolder(), "journal.db");
  const journal = openJournal(path);
  const writer = startChild([program("move"), path, "moved", `${APPENDS}`]);
  await writer.line("begun");
  const writing = { isOver: false };
  void writer.ended.then(() => (writing.isOver = true));
  let reads = 0;
  let from = 1;
  while (!writing.isOver) {
    const seqs = (await journal.read("moved", from)).map((record) => record.seq);
    expect(seqs).toEqual(seqs.map((_seq, index) => from + index));
    expect((await journal.get("moved"))?.head).toBeGreaterThanOrEqual(seqs.at(-1) ?? 0);
    from = Math.max(1, (seqs.at(-1) ?? from) - 40);
    reads += 1;
    await turn();
  }
  expect(await writer.ended).toBe(0);
  expect(reads).toBeGreaterThan(100);
  expect((await journal.get("moved"))?.head).toBe(APPENDS + 1);
}, 60_000);
