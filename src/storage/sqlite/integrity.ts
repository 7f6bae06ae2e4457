import type { DatabaseSync } from "node:sqlite";
import { errorMessage } from "../../std/error.ts";
import { verifyChain } from "../../journal/record.ts";
import { readEvents } from "../../journal/read-run.ts";
import type { JournalStore } from "../../journal/store.ts";
import { SEQ_SPAN } from "./schema.ts";
import { textOf } from "./rows.ts";

export interface IntegrityReport {
  readonly ok: boolean;
  readonly runs: number;
  readonly events: number;
  /** What is wrong, one sentence each; at most a hundred. */
  readonly problems: readonly string[];
}

const PROBLEMS_MAX = 100;

/** Reads everything: SQLite's own check, each run's hash chain, each blob behind an event. */
export async function checkIntegrity(
  db: DatabaseSync,
  store: JournalStore,
): Promise<IntegrityReport> {
  const problems: string[] = [];
  const note = (problem: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };
  for (const row of db.prepare("PRAGMA integrity_check(20)").all()) {
    const line = textOf(row, "integrity_check");
    if (line !== "ok") note(`SQLite: ${line}`);
  }
  let events = 0;
  const runs = db.prepare("SELECT run_id FROM runs ORDER BY run_pk").all();
  for (const row of runs) {
    const runId = textOf(row, "run_id");
    const records = await store.read(runId, 1, SEQ_SPAN);
    events += records.length;
    const broken = verifyChain(runId, records);
    if (broken !== null) note(`Run ${runId}: the chain breaks at event ${broken}`);
    try {
      await readEvents(store, runId);
    } catch (thrown) {
      note(`Run ${runId}: ${errorMessage(thrown)}`);
    }
  }
  return { ok: problems.length === 0, runs: runs.length, events, problems };
}
