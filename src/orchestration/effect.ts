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
import type { Json } from "../std/json.ts";
import { systemRandom } from "../std/random.ts";
import type { ReceiptSource } from "../journal/receipt.ts";
import type { CallClaimed, Seen } from "../journal/event.ts";
import { idempotencyKeyOf } from "../journal/run.ts";
import { keepOutput } from "../tools/tool-output.ts";
import { whyNotAgain, type Barred } from "./call-again.ts";
import type { CallOptions } from "./call-prepare.ts";
import { awaitRetry } from "./call-room.ts";
import { executeCall, type Permit, type Returned, type Threw } from "./call-execute.ts";
import { failedCall, unknownOutcome } from "./observation.ts";
import { openObligations } from "./oblige.ts";
import { askAbout } from "./reconcile.ts";
import type { Session } from "./session.ts";
import { leaveTool, noteCall } from "./tool-circuit.ts";

/** A claimed call on its way to being settled. */
export interface Running {
  readonly permit: Permit;
  readonly options: CallOptions;
  /** An earlier run under the same key may have had its effect: nobody saw it end. */
  readonly isOpen: boolean;
}

/** Runs a claimed call (or a read) to its end. Settles it in every case but a lost fence. */
export async function runEffect(session: Session, running: Running): Promise<void> {
  const started = session.clock.now();
  const { tool, callId } = running.permit;
  const isRead = tool.effect.class === "read";
  const stop = isRead ? session.abort : session.hardAbort;
  let { isOpen } = running;
  for (let attempt = running.permit.attempt; ; attempt++) {
    if (!isRead && !session.isSurelyHeld && !(await session.isHeld())) return;
    const executed = await executeCall(session, { ...running.permit, attempt });
    if (session.hardAbort.aborted) return;
    // A read that a cancel stopped says nothing about its service.
    const about = { tool, callId, executed };
    const noting = stop.aborted
      ? leaveTool(session, about, running.options.circuits)
      : noteCall(session, about, running.options);
    if (noting !== undefined) await noting;
    const ms = session.clock.now() - started;
    if (executed.kind === "returned") {
      await complete(session, running, { ...executed, attempt, ms });
      return;
    }
    if (executed.happened === "unknown" && executed.isTransient) isOpen = true;
    const waitMs = backoffMs(tool.retry, attempt, systemRandom);
    const mayRetry =
      attempt <= tool.retry.retriesMax &&
      session.clock.now() + waitMs < session.wallEnd &&
      executed.isTransient &&
      !stop.aborted &&
      (await awaitRetry(session, { callId, tool, attempt: attempt + 1 }));
    const next = await afterThrow(session, { ...running, isOpen }, { executed, mayRetry });
    if (session.hardAbort.aborted) return;
    if (next.kind === "again") {
      await session.clock.sleep(waitMs, stop.signal).catch(() => undefined);
      if (session.hardAbort.aborted) return;
      const barred = await barredNow(session, { ...running, isOpen });
      if (barred !== null) {
        await concludeBarred(session, { ...running, isOpen }, { barred, attempt, ms });
        return;
      }
      if (next.reclaim) await claimAgain(session, running.permit, attempt + 1);
      continue;
    }
    await conclude(session, running, { next, executed, attempt, ms });
    return;
  }
}

/** A cancel does not keep an effect that may have happened from being settled. */
function barredNow(session: Session, running: Running): Promise<Barred | null> {
  const { permit, options, isOpen } = running;
  if (isOpen && session.state.cancel !== null) return Promise.resolve(null);
  const call = session.state.calls.find((open) => open.callId === permit.callId);
  return call === undefined
    ? Promise.resolve(null)
    : whyNotAgain(session, call, { permit, options, isRetry: true });
}

/** It may not be tried again: failed, or in doubt where an earlier try may have had its effect. */
async function concludeBarred(
  session: Session,
  running: Running,
  given: { readonly barred: Barred; readonly attempt: number; readonly ms: number },
): Promise<void> {
  const { barred, attempt, ms } = given;
  const { callId, rules, tool } = running.permit;
  const isRead = tool.effect.class === "read";
  if (running.isOpen && !isRead) {
    await doubt(session, running, `it was tried ${attempt} times; ${barred.message}`);
    return;
  }
  const by = isRead ? decidedBy(session, callId, rules) : {};
  const attempts = attempt === 1 ? {} : { attempts: attempt };
  session.push({ kind: "call.failed", ...attempts, callId, ms, ...barred, ...by });
  session.settleCall(callId, false);
}

type AfterThrow =
  | { readonly kind: "again"; readonly reclaim: boolean }
  | { readonly kind: "known"; readonly result: Pick<Completion, "output" | "dropped" | "via"> }
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
    case "idempotent": {
      if (mayRetry) return { kind: "again", reclaim: false };
      // A refusal under the same key is an answer for every attempt; a lost answer leaves all open.
      const isRefused = executed.happened === "no" && !executed.isTransient;
      const isInDoubt = running.isOpen && !isRefused;
      return isInDoubt ? { kind: "doubt", why: executed.message } : { kind: "failed" };
    }
    case "once":
    case "transactional": {
      const again: AfterThrow = mayRetry ? { kind: "again", reclaim: true } : { kind: "failed" };
      if (executed.happened === "no" && !running.isOpen) return again;
      return await askAfterThrow(session, running, { executed, again });
    }
    default:
      return { kind: "doubt", why: executed.message };
  }
}

