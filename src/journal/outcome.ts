import type { Json } from "../std/json.ts";
import type { Receipt } from "./receipt.ts";
import type { Usage } from "./usage.ts";

/** How a run ends; exactly one per run (DESIGN, glossary). */
export type OutcomeKind = "succeeded" | "failed_recoverable" | "failed" | "cancelled" | "expired";

export const outcomeKinds: readonly OutcomeKind[] = [
  "succeeded",
  "failed_recoverable",
  "failed",
  "cancelled",
  "expired",
];

/** Why a run ended as it did: a closed list, so that reports can count. */
export type ReasonCode =
  | "model_finished"
  | "stop_condition"
  | "limit_turns"
  | "limit_calls"
  | "limit_wall_time"
  | "limit_tokens"
  | "limit_events"
  | "limit_event_size"
  | "model_failed"
  | "model_truncated"
  | "model_refused"
  | "model_empty"
  /** Credit or a spend limit is used up at the provider. */
  | "model_quota"
  /** The conversation does not fit, however small it was made. */
  | "model_overflow"
  | "effects_in_doubt"
  | "gate_unmet"
  | "gate_violated"
  | "policy_denied"
  | "budget_exhausted"
  | "price_unknown"
  | "cancelled"
  | "agent_broken"
  | "journal_broken";

export interface Reason {
  readonly code: ReasonCode;
  /** One sentence for a person. */
  readonly message: string;
  /** What would unblock it. */
  readonly hint?: string;
}

/** An effect of which it is not known whether it happened. */
export interface InDoubt {
  readonly callId: string;
  readonly tool: string;
  readonly input: Json;
  readonly idempotencyKey: string;
  readonly why: string;
}

/** A check that did not hold when the run ended. */
export interface UnmetCheck {
  readonly id: string;
  readonly kind: "must" | "never" | "obligation" | "report";
  readonly what: string;
  readonly why: string;
}

export interface Outcome {
  readonly kind: OutcomeKind;
  readonly reason: Reason;
  /** The model's last words, or null when it never finished. */
  readonly text: string | null;
  readonly turns: number;
  readonly calls: number;
  readonly usage: Usage;
  readonly receipts: readonly Receipt[];
  readonly inDoubt: readonly InDoubt[];
  /**
   * The tool through which untrusted content came into the conversation: what the last words say
   * may be its. Null when none did, or when the agent follows no labels.
   */
  readonly tainted: string | null;
  /** What kept the run from succeeding, when checks did. */
  readonly unmet: readonly UnmetCheck[];
  /** Obligations that were declined, with who did and why. */
  readonly declined: readonly {
    readonly id: string;
    readonly by: string;
    readonly reason: string;
  }[];
}
