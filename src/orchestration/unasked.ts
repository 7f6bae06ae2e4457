/** How a run ends whose model could not be asked: what happened, and the next step. */
import { faultHint } from "../generation/fault/hint.ts";
import type { ModelFault } from "../journal/model-fault.ts";
import type { Reason, ReasonCode } from "../journal/outcome.ts";
import type { Asked } from "./asking.ts";
import type { Command } from "./decide.ts";

type Ending = Omit<Extract<Command, { kind: "finish" }>, "kind">;

export function failedToAsk({ route, why }: Extract<Asked, { kind: "failed" }>): Ending {
  const { fault, attempts, message, hint } = why;
  const outcome = "failed_recoverable";
  if (fault === null) {
    const reason: Reason = {
      code: "model_failed",
      message: `No model could be asked: ${message}.`,
      hint: hint ?? "Look at the conditions of the agent's routes.",
    };
    return { outcome, reason, text: null };
  }
  const status = fault.status === undefined ? "" : ` (HTTP ${fault.status})`;
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const about = { provider: route?.provider ?? "", modelId: route?.model.modelId ?? "" };
  return {
    outcome,
    reason: {
      code: codeOf(fault),
      message: `The model could not be asked after ${tries}${status}: ${fault.message}`,
      hint: faultHint(fault, about),
    },
    text: null,
  };
}

function codeOf({ kind }: ModelFault): ReasonCode {
  switch (kind) {
    case "content_filtered":
    case "refused":
      return "model_refused";
    case "quota_exhausted":
      return "model_quota";
    case "context_overflow":
      return "model_overflow";
    case "auth":
    case "rate_limited":
    case "overloaded":
    case "unavailable":
    case "unreachable":
    case "invalid_request":
    case "truncated":
    case "stream_broken":
    case "timeout":
    case "malformed":
    case "model_switched":
    case "aborted":
    case "unknown":
    default:
      return "model_failed";
  }
}
