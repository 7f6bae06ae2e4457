/**
 * The effect protocol (DESIGN §6): from a durable claim to a receipt, an error or the truth that
 * nobody knows.
 *
 * E1 No effect runs without a durable claim (a read needs none) and a lease that has not run out.
 * E2 `once` runs again only after the outside world said that it did not happen, later than an
 *    accepted request can still land, and under a new durable claim.
 * E3 `idempotent` runs again only under the same key.
 * E4 `transactional` is looked up before it runs again.
 * E5 What is not known is recorded as in doubt; the model is told so, never an outcome.
 * E6 The receipt of a `once` or `transactional` effect is durable before its result is used.
 */
import { backoffMs } from "../std/backoff.ts";
import { canonicalJson, type Json } from "../std/json.ts";
import { systemRandom } from "../std/random.ts";
import type { ReceiptSource } from "../journal/receipt.ts";
import type { Claim } from "../journal/run.ts";
import type { Agent } from "./agent.ts";
import { executeCall, type Executed, type Permit } from "./call-execute.ts";
import { failedCall, unknownOutcome } from "./observation.ts";
import { askOutside } from "./reconcile.ts";
import type { Session } from "./session.ts";

/** A claimed call on its way to being settled. */
export interface Running {
  readonly permit: Permit;
  readonly claimedAt: number;
  readonly agent: Agent;
}

/** Runs a claimed call (or a read) to its end. Settles it in every case. */
export async function runEffect(session: Session, running: Running): Promise<void> {
  const started = session.clock.now();
  const { tool } = running.permit;
  let { claimedAt } = running;
  for (let attempt = running.permit.attempt; ; attempt++) {
    if (tool.effect.class !== "read" && !(await session.isHeld())) return;
    const executed = await executeCall(session, { ...running.permit, attempt });
    if (session.hardAbort.signal.aborted) return;
    const ms = session.clock.now() - started;
    if (executed.kind === "returned") {
      await complete(session, running, { output: executed.output, via: executed.via, attempt, ms });
      return;
    }
    const mayRetry = attempt <= tool.retry.retriesMax && executed.isTransient;
    const next = await afterThrow(session, { ...running, claimedAt }, { executed, mayRetry });
    if (next.kind === "again") {
      await session.clock
        .sleep(backoffMs(tool.retry, attempt, systemRandom))
        .catch(() => undefined);
      if (next.reclaim) claimedAt = await claimAgain(session, running.permit, attempt + 1);
      continue;
    }
    await conclude(session, running, { next, executed, attempt, ms });
    return;
  }
}

type Threw = Extract<Executed, { kind: "threw" }>;

type AfterThrow =
  | { readonly kind: "again"; readonly reclaim: boolean }
  | { readonly kind: "known"; readonly output: Json; readonly via: ReceiptSource }
  | { readonly kind: "failed" }
  | { readonly kind: "doubt"; readonly why: string };

async function afterThrow(
  session: Session,
  running: Running,
  given: { readonly executed: Threw; readonly mayRetry: boolean },
): Promise<AfterThrow> {
  const { executed, mayRetry } = given;
  switch (running.permit.tool.effect.class) {
    case "read":
      return mayRetry ? { kind: "again", reclaim: false } : { kind: "failed" };
    case "idempotent":
      if (mayRetry) return { kind: "again", reclaim: false };
      // A plain refusal is an answer; a lost answer leaves the effect open.
      return executed.happened === "unknown" && executed.isTransient
        ? { kind: "doubt", why: executed.message }
        : { kind: "failed" };
    case "once":
    case "transactional": {
      if (executed.happened === "no") {
        return mayRetry ? { kind: "again", reclaim: true } : { kind: "failed" };
      }
      const truth = await askOutside(session, running);
      if (truth.kind === "happened") return { kind: "known", output: truth.output, via: truth.via };
      if (truth.kind === "unknown")
        return { kind: "doubt", why: `${executed.message}; ${truth.why}` };
      return mayRetry ? { kind: "again", reclaim: true } : { kind: "failed" };
    }
    default:
      return { kind: "doubt", why: executed.message };
  }
}

