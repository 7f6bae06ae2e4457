/** What follows from an attempt in vain: an event, and then a wait, another form, or the end. */
import type { Attempt } from "../generation/gateway.ts";
import { remedyFor, type Remedy, type Tries } from "../generation/retry.ts";
import type { ModelAnswer, ModelSettings } from "../generation/model.ts";
import type { PreparedRoute } from "../generation/route.ts";
import type { ModelFault } from "../journal/model-fault.ts";
import type { ModelFaulted } from "../journal/wire-event.ts";
import { systemRandom } from "../std/random.ts";
import { triesOf } from "./ask-route.ts";
import { hasStricterForm, smallerRequest } from "./model-request.ts";
import type { Session } from "./session.ts";
import type { Asked, Asking, ClosedOff } from "./asking.ts";

/**
 * Whether a whole answer is to be taken for none. One that was filtered or declined stands when
 * there is no other route; one that was cut off, or ended for a reason that nobody knows, stands
 * as it is: what came of it is the loop's to judge.
 */
export function isSpoilt(asking: Asking, route: PreparedRoute, fault: ModelFault): boolean {
  switch (fault.kind) {
    case "unknown":
      return false;
    case "truncated":
      return isCutShort(asking, route, fault);
    case "content_filtered":
    case "refused":
      return triesSoFar(asking, route, { fault }).hasOther;
    case "rate_limited":
    case "overloaded":
    case "unavailable":
    case "unreachable":
    case "quota_exhausted":
    case "context_overflow":
    case "invalid_request":
    case "auth":
    case "stream_broken":
    case "timeout":
    case "malformed":
    case "model_switched":
    case "aborted":
    default:
      return true;
  }
}

/** Cut off at an output that we made smaller ourselves, while the history could be smaller yet. */
function isCutShort(asking: Asking, route: PreparedRoute, fault: ModelFault): boolean {
  const { session, retry } = asking;
  if (!session.state.outputLimits.some(({ asked }) => asked === route.name)) return false;
  const tries = triesSoFar(asking, route, { fault });
  return remedyFor(fault, tries, { retry, random: systemRandom }).kind === "shrink";
}

function triesSoFar(
  asking: Asking,
  route: PreparedRoute,
  { fault, settings }: { readonly fault: ModelFault; readonly settings?: ModelSettings },
): Tries {
  const { session, agent, options, retry, local } = asking;
  const { kind } = fault;
  const refused = { asked: route.name, maxOutputTokens: settings?.maxOutputTokens };
  const canShrink = (): boolean => smallerRequest(session, fault, refused) !== null;
  const canRepair = (): boolean => hasStricterForm(session, agent, route);
  const can = { canShrink, canRepair };
  return triesOf(session, agent, { ...options, retry, local, asked: route.name, kind, ...can });
}

/** Short: waits here. Long: whoever called parks the run. In vain: says so instead. */
export async function waitFor(
  asking: Asking,
  route: PreparedRoute,
  { until, why }: ClosedOff,
): Promise<Asked | null> {
  const { session, retry } = asking;
  if (until >= session.wallEnd) {
    const failed = failure(asking, route, `${route.name} is left alone for too long: ${why}`);
    const hint = "Start the work again later, give it more time (limits.wallMs), or name a route.";
    return failed.kind === "failed" ? { ...failed, why: { ...failed.why, hint } } : failed;
  }
  const ms = Math.max(1, until - session.clock.now());
  if (ms > retry.waitMaxMs) return { kind: "wait", route: route.name, until, why };
  await session.rest(ms);
  return null;
}