async function askAfterThrow(
  session: Session,
  running: Running,
  given: { readonly executed: Threw; readonly again: AfterThrow },
): Promise<AfterThrow> {
  const { permit } = running;
  const { executed, again } = given;
  const endedAt = session.clock.now();
  const effect = permit.tool.effect.class;
  const truth = await askAbout(session, { ...permit, effect, endedAt });
  if (truth.kind === "happened") return { kind: "known", result: { ...truth, dropped: null } };
  // The tool may have come to its end while the outside world was asked.
  const late = await Promise.race([executed.straggler, Promise.resolve(undefined)]);
  if (late?.kind === "returned") return { kind: "known", result: late };
  if (truth.kind === "unknown") return { kind: "doubt", why: `${executed.message}; ${truth.why}` };
  return again;
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
  const { callId, rules, tool } = running.permit;
  switch (next.kind) {
    case "known":
      await complete(session, running, { ...next.result, attempt, ms });
      return;
    case "failed": {
      const { message, hint } = executed;
      const told = { attempts: attempt, ...(hint === undefined ? {} : { hint }) };
      const observation = failedCall(message, told);
      const attempts = attempt === 1 ? {} : { attempts: attempt };
      const by = tool.effect.class === "read" ? decidedBy(session, callId, rules) : {};
      const isOpen = executed.happened === "unknown" && tool.effect.class === "idempotent";
      const may = isOpen ? { mayHaveHappened: true as const } : {};
      const failed = { message, ms, observation };
      session.push({ kind: "call.failed", ...attempts, callId, ...may, ...failed, ...by });
      session.settleCall(callId, isOpen);
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
  const waits = running.options.agent.definition.inDoubt === "park";
  session.push({
    kind: "call.in_doubt",
    callId: running.permit.callId,
    ...(waits ? {} : { observation: unknownOutcome(why) }),
    why,
  });
  await session.flush();
}

interface Completion extends Pick<Returned, "output" | "dropped"> {
  /** What the tool itself returned, when it did. */
  readonly raw?: unknown;
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
  const { output, dropped, via, attempt, ms } = completion;
  const receipt = receiptOf(permit, completion);
  const effect = permit.tool.effect.class;
  session.push({
    kind: "call.completed",
    ...(attempt <= 1 ? {} : { attempts: attempt }),
    callId: permit.callId,
    ms,
    output,
    ...(dropped === null ? {} : { outputDropped: dropped }),
    ...(receipt === undefined ? {} : { receipt }),
    ...(effect === "read" ? decidedBy(session, permit.callId, permit.rules) : {}),
    ...(via === "execute" ? {} : { via }),
  });
  const { tool, callId, input } = permit;
  openObligations(session, running.options.agent, { tool, callId, input, output });
  session.settleCall(callId, true);
  if (effect === "once" || effect === "transactional") await session.flush();
}

/** The largest receipt that is kept. Bytes of JSON. */
const RECEIPT_BYTES_MAX = 64 * 1024;

/** Null when there is none to keep: the effect happened all the same. */
function receiptOf(permit: Permit, completion: Completion): Json | undefined {
  const { definition } = permit.tool;
  if (definition.receipt === undefined) return undefined;
  const { output, dropped, raw } = completion;
  // The author's own type: what the tool returned, or its copy as JSON.
  const seen = (dropped === null ? output : (raw ?? output)) as never;
  try {
    const kept = keepOutput(definition.receipt(seen), RECEIPT_BYTES_MAX);
    return kept.dropped === null ? kept.output : null;
  } catch {
    return null;
  }
}

/**
 * The rules that allowed a call and what they were shown; a claim carries them, a read has none
 * and says them with its end.
 */
export function decidedBy(
  session: Session,
  callId: string,
  rules: readonly string[],
): { readonly rules?: readonly string[]; readonly seen?: Seen } {
  const seen = session.seen.get(callId);
  session.seen.delete(callId);
  return {
    ...(rules.length === 0 ? {} : { rules }),
    ...(seen === undefined || Object.keys(seen).length === 0 ? {} : { seen }),
  };
}

/** A new durable claim of a call that is known not to have happened, the same in all else. */
export async function claimAgain(session: Session, permit: Permit, attempt: number): Promise<void> {
  const call = session.state.calls.find((open) => open.callId === permit.callId);
  const claim = call?.claim;
  const own = idempotencyKeyOf(session.fence.runId, permit.callId);
  const continues = claim?.continues;
  session.push(
    claimEvent(session, permit, {
      attempt,
      ...(claim === undefined || claim.input === call?.input ? {} : { input: claim.input }),
      ...(continues === undefined ? {} : { continues }),
      ...(permit.key === own ? {} : { key: permit.key }),
    }),
  );
  await session.flush();
}

/** The durable record that an effect is about to happen. */
export function claimEvent(
  session: Session,
  permit: Permit,
  more: {
    readonly attempt?: number;
    readonly input?: Json;
    readonly continues?: string;
    readonly key?: string;
  } = {},
): CallClaimed {
  const { attempt = 1, continues, input, key } = more;
  return {
    kind: "call.claimed",
    ...(attempt === 1 ? {} : { attempt }),
    callId: permit.callId,
    ...(continues === undefined ? {} : { continues }),
    effect: permit.tool.effect.class,
    ...(input === undefined ? {} : { input }),
    ...(key === undefined ? {} : { key }),
    ...decidedBy(session, permit.callId, permit.rules),
  };
}
