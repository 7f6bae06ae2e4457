import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const FILE = { status: "passed", assertionResults: [{ status: "passed" }] };
const REPORT = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, testResults: [FILE] };

/** Runs the script over this report as CI does; `code` is what the test command exited with. */
function tally(report: unknown, code = 0): { readonly last: string; readonly exit: number | null } {
  const folder = mkdtempSync(join(tmpdir(), "bridle-tally-"));
  const path = join(folder, "report.json");
  try {
    writeFileSync(path, typeof report === "string" ? report : JSON.stringify(report));
    const script = join(import.meta.dirname, "../scripts/tally.ts");
    const ran = spawnSync(process.execPath, [script, path, `${code}`], { encoding: "utf8" });
    return { last: ran.stdout.trimEnd().split("\n").at(-1) ?? "", exit: ran.status };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("the tally of a test run", () => {
  test("counts what passed", () => {
    expect(tally(REPORT)).toEqual({ last: "3 passed, 0 failed", exit: 0 });
  });

  test("fails with the tests that failed", () => {
    const report = { ...REPORT, numFailedTests: 2 };
    expect(tally(report, 1)).toEqual({ last: "3 passed, 2 failed", exit: 1 });
  });

  test("counts a file that does not load as a failure", () => {
    const unloaded = { status: "failed", assertionResults: [] };
    const report = { ...REPORT, testResults: [FILE, unloaded] };
    expect(tally(report, 1)).toEqual({ last: "3 passed, 1 failed", exit: 1 });
  });

  test("counts a run that failed after its last test as a failure", () => {
    expect(tally(REPORT, 1)).toEqual({ last: "3 passed, 1 failed", exit: 1 });
  });

  test("fails when nothing ran", () => {
    const report = { ...REPORT, numPassedTests: 0, testResults: [] };
    expect(tally(report)).toEqual({ last: "0 passed, 0 failed", exit: 1 });
  });

  test("fails without a report", () => {
    expect(tally("")).toEqual({ last: "0 passed, 0 failed", exit: 1 });
    expect(tally("", 124)).toEqual({ last: "0 passed, 1 failed", exit: 1 });
  });

  test("keeps its last line when tests were skipped", () => {
    expect(tally({ ...REPORT, numPendingTests: 1 }).last).toBe("3 passed, 0 failed");
  });
});
