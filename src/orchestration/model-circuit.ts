/** What an attempt says about the model, for everybody who asks it. */
import type { Attempt } from "../generation/gateway.ts";
import type { PreparedRoute } from "../generation/route.ts";
import type { ModelFault } from "../journal/model-fault.ts";
import { MODEL_BREAKER } from "./ask-route.ts";
import type { Circuits } from "./circuits.ts";

/** A rest that only one run was told is not worth a row: others meet it, and wait as short. */
const REST_MIN_MS = 1_000;

/** Undefined when there is nothing to wait for. */
export function noteAttempt(
  circuits: Circuits,
  route: PreparedRoute,
  attempt: Attempt,
): Promise<void> | undefined {
  const isFine = attempt.kind === "answered" && circuits.isQuiet(route.scope);
  return isFine ? undefined : noteOutcome(circuits, route, attempt);
}

async function noteOutcome(
  circuits: Circuits,
  route: PreparedRoute,
  attempt: Attempt,
): Promise<void> {
  const { scope } = route;
  const fault = attempt.kind === "failed" ? attempt.fault : null;
  const restMs = fault !== null && "retryAfterMs" in fault ? (fault.retryAfterMs ?? 0) : 0;
  if (fault !== null && restMs >= REST_MIN_MS) {
    await circuits.rests(scope, restMs, fault.message);
    return;
  }
  if (fault === null || !isOfModel(fault)) {
    if (fault?.kind !== "aborted") await circuits.succeeded(scope);
    return;
  }
  await circuits.failed(scope, fault.message, MODEL_BREAKER);
}

/** Whether the fault says that the model is down, not that this request or this key is wrong. */
function isOfModel(fault: ModelFault): boolean {
  switch (fault.kind) {
    case "overloaded":
    case "unavailable":
    case "unreachable":
    case "stream_broken":
    case "timeout":
      return true;
    case "malformed":
      return fault.status !== undefined;
    case "rate_limited":
    case "quota_exhausted":
    case "context_overflow":
    case "invalid_request":
    case "auth":
    case "content_filtered":
    case "refused":
    case "truncated":
    case "model_switched":
    case "aborted":
    case "unknown":
    default:
      return false;
  }
}
