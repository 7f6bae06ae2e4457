/** What an attempt says about the model, for everybody who asks it. */
import type { Attempt } from "../generation/gateway.ts";
import type { BreakerSettings } from "../generation/breaker.ts";
import type { PreparedRoute } from "../generation/route.ts";
import type { ModelFault } from "../journal/model-fault.ts";
import type { Circuits } from "./circuits.ts";

/** A rest that only one run was told is not worth a row: others meet it, and wait as short. */
const REST_MIN_MS = 1_000;

interface Asker {
  readonly route: PreparedRoute;
  /** Under which it came in. */
  readonly holder: string;
  readonly settings: BreakerSettings;
}

/** Undefined when there is nothing to wait for. */
export function noteAttempt(
  circuits: Circuits,
  attempt: Attempt,
  given: Asker,
): Promise<void> | undefined {
  const isFine = attempt.kind === "answered" && circuits.isQuiet(given.route.scope);
  return isFine ? undefined : noteOutcome(circuits, attempt, given);
}

async function noteOutcome(circuits: Circuits, attempt: Attempt, given: Asker): Promise<void> {
  const { route, holder, settings } = given;
  const { scope } = route;
  if (attempt.kind === "answered") {
    await circuits.succeeded(scope);
    return;
  }
  const { fault } = attempt;
  const reason = fault.message;
  const restMs = "retryAfterMs" in fault ? (fault.retryAfterMs ?? 0) : 0;
  if (fault.kind === "aborted") await circuits.left(scope, holder);
  else if (restMs >= REST_MIN_MS) await circuits.rests(scope, { holder, restMs, reason });
  else if (isOfModel(fault)) await circuits.failed(scope, { holder, reason, settings });
  else await circuits.succeeded(scope);
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
