/** What every store's index of approvals has in common. */
import { BridleError } from "../std/error.ts";
import type { ApprovalRow } from "./approval.ts";
import type { EventBody } from "./event.ts";
import type { ApprovalRequested } from "./governance-event.ts";

export type ApprovalEvents = readonly { readonly at: number; readonly body: EventBody }[];

/** The row of a question that was just put. */
export function approvalOf(
  asked: ApprovalRequested,
  at: number,
): Omit<ApprovalRow, "runId" | "tenant"> {
  const { approvalId, callId, tool, expiresAt } = asked;
  return { approvalId, callId, tool, requestedAt: at, expiresAt, status: "open" };
}

export function approvalTaken(approvalId: string): BridleError {
  return new BridleError(
    "event_invalid",
    `Another run asks under the approval id "${approvalId}"`,
    {
      hint: "Mint approval ids from the run and the call, so that no two runs share one.",
    },
  );
}

/** The tenant of a run, from its first event. */
export function tenantOf(created: EventBody): string | null {
  return created.kind === "run.created" ? (created.principal?.tenant ?? null) : null;
}
