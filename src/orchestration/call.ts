/**
 * All calls of one turn, each its own unit: prepare, decide, claim, execute, settle. The main
 * loop, resume and retries come through here; there is no other way to a tool.
 *
 * C1 The answer and the claims of calls that can start now are one commit (E1); a call that waits
 *    for a slot claims when it gets it.
 * C2 Siblings neither wait for nor cancel each other.
 * C3 A call found claimed was begun by a worker that died: it is recovered by its class, never
 *    simply run.
 */
import type { CallRefused } from "../journal/event.ts";
import type { Call } from "../journal/run.ts";
import { idempotencyKeyOf } from "../journal/run.ts";
import { barredAsUnasked } from "./call-decide.ts";
import type { Permit } from "./call-execute.ts";
import {
  prepareCall,
  type CallOptions,
  type Prepared,
  type Refused,
  type Waiting,
} from "./call-prepare.ts";
import { claimEvent, complete, decidedBy, runEffect, type Running } from "./effect.ts";
import {
  cancelledCall,
  deniedCall,
  fullCall,
  stillInDoubt,
  unavailableCall,
} from "./observation.ts";
import { askAbout, latestEnd } from "./reconcile.ts";
import { recoverCall } from "./recovery.ts";
import type { Session } from "./session.ts";
import { awaitRoom } from "./call-room.ts";
import { enterTool, leaveTool } from "./tool-circuit.ts";
import type { Tool } from "../tools/tool.ts";

