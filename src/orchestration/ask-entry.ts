/** What must let an attempt in before it is made: policies, the fleet's retries, the breaker. */
import type { PreparedRoute } from "../generation/route.ts";
import { backoffMs } from "../std/backoff.ts";
import { systemRandom } from "../std/random.ts";
import { modelVerdict } from "./policies.ts";
import { takeRetry } from "./fleet.ts";
import type { Asked, Asking, ClosedOff } from "./asking.ts";

/** What forbids this route, before anything is reserved. */
export async function refusedBefore(asking: Asking, route: PreparedRoute): Promise<Asked | null> {
  const { session, agent, options } = asking;
  const { governing, trust } = options;
  const model = `${route.model.provider}/${route.model.modelId}`;
  const verdict = await modelVerdict(session, model, { agent, governing, trust });
  if (verdict.kind !== "deny") return null;
  const by = verdict.rules.length === 0 ? "" : ` (${verdict.rules.join(", ")})`;
  const message = `${model} may not be asked: ${verdict.reason}${by}.`;
  return { kind: "model_denied", message };
}

export function isFirstTry({ session, retryOf }: Asking, { name }: PreparedRoute): boolean {
  return retryOf === name || !session.state.turnFaults.some(({ asked }) => asked === name);
}

/**
 * A further attempt takes one of the retries that all runs have together for this model, and
 * waits until there is one. Null: it may be made.
 */
export async function enterFleet(
  asking: Asking,
  { name }: PreparedRoute,
): Promise<ClosedOff | null> {
  const { session, retry } = asking;
  const until = await takeRetry(session, { name, retry, crowded: asking.crowded });
  if (until === null) {
    asking.retryOf = name;
    asking.crowded = 0;
    return null;
  }
  asking.crowded += 1;
  return { until, why: `all runs together ask ${name} again too often` };
}

interface Entering {
  readonly route: PreparedRoute;
  readonly holder: string;
}

export function enterCircuit(
  asking: Asking,
  given: Entering,
): ClosedOff | null | Promise<ClosedOff | null> {
  const { scope } = given.route;
  const { circuits } = asking.options;
  const isFree = circuits.isQuiet(scope) && circuits.tryStart(scope, asking.breaker);
  return isFree ? null : enterInOrder(asking, given);
}

async function enterInOrder(
  { session, options, breaker }: Asking,
  { route, holder }: Entering,
): Promise<ClosedOff | null> {
  const { scope } = route;
  const { circuits } = options;
  // A place first: who got it may probe at once, and who did not holds up no other's probe.
  if (!circuits.tryStart(scope, breaker)) {
    return { until: session.clock.now() + CROWD_WAIT_MS, why: circuits.known(scope).reason };
  }
  if (circuits.isQuiet(scope)) return null;
  const admission = await circuits.enter(scope, holder, breaker).catch((thrown: unknown) => {
    circuits.end(scope);
    throw thrown;
  });
  if (admission.kind === "go") return null;
  circuits.end(scope);
  return { until: admission.until, why: admission.reason };
}

/** How long who found a failing model full waits before it looks again, and at most, ms. */
const CROWD_WAIT_MS = 100;
const CROWD_WAITS = { baseMs: 100, maxMs: 1_000 };

/**
 * Whether there is a place to ask from, before anything is decided or reserved for it: a thousand
 * runs that wait for one look ever less often, and touch no store.
 */
export function enterCrowd(asking: Asking, { scope }: PreparedRoute): ClosedOff | null {
  const { circuits } = asking.options;
  if (!circuits.isFull(scope, asking.breaker)) {
    asking.looks = 0;
    return null;
  }
  asking.looks += 1;
  const waitMs = CROWD_WAIT_MS + backoffMs(CROWD_WAITS, asking.looks, systemRandom);
  return { until: asking.session.clock.now() + waitMs, why: circuits.known(scope).reason };
}
