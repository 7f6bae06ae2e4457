/** The retries that all runs of a store have together, for each model. */
import { FLEET_RETRIES, type ModelRetry } from "../generation/retry.ts";
import { backoffMs } from "../std/backoff.ts";
import { systemRandom } from "../std/random.ts";
import type { Session } from "./session.ts";
import { reserve } from "./spend.ts";

/**
 * Takes one of them. Null: it is granted. Else when to look again, ms since the epoch: those who
 * wait for one place come back apart, and less often the longer there was none.
 */
export async function takeRetry(
  session: Session,
  given: { readonly name: string; readonly retry: ModelRetry; readonly crowded: number },
): Promise<number | null> {
  const { name, retry, crowded } = given;
  const { burst, perSecond } = retry.fleet ?? FLEET_RETRIES;
  session.modelAttempts += 1;
  const key = `f${session.state.turn + 1}.${session.fence.epoch}.${session.modelAttempts}`;
  const scope = `retry/${name}`.slice(0, 500);
  const refillPerMs = perSecond / 1_000;
  const reserved = await reserve(session, key, [
    { kind: "rate", scope, capacity: burst, refillPerMs, amount: 1 },
  ]);
  if (reserved.kind === "reserved") return null;
  const { retryAt = session.clock.now() } = reserved;
  return retryAt + 1 + backoffMs(retry, crowded + 1, systemRandom);
}
