/** The index of approvals as a table beside the journal (laws V1, V2 in `journal/approval.ts`). */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { ApprovalFilter, ApprovalRow } from "../../journal/approval.ts";
import { approvalOf, approvalTaken, type ApprovalEvents } from "../../journal/approval-rules.ts";
import { listLimit } from "../../journal/store-rules.ts";
import { isJsonObject, parseJson } from "../../std/json.ts";
import { numberOf, textOf, type Row } from "./rows.ts";
import { SEQ_SPAN } from "./schema.ts";

const SELECT = "SELECT approvals.*, run_id FROM approvals JOIN runs USING (run_pk)";

export class SqliteApprovals {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** V2, before anything is written. */
  check(runPk: number, events: ApprovalEvents): void {
    for (const { body } of events) {
      if (body.kind !== "approval.requested") continue;
      const known = this.#db
        .prepare("SELECT 1 FROM approvals WHERE approval_id = ? AND run_pk <> ?")
        .get(body.approvalId, runPk);
      if (known !== undefined) throw approvalTaken(body.approvalId);
    }
  }

  note(runPk: number, events: ApprovalEvents): void {
    for (const { at, body } of events) {
      if (body.kind === "approval.settled") {
        this.#db
          .prepare("UPDATE approvals SET status = 'settled' WHERE approval_id = ? AND run_pk = ?")
          .run(body.approvalId, runPk);
      }
      if (body.kind !== "approval.requested") continue;
      const { approvalId, callId, tool, requestedAt, expiresAt, status } = approvalOf(body, at);
      const tenant = this.#tenantOf(runPk);
      // Replaced, a row gets a new number: it goes behind those that were asked meanwhile.
      this.#db
        .prepare(
          `INSERT OR REPLACE INTO approvals (approval_id, run_pk, call_id, tenant, tool,
            requested_at, expires_at, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(approvalId, runPk, callId, tenant, tool, requestedAt, expiresAt, status);
    }
  }

  /** V1: the end of a run leaves nothing open. */
  finish(runPk: number): void {
    this.#db
      .prepare("UPDATE approvals SET status = 'settled' WHERE run_pk = ? AND status = 'open'")
      .run(runPk);
  }

  list(filter: ApprovalFilter): readonly ApprovalRow[] {
    const where: string[] = [];
    const values: SQLInputValue[] = [];
    for (const [column, value] of [
      ["status", filter.status],
      ["run_id", filter.runId],
      ["tenant", filter.tenant],
    ] as const) {
      if (value === undefined) continue;
      where.push(`${column === "run_id" ? "runs" : "approvals"}.${column} = ?`);
      values.push(value);
    }
    const condition = where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`;
    return this.#db
      .prepare(`${SELECT} ${condition} ORDER BY requested_at, approval_pk LIMIT ?`)
      .all(...values, listLimit(filter))
      .map(approvalRow);
  }

  get(approvalId: string): ApprovalRow | undefined {
    const row = this.#db.prepare(`${SELECT} WHERE approval_id = ?`).get(approvalId);
    return row === undefined ? undefined : approvalRow(row);
  }

  /** A run's first event always has its extent (P2 in heads.ts). */
  #tenantOf(runPk: number): string | null {
    const row = this.#db
      .prepare("SELECT body FROM extents JOIN events ON events.id = extents.id WHERE key = ?")
      .get(runPk * SEQ_SPAN + 1);
    const body = row === undefined ? undefined : parseJson(textOf(row, "body"));
    const principal =
      body?.ok === true && isJsonObject(body.value) ? body.value["principal"] : null;
    const tenant = isJsonObject(principal) ? principal["tenant"] : null;
    return typeof tenant === "string" ? tenant : null;
  }
}

function approvalRow(row: Row): ApprovalRow {
  const tenant = row["tenant"];
  return {
    approvalId: textOf(row, "approval_id"),
    runId: textOf(row, "run_id"),
    callId: textOf(row, "call_id"),
    tenant: typeof tenant === "string" ? tenant : null,
    tool: textOf(row, "tool"),
    requestedAt: numberOf(row, "requested_at"),
    expiresAt: numberOf(row, "expires_at"),
    status: row["status"] === "open" ? "open" : "settled",
  };
}
