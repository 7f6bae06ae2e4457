import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { verifyChain } from "../../src/journal/record.ts";
import { textsOf } from "../../src/testing/sample-run.ts";
import { program, startChild } from "./child.ts";
import { makeFolder, openJournal } from "./folder.ts";

const KILLS = 8;

describe("a process that is killed while it commits", () => {
  test("leaves a sound file that holds all it was told is durable", async () => {
    const path = join(makeFolder(), "journal.db");
    let acked = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = startChild([program("write-on"), path, `k${kill}`]);
      await child.line(`k${kill}-0 `);
      await sleep(20 + kill * 17);
      child.process.kill("SIGKILL");
      expect(await child.ended).toBe("SIGKILL");
      const journal = openJournal(path);
      expect(await journal.integrity()).toMatchObject({ ok: true, problems: [] });
      for (const [runId, seq] of child.lines.map((line) => line.split(" "))) {
        const row = await journal.get(runId ?? "");
        expect(row?.head).toBeGreaterThanOrEqual(Number(seq));
        acked += 1;
      }
      await journal.close();
    }
    expect(acked).toBeGreaterThan(KILLS * 4);
  }, 60_000);

  test("leaves whole appends only", async () => {
    const path = join(makeFolder(), "journal.db");
    const child = startChild([program("write-on"), path, "k"]);
    await child.line("k-0 21");
    child.process.kill("SIGKILL");
    await child.ended;
    const journal = openJournal(path);
    for (const n of [0, 1, 2, 3]) {
      const texts = await textsOf(journal, `k-${n}`);
      expect(texts.length % 2).toBe(0);
      expect(texts.filter((text) => text === "small")).toHaveLength(texts.length / 2);
    }
  });
});

describe("processes that share one file", () => {
  test("lose nothing and double nothing while they take runs from each other", async () => {
    const path = join(makeFolder(), "journal.db");
    const journal = openJournal(path);
    const runs = 6;
    const each = 60;
    for (let n = 0; n < runs; n++) {
      const runId = `r${n}`;
      await journal.create({
        runId,
        agent: "sample",
        lane: "sample",
        requestHash: "",
        created: {
          kind: "run.created",
          agent: "sample",
          fingerprints: {},
          input: null,
          limits: { callsMax: 1, tokensMax: 1, turnsMax: 1, wallMs: 1 },
          prompt: "",
          runId,
        },
        at: Date.now(),
      });
    }
    const racers = ["one", "two"].map((owner) =>
      startChild([program("race"), path, owner, `${runs}`, `${each}`]),
    );
    expect(await Promise.all(racers.map(({ ended }) => ended))).toEqual([0, 0]);
    const lines = racers.flatMap((racer) => racer.lines);
    const accepted = lines.filter((line) => line.startsWith("wrote "));
    let stored = 0;
    for (let n = 0; n < runs; n++) {
      const texts = await textsOf(journal, `r${n}`);
      expect(texts.length).toBeGreaterThanOrEqual(each);
      expect(new Set(texts).size).toBe(texts.length);
      const told = accepted.filter((line) => line.startsWith(`wrote r${n} `));
      expect(told.map((line) => line.slice(`wrote r${n} `.length)).toSorted()).toEqual(
        texts.toSorted(),
      );
      expect(verifyChain(`r${n}`, await journal.read(`r${n}`, 1))).toBeNull();
      stored += texts.length;
    }
    expect(accepted).toHaveLength(stored);
    const fenced = lines.flatMap((line) => /^fenced (\d+)/.exec(line)?.[1] ?? []).map(Number);
    expect(fenced).toHaveLength(2);
    expect(fenced.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0);
    expect(await journal.integrity()).toMatchObject({ ok: true, problems: [] });
  }, 60_000);
});
