import type { ApprovalFilter, ApprovalRow } from "./approval.ts";
import { approvalOf, approvalTaken, type ApprovalEvents } from "./approval-rules.ts";
import { listLimit } from "./store-rules.ts";

/** The index of approvals in this process's memory. */
export class MemoryApprovals {
  readonly #rows = new Map<string, ApprovalRow>();

  /** V2, before anything is written. */
  check(runId: string, events: ApprovalEvents): void {
    for (const { body } of events) {
      if (body.kind !== "approval.requested") continue;
      const known = this.#rows.get(body.approvalId);
      if (known !== undefined && known.runId !== runId) throw approvalTaken(body.approvalId);
    }
  }

  note(
    run: { readonly runId: string; readonly tenant: string | null },
    events: ApprovalEvents,
  ): void {
    for (const event of events) {
      const { body } = event;
      if (body.kind === "approval.requested") {
        this.#rows.delete(body.approvalId);
        this.#rows.set(body.approvalId, { ...run, ...approvalOf(body, event.at) });
      }
      if (body.kind === "approval.settled") this.#settle(run.runId, body.approvalId);
    }
  }

  /** V1: the end of a run leaves nothing open. */
  finish(runId: string): void {
    for (const { approvalId } of this.#rows.values()) this.#settle(runId, approvalId);
  }

  list(filter: ApprovalFilter): readonly ApprovalRow[] {
    const { status, runId, tenant } = filter;
    return [...this.#rows.values()]
      .filter((row) => status === undefined || row.status === status)
      .filter((row) => runId === undefined || row.runId === runId)
      .filter((row) => tenant === undefined || row.tenant === tenant)
      .toSorted((one, other) => one.requestedAt - other.requestedAt)
      .slice(0, listLimit(filter));
  }

  get(approvalId: string): ApprovalRow | undefined {
    return this.#rows.get(approvalId);
  }

  #settle(runId: string, approvalId: string): void {
    const row = this.#rows.get(approvalId);
    if (row?.runId === runId) this.#rows.set(approvalId, { ...row, status: "settled" });
  }
}
