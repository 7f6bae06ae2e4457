import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { program } from "./child.ts";
import { makeFolder } from "./folder.ts";

/** What the durability of a commit rests on is counted where it happens: at the system call. */
const NEEDS = "needs strace, which counts system calls: apt-get install strace";
const hasStrace = spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status === 0;

interface Counted {
  readonly fsyncs: number;
  readonly commits: number;
}

function count(level: "full" | "normal", runs: number, appends: number): Counted {
  const folder = makeFolder();
  const trace = join(folder, "trace");
  const args = [program("append"), join(folder, "journal.db"), level, `${runs}`, `${appends}`];
  const printed = execFileSync(
    "strace",
    ["-f", "-e", "trace=fsync,fdatasync", "-o", trace, process.execPath, ...args],
    { encoding: "utf8" },
  );
  const fsyncs = readFileSync(trace, "utf8").match(/\bf(data)?sync\(/g)?.length ?? 0;
  return { fsyncs, commits: Number(/commits (\d+)/.exec(printed)?.[1]) };
}

describe("fsyncs, counted at the system call", () => {
  it("finds the tool that counts them", ({ skip }) => {
    skip(process.env["CI"] === undefined && !hasStrace, NEEDS);
    expect({ hasStrace, NEEDS }).toMatchObject({ hasStrace: true });
  });

  it("are one for each commit under full", ({ skip }) => {
    skip(!hasStrace, NEEDS);
    const idle = count("full", 1, 0);
    const busy = count("full", 1, 200);
    expect(busy.commits - idle.commits).toBe(200);
    expect(busy.fsyncs - idle.fsyncs).toBeGreaterThanOrEqual(200);
    expect(busy.fsyncs - idle.fsyncs).toBeLessThanOrEqual(210);
  });

  it("are none for a commit under normal", ({ skip }) => {
    skip(!hasStrace, NEEDS);
    const idle = count("normal", 1, 0);
    const busy = count("normal", 1, 200);
    expect(busy.commits - idle.commits).toBe(200);
    expect(busy.fsyncs - idle.fsyncs).toBeLessThanOrEqual(4);
  });

  it("are shared by runs that write at the same time", ({ skip }) => {
    skip(!hasStrace, NEEDS);
    const idle = count("full", 1, 0);
    const busy = count("full", 64, 20);
    const fsyncs = busy.fsyncs - idle.fsyncs;
    expect(fsyncs).toBeGreaterThanOrEqual(20);
    // 64 runs, each created and written 20 times: 1,344 writes.
    expect(fsyncs).toBeLessThanOrEqual(1_344 / 20);
    expect(busy.commits).toBeLessThanOrEqual(1_344 / 20);
  });
});
