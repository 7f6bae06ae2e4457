/**
 * What becomes of a call that a dead worker left claimed (DESIGN §6, the table).
 *
 * The class that decides is the one in the claim: what was true when the effect began. A tool
 * that has since disappeared leaves the call in doubt. Whatever would be run again is decided on
 * again first: what was allowed then may be forbidden now.
 */
import { hashArgs, type Call, type OpenDoubt } from "../journal/run.ts";
import type { Json } from "../std/json.ts";
import type { Tool } from "../tools/tool.ts";
import { whyNotAgain } from "./call-again.ts";
import { executeCall, type Permit } from "./call-execute.ts";
import type { CallOptions } from "./call-prepare.ts";
import { claimAgain, complete, doubt, runEffect, type Running } from "./effect.ts";
import { unknownOutcome } from "./observation.ts";
import { openObligations } from "./oblige.ts";
import { askAbout, latestEnd, type Truth } from "./reconcile.ts";
import type { Session } from "./session.ts";
import { leaveTool, noteCall } from "./tool-circuit.ts";

export async function recoverCall(
  session: Session,
  call: Call,
  options: CallOptions,
): Promise<void> {
  const { claim } = call;
  const tool = options.agent.tools.get(call.tool);
  if (claim === undefined || tool === undefined) {
    await orphan(session, call, options);
    return;
  }
  const permit: Permit = {
    tool,
    callId: call.callId,
    toolCallId: call.toolCallId,
    input: claim.input,
    argsHash: hashArgs(claim.input),
    key: claim.key,
    attempt: claim.attempt,
    rules: [],
  };
  const running: Running = { permit, options, isOpen: true };
  const isRepeatable = claim.effect === "read" || claim.effect === "idempotent";
  if (isRepeatable && tool.effect.class === claim.effect) {
    const barred = await whyNotAgain(session, call, { permit, options });
    // The same key as before: the other side can tell (E3).
    if (barred === null) await inSlot(session, running, options);
    else await doubt(session, running, `the worker died during the call; ${barred.message}`);
    return;
  }
  const endedAt = latestEnd(session, tool, claim.at);
  const truth = await askAbout(session, { ...permit, effect: claim.effect, endedAt });
  if (!session.hardAbort.aborted) await settleTruth(session, running, { call, truth, options });
}

async function settleTruth(
  session: Session,
  running: Running,
  given: { readonly call: Call; readonly truth: Truth; readonly options: CallOptions },
): Promise<void> {
  const { permit } = running;
  const { call, truth, options } = given;
  switch (truth.kind) {
    case "happened":
      await complete(session, running, { ...truth, dropped: null, attempt: permit.attempt, ms: 0 });
      return;
    case "not_happened": {
      const barred = await whyNotAgain(session, call, { permit, options });
      if (barred !== null) {
        session.push({ kind: "call.failed", callId: permit.callId, ms: 0, ...barred });
        session.settleCall(permit.callId, false);
        return;
      }
      const attempt = permit.attempt + 1;
      await claimAgain(session, permit, attempt);
      const again = { ...permit, attempt };
      await inSlot(session, { ...running, permit: again, isOpen: false }, options);
      return;
    }
    case "unknown":
      await doubt(session, running, `the worker died during the call; ${truth.why}`);
      return;
    default:
      return;
  }
}

async function inSlot(session: Session, running: Running, options: CallOptions): Promise<void> {
  const { tool } = running.permit;
  if (!(await options.slots.take(tool, session.hardAbort.signal))) return;
  try {
    await runEffect(session, running);
  } finally {
    options.slots.free(tool);
  }
}

/** The tool is gone: nobody can ask, so nobody knows. */
async function orphan(session: Session, call: Call, options: CallOptions): Promise<void> {
  const why = `the worker died during the call, and the agent has no tool "${call.tool}" any more`;
  const waits = options.agent.definition.inDoubt === "park";
  session.push({
    kind: "call.in_doubt",
    callId: call.callId,
    ...(waits ? {} : { observation: unknownOutcome(why) }),
    why,
  });
  await session.flush();
}

/**
 * Before a run ends over calls in doubt, each is asked about once more: the outside world may
 * answer by now. What is learned reaches the model as a message.
 */
export async function askDoubts(session: Session, options: CallOptions): Promise<void> {
  for (const open of session.state.doubts) {
    const tool = options.agent.tools.get(open.tool);
    if (tool === undefined) continue;
    const truth = await settleDoubt(session, open, { tool, options });
    if (session.hardAbort.aborted) return;
    if (truth.kind === "unknown") continue;
    session.push({
      kind: "call.resolved",
      by: truth.kind === "happened" ? truth.via : "reconcile",
      callId: open.callId,
      happened: truth.kind === "happened",
      ...(truth.kind === "happened" ? { output: truth.output } : {}),
    });
    session.settleCall(open.callId, truth.kind === "happened");
    if (truth.kind !== "happened") continue;
    const { callId, input } = open;
    openObligations(session, options.agent, { tool, callId, input, output: truth.output });
  }
}

function settleDoubt(
  session: Session,
  open: OpenDoubt,
  { tool, options }: { readonly tool: Tool; readonly options: CallOptions },
): Promise<Truth | Repeated> {
  const { effect, idempotencyKey: key, claimedAt } = open;
  if (effect === "idempotent" && tool.effect.class === "idempotent") {
    return repeat(session, open, { tool, options });
  }
  return askAbout(session, { ...open, tool, key, endedAt: latestEnd(session, tool, claimedAt) });
}

/** An idempotent call in doubt: the same key once more gives the same effect, and its answer. */
async function repeat(
  session: Session,
  open: OpenDoubt,
  { tool, options }: { readonly tool: Tool; readonly options: CallOptions },
): Promise<Truth | Repeated> {
  const { callId, input, argsHash, idempotencyKey: key } = open;
  const rules: readonly string[] = [];
  const permit = { tool, callId, toolCallId: callId, input, argsHash, key, attempt: 1, rules };
  const call: Call = { callId, toolCallId: callId, tool: tool.name, input, status: "claimed" };
  const barred = await whyNotAgain(session, call, { permit, options });
  if (barred !== null) return { kind: "unknown", why: barred.message };
  const executed = await executeCall(session, permit);
  // It may have come in as the probe: its end is what everybody else waits for.
  const about = { tool, callId, executed };
  await (session.hardAbort.aborted
    ? leaveTool(session, about, options.circuits)
    : noteCall(session, about, options));
  const isRefused =
    executed.kind === "threw" && executed.happened === "no" && !executed.isTransient;
  if (executed.kind === "threw" && !isRefused) return { kind: "unknown", why: executed.message };
  session.settleCall(callId, executed.kind === "returned");
  return executed.kind === "returned"
    ? { ...executed, kind: "happened" }
    : { kind: "not_happened" };
}

interface Repeated {
  readonly kind: "happened";
  readonly output: Json;
  readonly via: "execute" | "transaction";
}
