import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { RunFilter, RunRow } from "../../journal/store.ts";
import { listLimit } from "../../journal/store-rules.ts";
import { numberOf, runRow, tailRow, type Row } from "./rows.ts";
import type { Statements } from "./statements.ts";

/**
 * Rows of runs that match, in the order of their creation. Open runs are found through the index
 * of open runs, so that the finished ones, however many, cost nothing; the planner would rather
 * walk the whole table in the order asked for.
 */
export function listRuns(db: DatabaseSync, filter: RunFilter): Row[] {
  const where: string[] = [];
  const values: SQLInputValue[] = [];
  const demand = (condition: string, ...given: readonly SQLInputValue[]): void => {
    where.push(condition);
    values.push(...given);
  };
  if (filter.status !== undefined) demand("status = ?", filter.status);
  if (filter.agent !== undefined) demand("agent = ?", filter.agent);
  if (filter.outcome !== undefined) demand("outcome = ?", filter.outcome);
  const isOpen = filter.status === "ready" || filter.status === "parked";
  const index = isOpen || filter.claimableAt !== undefined ? "INDEXED BY runs_open" : "";
  // The words of the index's own condition: SQLite does not draw the conclusion itself.
  if (index !== "") demand("status <> 'finished'");
  if (filter.claimableAt !== undefined) {
    const now = filter.claimableAt;
    demand("(status = 'ready' OR (status = 'parked' AND wake_at <= ?))", now);
    if (filter.leased !== true) demand("(lease_until IS NULL OR lease_until <= ?)", now);
  }
  const condition = where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`;
  const order = filter.newestFirst === true ? "DESC" : "ASC";
  return db
    .prepare(`SELECT * FROM runs ${index} ${condition} ORDER BY run_pk ${order} LIMIT ?`)
    .all(...values, listLimit(filter));
}

/**
 * The rows with their true heads: while a run is leased, its own row may lag behind. What lies
 * past them is read once for all, however many are leased.
 */
export function currentRows(sql: Statements, rows: readonly Row[]): RunRow[] {
  const leased = rows.filter((row) => row["lease_owner"] !== null);
  if (leased.length === 0) return rows.map(runRow);
  const from = Math.min(...leased.map((row) => numberOf(row, "head_id")));
  const tails = new Map(sql.tails.all(from).map(tailRow));
  return rows.map((row) => {
    const run = runRow(row);
    const tail = run.lease === null ? undefined : tails.get(numberOf(row, "run_pk"));
    return tail === undefined ? run : { ...run, ...tail };
  });
}