/** Brings every open call of the turn to its end, or as far as a stop allows. */
export async function runCalls(session: Session, options: CallOptions): Promise<void> {
  expireApprovals(session);
  const open = session.state.calls.filter((call) => call.status !== "settled");
  const starts: Start[] = [];
  for (const call of open) {
    if (call.status === "claimed") starts.push({ run: () => recoverCall(session, call, options) });
  }
  try {
    await admitRequested(session, { open, starts }, options);
    await session.flush();
  } catch (thrown) {
    // Slots are the process's: a run that cannot go on must not take them along.
    for (const { holds } of starts) if (holds !== undefined) options.slots.free(holds);
    throw thrown;
  }
  const settled = await Promise.allSettled(starts.map(({ run }) => run()));
  const failed = settled.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** What is left to do for one call once its claim is durable. */
interface Start {
  readonly run: () => Promise<void>;
  /** Of this tool it has a slot already, which `run` gives back. */
  readonly holds?: Tool;
}

/** Prepares and decides on what was requested; each adds what is left to do for it. */
async function admitRequested(
  session: Session,
  { open, starts }: { readonly open: readonly Call[]; readonly starts: Start[] },
  options: CallOptions,
): Promise<void> {
  const continued = new Set<string>();
  const requested = open.filter((call) => call.status === "requested");
  const prepare = (call: Call): Promise<Prepared | Waiting | Refused> =>
    prepareCall(session, call, options);
  const together = isOrdered(options) ? null : await Promise.all(requested.map(prepare));
  for (const [index, call] of requested.entries()) {
    const ready = together?.[index] ?? (await prepare(call));
    const start = admit(session, refuseTwin(ready, continued), { call, options });
    if (start !== null) starts.push(start);
  }
}

/** True when what a call may do depends on what those before it in its turn were allowed. */
function isOrdered({ agent }: CallOptions): boolean {
  const { effects, budget } = agent.definition;
  const isCounted = (agent.policies?.tallies.length ?? 0) > 0 || budget?.calls !== undefined;
  return effects === "obliged" || isCounted;
}

/** A question that nobody answered in time is a no: its call is decided on once more. */
function expireApprovals(session: Session): void {
  const now = session.clock.now();
  for (const { approvalId, decision, expiresAt } of session.state.approvals) {
    if (decision !== null || now < expiresAt) continue;
    session.push({ kind: "approval.settled", approvalId, decision: "expired" });
  }
}

/** Of two calls in one turn that repeat the same call in doubt, only the first may carry it on. */
function refuseTwin(
  ready: Prepared | Waiting | Refused,
  continued: Set<string>,
): Prepared | Waiting | Refused {
  if (ready.kind !== "prepared" || ready.continues === null) return ready;
  if (!("claimedAt" in ready.continues)) return ready;
  const { callId } = ready.continues;
  if (continued.has(callId)) {
    return { kind: "refused", code: "in_doubt", observation: stillInDoubt() };
  }
  continued.add(callId);
  return ready;
}

/** Pushes the refusal, the question, or the claim when a slot is free; null: nothing is left. */
function admit(
  session: Session,
  prepared: Prepared | Waiting | Refused,
  given: { readonly call: Call; readonly options: CallOptions },
): Start | null {
  const { call, options } = given;
  if (prepared.kind === "refused") {
    const { code, observation, quotes, rules = [] } = prepared;
    session.push({
      kind: "call.refused",
      callId: call.callId,
      code,
      observation,
      ...(quotes === undefined ? {} : { quotes }),
      ...decidedBy(session, call.callId, rules),
    });
    session.settleCall(call.callId, false);
    return null;
  }
  if (prepared.kind === "waiting") {
    session.push({ ...prepared.asked, ...decidedBy(session, call.callId, prepared.asked.rules) });
    return null;
  }
  const { tool } = prepared;
  const mustAsk = prepared.continues !== null && tool.effect.class === "once";
  if (mustAsk || !prepared.hasRoom || !options.slots.tryTake(tool)) {
    return { run: () => runLater(session, prepared, options) };
  }
  const running = claim(session, prepared, options);
  return { run: () => runInSlot(session, running, options), holds: tool };
}

function claim(session: Session, prepared: Prepared, options: CallOptions): Running {
  const { continues, tool } = prepared;
  const permit = permitOf(session, prepared);
  if (tool.effect.class !== "read") {
    session.push(
      claimEvent(session, permit, {
        ...(prepared.isChanged ? { input: prepared.input } : {}),
        ...(continues === null ? {} : { continues: continues.callId, key: permit.key }),
      }),
    );
  }
  return { permit, options, isOpen: continues !== null && "claimedAt" in continues };
}

/** A call that carries an earlier one on goes under the earlier one's key. */
function permitOf(session: Session, prepared: Prepared): Permit {
  const { call, tool, input, argsHash, continues, rules } = prepared;
  const { callId, toolCallId } = call;
  const own = idempotencyKeyOf(session.fence.runId, callId);
  const key = keyOf(continues) ?? own;
  return { tool, callId, toolCallId, input, argsHash, key, attempt: 1, rules };
}

function keyOf(continues: Prepared["continues"]): string | null {
  if (continues === null) return null;
  return "key" in continues ? continues.key : continues.idempotencyKey;
}

async function runInSlot(session: Session, running: Running, options: CallOptions): Promise<void> {
  try {
    await runEffect(session, running);
  } finally {
    options.slots.free(running.permit.tool);
  }
}

/** A call that could not start with the turn's commit: its own claim, its own commit. */
async function runLater(session: Session, prepared: Prepared, options: CallOptions): Promise<void> {
  const { tool, continues, call } = prepared;
  let isProven = false;
  if (continues !== null && tool.effect.class === "once") {
    const settled = await settleFromEarlier(session, prepared, options);
    if (settled) {
      await leaveTool(session, { tool, callId: call.callId }, options.circuits);
      return;
    }
    isProven = true;
  }
  if (!prepared.hasRoom && !(await hasRoomNow(session, call, { tool, options }))) return;
  if (!(await options.slots.take(tool, session.abort.signal))) {
    await leaveTool(session, { tool, callId: call.callId }, options.circuits);
    refuseStopped(session, call);
    return;
  }
  const barred = await barredLate(session, prepared, options);
  if (barred !== null) {
    options.slots.free(tool);
    session.push({ kind: "call.refused", callId: call.callId, ...barred });
    session.settleCall(call.callId, false);
    return;
  }
  const running = claim(session, prepared, options);
  try {
    await session.flush();
  } catch (thrown) {
    options.slots.free(tool);
    throw thrown;
  }
  await runInSlot(session, isProven ? { ...running, isOpen: false } : running, options);
}

/** What has changed while the call waited for its turn. */
async function barredLate(
  session: Session,
  prepared: Prepared,
  { agent, circuits }: CallOptions,
): Promise<Pick<CallRefused, "code" | "observation" | "rules"> | null> {
  const unasked = barredAsUnasked(session, prepared, agent);
  if (unasked !== null) {
    const { reason, rules } = unasked;
    return { code: "denied", observation: deniedCall(reason), rules };
  }
  const { tool, call } = prepared;
  const closed = await enterTool(session, { tool, callId: call.callId }, circuits);
  if (closed === null) return null;
  return { code: "unavailable", observation: unavailableCall(closed), rules: ["breaker"] };
}

/** Waits for the shared limits of the tool; a call that they have no room for is told so. */
async function hasRoomNow(
  session: Session,
  call: Call,
  given: { readonly tool: Tool; readonly options: CallOptions },
): Promise<boolean> {
  const { agent, governing } = given.options;
  const { callId } = call;
  const room = await awaitRoom(session, { callId, tool: given.tool, agent, governing });
  if (room.kind === "room") return true;
  if (session.abort.aborted) {
    refuseStopped(session, call);
  } else {
    const observation = fullCall(room.reason);
    session.push({ kind: "call.refused", callId, code: "limit", observation, rules: ["limits"] });
    session.settleCall(callId, false);
  }
  return false;
}

/** Only a cancel settles a call that never began; a stopping worker leaves it for the next one. */
function refuseStopped(session: Session, call: Call): void {
  if (session.state.cancel === null) return;
  const observation = cancelledCall();
  session.push({ kind: "call.refused", callId: call.callId, code: "cancelled", observation });
  session.settleCall(call.callId, false);
}

/**
 * The model repeats a `once` call whose first run is in doubt: ask about the first. True when
 * that settled the new call; false when the first is proven not to have happened.
 */
async function settleFromEarlier(
  session: Session,
  prepared: Prepared,
  options: CallOptions,
): Promise<boolean> {
  const { call, tool, continues } = prepared;
  if (continues === null || !("claimedAt" in continues)) return false;
  const { claimedAt, callId, effect, idempotencyKey: key, input } = continues;
  const endedAt = latestEnd(session, tool, claimedAt);
  const truth = await askAbout(session, { tool, effect, callId, key, input, endedAt });
  if (truth.kind === "not_happened") return false;
  if (truth.kind === "unknown") {
    session.push({
      kind: "call.refused",
      callId: call.callId,
      code: "in_doubt",
      observation: stillInDoubt(),
    });
    session.settleCall(call.callId, false);
    return true;
  }
  const running = claim(session, prepared, options);
  await complete(session, running, { ...truth, dropped: null, attempt: 1, ms: 0 });
  return true;
}
