/** A call that would run once more is decided on once more: it may be forbidden by now. */
import type { Call } from "../journal/run.ts";
import { decideOnCall } from "./call-decide.ts";
import type { Permit } from "./call-execute.ts";
import type { CallOptions } from "./call-prepare.ts";
import { awaitRoom } from "./call-room.ts";
import { cancelledCall, deniedCall, fullCall, unavailableCall } from "./observation.ts";
import type { Session } from "./session.ts";
import { awaitTool, leaveTool } from "./tool-circuit.ts";

export interface Barred {
  readonly message: string;
  readonly observation: string;
}

/** Why a call that was allowed once may not run again; null when it may. */
export async function whyNotAgain(
  session: Session,
  call: Call,
  given: { readonly permit: Permit; readonly options: CallOptions; readonly isRetry?: boolean },
): Promise<Barred | null> {
  const { permit, options } = given;
  if (session.state.cancel !== null) {
    return { message: "the run was cancelled", observation: cancelledCall() };
  }
  const { tool } = permit;
  if (tool.effect.class === "idempotent" && call.claim !== undefined) {
    await awaitTool(session, { tool, callId: call.callId }, options.circuits);
  }
  const barred = await whyBarred(session, call, given);
  // It may have come in as the probe, and another finds out now how the service is.
  if (barred !== null) await leaveTool(session, { tool, callId: call.callId }, options.circuits);
  return barred;
}

async function whyBarred(
  session: Session,
  call: Call,
  given: { readonly permit: Permit; readonly options: CallOptions; readonly isRetry?: boolean },
): Promise<Barred | null> {
  const { permit, options, isRetry = false } = given;
  const { tool, input, argsHash } = permit;
  const decided = await decideOnCall(session, { call, tool, input, argsHash, isRetry }, options);
  if (decided.kind === "allow") {
    return decided.hasRoom ? null : whyNoRoom(session, { callId: call.callId, tool, ...options });
  }
  if (decided.kind === "unavailable") {
    const message = `the tool is out of service: ${decided.reason}`;
    return { message, observation: unavailableCall(decided.reason) };
  }
  const message =
    decided.kind === "wait"
      ? `a person must approve it again: ${decided.asked.question}`
      : decided.reason;
  return { message, observation: deniedCall(message) };
}

/** Limits may have been drawn tighter since, and a rate is used once more. */
async function whyNoRoom(
  session: Session,
  wanted: Parameters<typeof awaitRoom>[1],
): Promise<Barred | null> {
  const room = await awaitRoom(session, wanted);
  return room.kind === "room" ? null : { message: room.reason, observation: fullCall(room.reason) };
}
