/** What `import "bridle"` costs over an empty Node: whole processes, interleaved, medians. */
import { spawnSync } from "node:child_process";
import { median } from "./peers/workload.ts";

const ROUNDS = 15;

function processMs(code: string): number {
  const started = performance.now();
  const done = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    cwd: import.meta.dirname,
  });
  if (done.status !== 0) throw new Error(done.stderr.toString());
  return performance.now() - started;
}

const empty: number[] = [];
const front: number[] = [];
const withStore: number[] = [];
for (let i = 0; i < ROUNDS; i++) {
  empty.push(processMs(""));
  front.push(processMs('await import("bridle")'));
  withStore.push(processMs('await import("bridle"); await import("bridle/sqlite")'));
}
const base = median(empty);
const row = {
  kind: "startup",
  emptyNodeMs: Math.round(base),
  importBridleMs: Math.round(median(front) - base),
  importBridleAndSqliteMs: Math.round(median(withStore) - base),
};
process.stdout.write(`${JSON.stringify(row)}\n`);
