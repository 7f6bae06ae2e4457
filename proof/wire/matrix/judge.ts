/**
 * Whether a case ended as it may: declared, or one sentence on what is wrong.
 *
 * Declared means: an outcome, or parked with a time to wake; no payment twice; no success without
 * the payment; a receipt for each payment; no connection left behind. A fault that struck once is
 * got over, but for those that asking again cannot mend.
 */
import type { ReasonCode } from "../../../src/journal/outcome.ts";
import type { WireCase } from "./cases.ts";
import type { Played } from "./play.ts";

interface Unmendable {
  readonly reason: ReasonCode;
  readonly why: string;
}

const QUOTA: Unmendable = { reason: "model_quota", why: "only money or another day brings more" };
const REFUSED: Unmendable = {
  reason: "model_refused",
  why: "the same question is withheld again; another route might answer, and there is none here",
};
const FULL: Unmendable = {
  reason: "model_overflow",
  why: "a conversation of two messages has nothing that could be left out",
};
const WRONG: Unmendable = {
  reason: "model_failed",
  why: "the same request is refused again until a person mends key, name, address or request",
};
const CUT: Unmendable = {
  reason: "model_truncated",
  why: "the limit of the output cuts the same answer off again",
};

/** How a run may end although the fault struck only once. */
const unmendable: Readonly<Record<string, Unmendable>> = {
  quota_per_day: QUOTA,
  quota_exhausted: QUOTA,
  spend_limit: QUOTA,
  payment_required: QUOTA,
  too_large_html: WRONG,
  unauthorized: WRONG,
  forbidden: WRONG,
  model_not_found: WRONG,
  address_not_found: WRONG,
  bad_request: WRONG,
  refusal: REFUSED,
  content_filter: REFUSED,
  content_filter_error: REFUSED,
  prompt_blocked: REFUSED,
  recitation: REFUSED,
  length_cut_text: CUT,
  overflow_cut_short: CUT,
  overflow: FULL,
  overflow_anthropic: FULL,
  overflow_output: FULL,
  overflow_vllm: FULL,
  overflow_openrouter: FULL,
  overflow_gemini: FULL,
  overflow_bedrock: FULL,
  overflow_in_stream: FULL,
  overflow_stop_reason: FULL,
  usage_huge: {
    reason: "limit_tokens",
    why: "more is told to be spent than the run may; whether to believe it is a person's to say",
  },
};

/** Null: declared. */
export function judge({ fault, schedule }: WireCase, played: Played): string | null {
  const { end, paid, receipts, left } = played;
  if (paid > 1) return `the payment was made ${paid} times`;
  if (end.kind === "hung") return "the run neither ended nor parked";
  if (end.kind === "ended" && end.outcome === "succeeded" && paid !== 1) {
    return "the run succeeded and nothing was paid";
  }
  if (left > 0) return `${left} connections were left open`;
  if (receipts !== paid) return `${paid} payments and ${receipts} receipts`;
  if (end.kind === "parked") {
    if (end.wakeAt === null) return "the run is parked and nothing will wake it";
    return schedule === "always" ? null : "the run is still parked after a fault that struck once";
  }
  const { outcome, reason } = end;
  if (outcome === "succeeded") return null;
  if (outcome !== "failed_recoverable") return `the run ended as ${outcome}: ${reason}`;
  if (schedule === "always" || unmendable[fault.name]?.reason === reason) return null;
  return `the run ended for ${reason} after a fault that struck once`;
}
