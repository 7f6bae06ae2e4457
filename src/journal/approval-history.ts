/** Every approval of a run with what became of it, out of the run's own events. */
import type { JournalEvent } from "./event.ts";
import type { ApprovalRequested } from "./governance-event.ts";
import type { HeldApproval } from "./run.ts";

export interface PastApproval extends Omit<HeldApproval, "decision"> {
  readonly runId: string;
  /** Null while it is open; `ended` when the run ended first. */
  readonly decision: HeldApproval["decision"] | "ended";
  readonly settledAt?: number;
}

/** In the order in which they were asked. The journal is believed, whatever an index says. */
export function approvalHistory(
  runId: string,
  events: Iterable<JournalEvent>,
): readonly PastApproval[] {
  const known = new Map<string, PastApproval>();
  for (const event of events) {
    if (event.kind === "approval.requested") {
      known.set(event.approvalId, askedBy(runId, event));
    } else if (event.kind === "run.finished") {
      for (const [id, open] of known) known.set(id, endedAt(open, event));
    } else if (event.kind === "approval.voted" || event.kind === "approval.settled") {
      const approval = known.get(event.approvalId);
      if (approval !== undefined) known.set(event.approvalId, changedBy(approval, event));
    }
  }
  return [...known.values()];
}

function endedAt(approval: PastApproval, { at }: { readonly at: number }): PastApproval {
  return approval.decision === null ? { ...approval, decision: "ended", settledAt: at } : approval;
}

function askedBy(
  runId: string,
  event: ApprovalRequested & { readonly at: number; readonly seq: number },
): PastApproval {
  const { kind: _kind, seq: _seq, at, ...asked } = event;
  return { ...asked, runId, requestedAt: at, votes: [], decision: null };
}

function changedBy(
  approval: PastApproval,
  event: Extract<JournalEvent, { kind: "approval.voted" | "approval.settled" }>,
): PastApproval {
  const { at, reason } = event;
  const why = reason === undefined ? {} : { reason };
  if (event.kind === "approval.settled") {
    return { ...approval, decision: event.decision, settledAt: at, ...why };
  }
  const { by, decision, onBehalfOf } = event;
  const whose = onBehalfOf === undefined ? {} : { onBehalfOf };
  return { ...approval, votes: [...approval.votes, { by, decision, at, ...whose, ...why }] };
}
