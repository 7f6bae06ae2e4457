/** The events of those who govern a run: approvals, obligations, the gate, budgets. */
import type { Json } from "../std/json.ts";
import type { Obligation } from "./intent.ts";
import type { UnmetCheck } from "./outcome.ts";
import type { Seen } from "./event.ts";

/** A person is asked whether this one call may happen. */
export interface ApprovalRequested {
  readonly kind: "approval.requested";
  readonly agent: string;
  readonly approvalId: string;
  readonly argsHash: string;
  /** What the answer is bound to; see `governance/approval.ts`. */
  readonly callHash: string;
  readonly callId: string;
  /** Sensitive arguments whose value is not trusted, by path. */
  readonly doubtful?: readonly string[];
  readonly expiresAt: number;
  readonly input: Json;
  readonly nonce: string;
  /** Who may answer; null: anybody known. */
  readonly people: readonly string[] | null;
  readonly question: string;
  /** How many different people must approve. */
  readonly quorum: number;
  /** Who may not answer: it is their own request. */
  readonly requestedBy: readonly string[];
  readonly resource?: { readonly id: string; readonly type: string; readonly version?: string };
  /** The rules that ask. */
  readonly rules: readonly string[];
  readonly seen?: Seen;
  readonly tool: string;
}

/** A person's word, as the run's writer accepted it. */
export interface ApprovalVoted {
  readonly kind: "approval.voted";
  readonly approvalId: string;
  readonly by: string;
  readonly decision: "approve" | "deny";
  readonly inbox?: number;
  /** The person whose right `by` used. */
  readonly onBehalfOf?: string;
  readonly reason?: string;
}

export interface ApprovalSettled {
  readonly kind: "approval.settled";
  readonly approvalId: string;
  readonly by?: string;
  readonly decision: "approved" | "denied" | "expired" | "edited";
  readonly inbox?: number;
  /** The arguments a person put in place of the model's. */
  readonly input?: Json;
  /** The person whose right `by` used. */
  readonly onBehalfOf?: string;
  readonly reason?: string;
}

export interface ObligationOpened {
  readonly kind: "obligation.opened";
  readonly inbox?: number;
  readonly obligation: Obligation;
  /** `person`, or the call whose result confirmed it. */
  readonly source: string;
}

export interface ObligationDeclined {
  readonly kind: "obligation.declined";
  readonly by: string;
  readonly inbox?: number;
  readonly obligationId: string;
  readonly reason: string;
}

/** The checks made when the model stopped. Nothing unmet: the run's end follows. */
export interface GateChecked {
  readonly kind: "gate.checked";
  readonly checks: number;
  /** What the model is told; absent: nothing is asked of it any more. */
  readonly text?: string;
  readonly unmet: readonly UnmetCheck[];
}

/** A message from outside that could not be taken, and why. */
export interface InboxRefused {
  readonly kind: "inbox.refused";
  readonly inbox: number;
  readonly reason: string;
  readonly what: string;
}

/** A person allows the run more than its budget. */
export interface BudgetRaised {
  readonly kind: "budget.raised";
  readonly by: string;
  readonly inbox?: number;
  /** How much more, by unit. */
  readonly more: { readonly [unit: string]: number };
}