export async function answerFault(
  asking: Asking,
  route: PreparedRoute,
  given: {
    readonly fault: ModelFault;
    readonly attempt: Attempt;
    /** As they were sent. */
    readonly settings: ModelSettings;
  },
): Promise<Asked | null> {
  const { session, retry } = asking;
  const { fault, settings } = given;
  asking.last = fault;
  const tries = triesSoFar(asking, route, given);
  // What ended with the run's time is the end of that time, whatever else it was.
  const isOver = session.clock.now() >= session.wallEnd;
  const remedy: Remedy = isOver
    ? { kind: "stop" }
    : remedyFor(fault, tries, { retry, random: systemRandom });
  if (session.hardAbort.aborted) return { kind: "stopped" };
  if (remedy.kind === "wait") return waitAfterFault(asking, route, { ...given, ms: remedy.ms });
  if (remedy.kind === "rest") return restAfterFault(asking, route, { ...given, ms: remedy.ms });
  const refused = { asked: route.name, maxOutputTokens: settings.maxOutputTokens };
  const smaller = remedy.kind === "shrink" ? smallerRequest(session, fault, refused) : null;
  keepFault(session, route, { ...given, answer: remedy.kind, ...smaller });
  await session.flush();
  switch (remedy.kind) {
    case "stop":
      return { kind: "stopped" };
    case "fail":
      return failure(asking, route, remedy.why ?? "fault");
    case "repair":
    case "shrink":
    case "switch":
    default:
      tellRestarted(asking, given.attempt);
      return null;
  }
}

/**
 * Others are asked meanwhile; when none of them can be, the rest is waited for. A rest that
 * outlasts the run is none: the route is given up.
 */
async function restAfterFault(
  asking: Asking,
  route: PreparedRoute,
  given: { readonly fault: ModelFault; readonly attempt: Attempt; readonly ms: number },
): Promise<null> {
  const { session } = asking;
  const { ms } = given;
  const notBefore = session.clock.now() + ms;
  if (notBefore >= session.wallEnd) keepFault(session, route, { ...given, answer: "switch" });
  else keepFault(session, route, { ...given, answer: "rest", notBefore, waitMs: ms });
  await session.flush();
  tellRestarted(asking, given.attempt);
  return null;
}

/** The same again, later: here or after a park. */
async function waitAfterFault(
  asking: Asking,
  route: PreparedRoute,
  given: { readonly fault: ModelFault; readonly attempt: Attempt; readonly ms: number },
): Promise<Asked | null> {
  const { session, retry } = asking;
  const { ms } = given;
  const notBefore = session.clock.now() + ms;
  if (notBefore >= session.wallEnd) {
    keepFault(session, route, { ...given, answer: "fail" });
    await session.flush();
    return failure(asking, route, "no_time");
  }
  const isLong = ms > retry.waitMaxMs;
  keepFault(session, route, { ...given, answer: isLong ? "park" : "wait", notBefore, waitMs: ms });
  await session.flush();
  tellRestarted(asking, given.attempt);
  const why = given.fault.message;
  return waitFor(asking, route, { until: notBefore, why });
}

/** What was shown of a stream is void. */
function tellRestarted({ session, agent, options }: Asking, attempt: Attempt): void {
  if (agent.definition.stream !== true) return;
  const hasShown = attempt.kind === "answered" || (attempt.arrived?.chars ?? 0) > 0;
  if (hasShown) session.show({ kind: "restarted" }, options.onDelta);
}

function keepFault(
  session: Session,
  route: PreparedRoute,
  given: Pick<ModelFaulted, "answer" | "fault"> &
    Partial<Pick<ModelFaulted, "notBefore" | "waitMs" | "shrink" | "outputTokensMax">> & {
      readonly attempt: Attempt;
    },
): void {
  const { answer, fault, attempt, notBefore, waitMs, shrink, outputTokensMax } = given;
  const arrived = attempt.kind === "failed" ? attempt.arrived : null;
  session.push({
    kind: "model.faulted",
    answer,
    ...(arrived === null || arrived.chars + arrived.calls === 0 ? {} : { arrived }),
    asked: route.name,
    ...(attempt.kind === "failed" ? {} : { billed: billedFor(attempt.answer) }),
    fault,
    ms: attempt.ms,
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(outputTokensMax === undefined ? {} : { outputTokensMax }),
    ...(shrink === undefined ? {} : { shrink }),
    turn: session.state.turn + 1,
    ...(waitMs === undefined ? {} : { waitMs }),
  });
}

function billedFor({ model, usage }: ModelAnswer): NonNullable<ModelFaulted["billed"]> {
  return { model, usage };
}

export function failure(asking: Asking, route: PreparedRoute | null, message: string): Asked {
  const { session, last } = asking;
  const attempts = session.state.turnFaults.length;
  return { kind: "failed", route, why: { fault: last, attempts, message } };
}
