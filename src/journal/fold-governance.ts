/** How approvals, obligations and the gate change the run: another part of `fold.ts`. */
import { unreachable } from "../std/assert.ts";
import { BridleError } from "../std/error.ts";
import type {
  ApprovalRequested,
  ApprovalSettled,
  ApprovalVoted,
  BudgetRaised,
  GateChecked,
  InboxRefused,
  ObligationDeclined,
  ObligationOpened,
} from "./governance-event.ts";
import { addUserMessage, replaceCall } from "./fold-call.ts";
import type { Draft, HeldApproval } from "./run.ts";

type GovernanceEvent = (
  | ApprovalRequested
  | ApprovalVoted
  | ApprovalSettled
  | ObligationOpened
  | ObligationDeclined
  | GateChecked
  | InboxRefused
  | BudgetRaised
) & { readonly at: number };

export function foldGovernanceEvent(draft: Draft, event: GovernanceEvent): void {
  if ("inbox" in event) draft.inboxSeen = event.inbox ?? draft.inboxSeen;
  switch (event.kind) {
    case "approval.requested":
      foldRequested(draft, event);
      return;
    case "approval.voted": {
      const { by, decision, onBehalfOf, reason, at } = event;
      const vote = {
        by,
        decision,
        ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
        ...(reason === undefined ? {} : { reason }),
        at,
      };
      changeApproval(draft, event.approvalId, ({ votes }) => ({ votes: [...votes, vote] }));
      return;
    }
    case "approval.settled":
      foldSettled(draft, event);
      return;
    case "obligation.opened":
      draft.obligations = [...draft.obligations, { ...event.obligation, source: event.source }];
      draft.gate = null;
      return;
    case "obligation.declined": {
      const { by, reason, obligationId } = event;
      draft.obligations = draft.obligations.map((obligation) =>
        obligation.id === obligationId ? { ...obligation, declined: { by, reason } } : obligation,
      );
      draft.gate = null;
      return;
    }
    case "gate.checked":
      foldGate(draft, event);
      return;
    case "inbox.refused":
      return;
    case "budget.raised":
      foldRaised(draft, event);
      return;
    default:
      unreachable(event, "foldGovernanceEvent");
  }
}

function foldRequested(draft: Draft, event: ApprovalRequested & { readonly at: number }): void {
  const call = draft.calls.find((open) => open.callId === event.callId);
  if (call?.status !== "requested") throw misplaced(draft, event.approvalId);
  const { kind: _kind, seen: _seen, at, ...asked } = event;
  draft.approvals = [...draft.approvals, { ...asked, requestedAt: at, votes: [], decision: null }];
  replaceCall(draft, { ...call, status: "waiting" });
}

/** The call is looked at again, whatever was decided: it is decided on anew before it runs. */
function foldSettled(draft: Draft, event: ApprovalSettled): void {
  const { approvalId, decision, reason } = event;
  changeApproval(draft, approvalId, () => ({
    decision,
    ...(reason === undefined ? {} : { reason }),
  }));
  const approval = draft.approvals.find((each) => each.approvalId === approvalId);
  const call = draft.calls.find((open) => open.callId === approval?.callId);
  if (call?.status !== "waiting") return;
  if (decision !== "edited" || event.input === undefined) {
    replaceCall(draft, { ...call, status: "requested" });
    return;
  }
  const { malformed: _malformed, ...rest } = call;
  const { by = "a person", onBehalfOf = by } = event;
  const editedBy = [...new Set([...(call.editedBy ?? []), by, onBehalfOf])];
  replaceCall(draft, { ...rest, input: event.input, editedBy, status: "requested" });
  const changed = JSON.stringify(event.input);
  addUserMessage(draft, `A person changed the arguments of your ${call.tool} call to ${changed}.`);
}

function changeApproval(
  draft: Draft,
  approvalId: string,
  change: (approval: HeldApproval) => Partial<HeldApproval>,
): void {
  const known = draft.approvals.find((approval) => approval.approvalId === approvalId);
  if (known?.decision !== null) throw misplaced(draft, approvalId);
  draft.approvals = draft.approvals.map((approval) =>
    approval === known ? { ...approval, ...change(approval) } : approval,
  );
}

function foldGate(draft: Draft, event: GateChecked): void {
  const { unmet, text } = event;
  draft.gate = { unmet, ...(text === undefined ? {} : { text }) };
  if (text === undefined) return;
  draft.gateRounds += 1;
  addUserMessage(draft, text);
}

function foldRaised(draft: Draft, event: BudgetRaised): void {
  const raised = { ...draft.raised };
  for (const [unit, more] of Object.entries(event.more)) raised[unit] = (raised[unit] ?? 0) + more;
  draft.raised = raised;
}

function misplaced(draft: Draft, approvalId: string): BridleError {
  return new BridleError(
    "journal_corrupt",
    `Run ${draft.runId}: an event for approval ${approvalId}, which is not open`,
  );
}
