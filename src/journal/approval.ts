/**
 * The index that a person's inbox reads. The truth about an approval are the events of its run;
 * stores keep a row beside them, in the same transaction.
 *
 * V1 `approval.requested` opens a row, `approval.settled` settles it, and the end of the run
 *    settles what is still open.
 * V2 An id belongs to one run: an append that asks under the id of another run is refused as
 *    `event_invalid`. The same run may ask again under the same id, which opens the row anew.
 */
export type ApprovalStatus = "open" | "settled";

export interface ApprovalRow {
  readonly approvalId: string;
  readonly runId: string;
  readonly callId: string;
  /** Of the run's principal. */
  readonly tenant: string | null;
  readonly tool: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly status: ApprovalStatus;
}

export interface ApprovalFilter {
  readonly status?: ApprovalStatus;
  readonly runId?: string;
  readonly tenant?: string;
  /** At most this many; 100 when absent, never above 10,000. */
  readonly limit?: number;
}
