import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { RunFilter } from "../../journal/store.ts";
import { listLimit } from "../../journal/store-rules.ts";
import type { Row } from "./rows.ts";

/** Rows of runs that match, in the order of their creation. */
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
  if (filter.claimableAt !== undefined) {
    const now = filter.claimableAt;
    demand("status <> 'finished'");
    demand("(status = 'ready' OR (status = 'parked' AND wake_at <= ?))", now);
    if (filter.leased !== true) demand("(lease_until IS NULL OR lease_until <= ?)", now);
  }
  const condition = where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`;
  const order = filter.newestFirst === true ? "DESC" : "ASC";
  return db
    .prepare(`SELECT * FROM runs ${condition} ORDER BY run_pk ${order} LIMIT ?`)
    .all(...values, listLimit(filter));
}
