/**
 * The room a call needs before it is claimed: the tool's rate and places, and the budgets' calls.
 * Reserved with what the call is decided on, settled with its end.
 *
 * R6 Each request that reaches the tool's service takes one token of its rate: retries too, and
 *    what runs again after a worker died. A place and a budget's count are the call's, not its
 *    attempts'.
 */
import { callLines, orgScope } from "../governance/budget.ts";
import type { Line, RateLine, Reserved } from "../journal/ledger.ts";
import { backoffMs } from "../std/backoff.ts";
import { formatDuration } from "../std/duration.ts";
import { systemRandom } from "../std/random.ts";
import type { Tool } from "../tools/tool.ts";
import type { Agent } from "./agent.ts";
import type { Governing } from "./governing.ts";
import { reservationKeys, type Session } from "./session.ts";
import { exhaustedBy, reserve, treeOf } from "./spend.ts";

/** How long a call waits for its turn under a rate, or for a place, ms. */
const RATE_WAIT_MS = 5_000;
const PLACE_WAIT_MS = 60_000;
/** A full place is looked at again after so long, at first and at most, ms. */
const POLL = { baseMs: 25, maxMs: 1_000 };

export type CallRoom =
  | { readonly kind: "room" }
  /** Time alone, or the end of another call, may make room. */
  | { readonly kind: "later"; readonly at: number; readonly reason: string }
  | { readonly kind: "full"; readonly reason: string };

interface CallToReserve {
  readonly callId: string;
  readonly tool: Tool;
  readonly agent: Agent;
  readonly governing: Governing;
}

/** Reserves what the tool's limits and the budgets ask for. Never waits. */
export async function reserveCall(session: Session, given: CallToReserve): Promise<CallRoom> {
  const { callId, tool, agent, governing } = given;
  const counted = callLines(treeOf(session, agent, governing), tool.name);
  const lines = [...limitLines(session, tool), ...counted];
  if (lines.length === 0) return { kind: "room" };
  const [key] = reservationKeys(callId);
  const reserved = await reserve(session, key, lines);
  const now = session.clock.now();
  if (reserved.kind === "reserved") {
    session.noteReservation(key, lines.length);
    return reserved.isRepeat ? repeatRoom(session, callId, tool) : { kind: "room" };
  }
  const reason = fullReason(lines, reserved, now);
  const kind = lines[reserved.line]?.kind;
  const { retryAt } = reserved;
  if (kind === "slot") return { kind: "later", at: now, reason };
  const isSoon = retryAt !== undefined && retryAt - now <= RATE_WAIT_MS;
  return kind === "rate" && isSoon
    ? { kind: "later", at: retryAt, reason }
    : { kind: "full", reason };
}

/**
 * Waits for room, outside of any turn's preparation: what holds the place may be a sibling of this
 * call, which has to be let run first.
 */
export async function awaitRoom(
  session: Session,
  given: CallToReserve,
): Promise<Exclude<CallRoom, { kind: "later" }>> {
  const until = session.clock.now() + PLACE_WAIT_MS;
  for (let attempt = 1; ; attempt++) {
    const room = await reserveCall(session, given);
    if (room.kind !== "later") return room;
    const now = session.clock.now();
    if (now >= until || room.at > until || session.abort.aborted) {
      return { kind: "full", reason: room.reason };
    }
    const waitMs = Math.max(room.at - now, backoffMs(POLL, attempt, systemRandom));
    await session.clock.sleep(waitMs, session.abort.signal).catch(() => undefined);
  }
}

/** The call has its room already: it runs once more, which takes another token of the rate. */
async function repeatRoom(session: Session, callId: string, tool: Tool): Promise<CallRoom> {
  const line = rateLine(session, tool);
  if (line === null) return { kind: "room" };
  const made = await reserve(session, `r.${callId}.${session.fence.epoch}.again`, [line]);
  if (made.kind === "reserved") return { kind: "room" };
  const now = session.clock.now();
  return { kind: "later", at: made.retryAt ?? now, reason: fullReason([line], made, now) };
}

/** A token of the rate for a further attempt of a call. False: there is none soon. */
export async function awaitRetry(
  session: Session,
  { callId, tool, attempt }: { readonly callId: string; readonly tool: Tool; attempt: number },
): Promise<boolean> {
  const line = rateLine(session, tool);
  if (line === null) return true;
  const key = `r.${callId}.${session.fence.epoch}.${attempt}`;
  const until = session.clock.now() + RATE_WAIT_MS;
  for (;;) {
    const made = await reserve(session, key, [line]);
    if (made.kind === "reserved") return true;
    const { retryAt = Number.POSITIVE_INFINITY } = made;
    if (retryAt > until || session.abort.aborted) return false;
    const waitMs = Math.max(1, retryAt - session.clock.now());
    await session.clock.sleep(waitMs, session.abort.signal).catch(() => undefined);
  }
}

function limitLines(session: Session, tool: Tool): readonly Line[] {
  const { concurrent } = tool.definition.limits ?? {};
  const rate = rateLine(session, tool);
  const lines: Line[] = rate === null ? [] : [rate];
  if (concurrent !== undefined) {
    const org = orgScope(session.state.created?.principal ?? null);
    lines.push({ kind: "slot", scope: `slot/${org}/${tool.name}`, max: concurrent });
  }
  return lines;
}

function rateLine(session: Session, tool: Tool): RateLine | null {
  const rate = tool.definition.limits?.rate;
  if (rate === undefined) return null;
  const { count, perMs, burst = count } = rate;
  const org = orgScope(session.state.created?.principal ?? null);
  const scope = `rate/${org}/${tool.name}`;
  return { kind: "rate", scope, capacity: burst, refillPerMs: count / perMs, amount: 1 };
}

function fullReason(
  lines: readonly Line[],
  denied: Extract<Reserved, { kind: "denied" }>,
  now: number,
): string {
  const line = lines[denied.line];
  const again = denied.retryAt === undefined ? "" : ` in ${formatDuration(denied.retryAt - now)}`;
  switch (line?.kind) {
    case "rate":
      return `the rate limit of this tool is reached; it may be called again${again}`;
    case "slot":
      return `${denied.max} calls of this tool run already; try again later`;
    case "budget":
    case "tally":
    case undefined:
    default:
      return exhaustedBy(lines, denied).message;
  }
}
