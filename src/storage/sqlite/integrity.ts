import type { DatabaseSync } from "node:sqlite";
import { errorMessage } from "../../std/error.ts";
import { verifyChain } from "../../journal/record.ts";
import { readRun } from "../../journal/read-run.ts";
import type { JournalStore } from "../../journal/store.ts";
import { READ_MAX } from "../../journal/store-rules.ts";
import { SEQ_SPAN } from "./schema.ts";
import { numberOf, textOf } from "./rows.ts";

export interface IntegrityReport {
  readonly ok: boolean;
  readonly runs: number;
  readonly events: number;
  /** What is wrong, one sentence each; at most a hundred. */
  readonly problems: readonly string[];
}

const PROBLEMS_MAX = 100;

type Note = (problem: string) => void;

/**
 * Reads everything: SQLite's own check, each run's hash chain, each blob behind an event, and
 * whether each run's row says what its journal says. Damage is reported, never thrown.
 */
export async function checkIntegrity(
  db: DatabaseSync,
  store: JournalStore,
): Promise<IntegrityReport> {
  const problems: string[] = [];
  const note: Note = (problem) => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };
  let events = 0;
  let runIds: readonly string[] = [];
  await attempt("SQLite", note, () => checkPages(db, note));
  await attempt("The events", note, () => checkOwners(db, note));
  await attempt("The runs", note, () => {
    const rows = db.prepare("SELECT run_id FROM runs ORDER BY run_pk").all();
    runIds = rows.map((row) => textOf(row, "run_id"));
  });
  for (const runId of runIds) {
    await attempt(`Run ${runId}`, note, async () => {
      events += await checkChain(store, runId, note);
      await checkState(store, runId, note);
    });
  }
  await attempt("The events", note, () => {
    const row = db.prepare("SELECT count(*) AS n FROM events").get();
    const stored = row === undefined ? 0 : numberOf(row, "n");
    if (stored !== events) note(`${stored} events are stored, ${events} can be reached`);
  });
  return { ok: problems.length === 0, runs: runIds.length, events, problems };
}

async function attempt(
  subject: string,
  note: Note,
  check: () => void | Promise<void>,
): Promise<void> {
  try {
    await check();
  } catch (thrown) {
    note(`${subject}: ${errorMessage(thrown)}`);
  }
}

function checkPages(db: DatabaseSync, note: Note): void {
  for (const row of db.prepare("PRAGMA integrity_check(20)").all()) {
    const line = textOf(row, "integrity_check");
    if (line !== "ok") note(`SQLite: ${line}`);
  }
}

function checkOwners(db: DatabaseSync, note: Note): void {
  const owners = {
    events: "run_pk",
    extents: `key / ${SEQ_SPAN}`,
    inbox: "run_pk",
    approvals: "run_pk",
    reservations: "run_pk",
  };
  for (const [table, owner] of Object.entries(owners)) {
    const row = db
      .prepare(`SELECT count(*) AS n FROM ${table} WHERE ${owner} NOT IN (SELECT run_pk FROM runs)`)
      .get();
    const lost = row === undefined ? 0 : numberOf(row, "n");
    if (lost > 0) note(`${lost} rows of ${table} belong to no run`);
  }
}

async function checkChain(store: JournalStore, runId: string, note: Note): Promise<number> {
  const records = await store.read(runId, 1, READ_MAX);
  const broken = verifyChain(runId, records);
  if (broken !== null) note(`Run ${runId}: the chain breaks at event ${broken}`);
  return records.length;
}

/** A chain cannot tell that its end was cut off; the run's row sometimes can. */
async function checkState(store: JournalStore, runId: string, note: Note): Promise<void> {
  const state = await readRun(store, runId);
  if (state === undefined) {
    note(`Run ${runId}: it has no events`);
    return;
  }
  const row = await store.get(runId);
  if ((row?.outcome ?? null) !== (state.outcome?.kind ?? null)) {
    const recorded = state.outcome?.kind ?? "no end";
    note(`Run ${runId}: its row says ${row?.outcome ?? "open"}, its journal ${recorded}`);
  }
}