async function conclude(
  session: Session,
  running: Running,
  given: {
    readonly next: Exclude<AfterThrow, { kind: "again" }>;
    readonly executed: Threw;
    readonly attempt: number;
    readonly ms: number;
  },
): Promise<void> {
  const { next, executed, attempt, ms } = given;
  const { callId } = running.permit;
  switch (next.kind) {
    case "known":
      await complete(session, running, { output: next.output, via: next.via, attempt, ms });
      return;
    case "failed": {
      const { message, hint } = executed;
      const told = { attempts: attempt, ...(hint === undefined ? {} : { hint }) };
      const observation = failedCall(message, told);
      const attempts = attempt === 1 ? {} : { attempts: attempt };
      session.push({ kind: "call.failed", ...attempts, callId, message, ms, observation });
      return;
    }
    case "doubt":
      await doubt(session, running, next.why);
      return;
    default:
      return;
  }
}

/** Records that nobody knows; durable before anything else happens. */
export async function doubt(session: Session, running: Running, why: string): Promise<void> {
  const waits = running.agent.definition.inDoubt === "park";
  session.push({
    kind: "call.in_doubt",
    callId: running.permit.callId,
    ...(waits ? {} : { observation: unknownOutcome(why) }),
    why,
  });
  await session.flush();
}

interface Completion {
  readonly output: Json;
  readonly via: ReceiptSource;
  readonly attempt: number;
  readonly ms: number;
}

/** Records what a call did. `once` and `transactional` wait until it is durable (E6). */
export async function complete(
  session: Session,
  running: Running,
  completion: Completion,
): Promise<void> {
  const { permit } = running;
  const { via, attempt, ms } = completion;
  const { output, dropped } = withinLimit(session, completion.output);
  const receipt = receiptOf(permit, completion.output);
  session.push({
    kind: "call.completed",
    ...(attempt <= 1 ? {} : { attempts: attempt }),
    callId: permit.callId,
    ms,
    output,
    ...(dropped === null ? {} : { outputDropped: dropped }),
    ...(receipt === undefined ? {} : { receipt }),
    ...(via === "execute" ? {} : { via }),
  });
  const effect = permit.tool.effect.class;
  if (effect === "once" || effect === "transactional") await session.flush();
}

/** An output over the blob limit is dropped, never the fact that the effect happened. */
function withinLimit(
  session: Session,
  output: Json,
): { readonly output: Json; readonly dropped: string | null } {
  const max = session.store.limits.blobBytesMax;
  // Characters bound bytes from below; only a large output is worth measuring.
  if (typeof output === "string" && output.length * 3 < max) return { output, dropped: null };
  const bytes = Buffer.byteLength(canonicalJson(output));
  if (bytes <= max) return { output, dropped: null };
  const dropped = `The result had ${bytes} bytes; at most ${max} are kept.`;
  const told = `The call took effect. ${dropped} Ask for less at once.`;
  return { output: told, dropped };
}

function receiptOf(permit: Permit, output: Json): Json | undefined {
  const { definition } = permit.tool;
  if (definition.receipt === undefined) return undefined;
  try {
    return definition.receipt(output);
  } catch {
    // The effect happened: a receipt function that throws must not hide that.
    return null;
  }
}

async function claimAgain(session: Session, permit: Permit, attempt: number): Promise<number> {
  session.push(claimEvent(permit, attempt));
  await session.flush();
  return session.clock.now();
}

/** The durable record that an effect is about to happen. */
export function claimEvent(
  permit: Permit,
  attempt: number,
  more: { readonly input?: Json; readonly continues?: string; readonly key?: string } = {},
): {
  readonly kind: "call.claimed";
  readonly attempt?: number;
  readonly callId: string;
  readonly effect: Claim["effect"];
  readonly input?: Json;
  readonly key?: string;
  readonly continues?: string;
} {
  return {
    kind: "call.claimed",
    ...(attempt === 1 ? {} : { attempt }),
    callId: permit.callId,
    ...(more.continues === undefined ? {} : { continues: more.continues }),
    effect: permit.tool.effect.class,
    ...(more.input === undefined ? {} : { input: more.input }),
    ...(more.key === undefined ? {} : { key: more.key }),
  };
}
