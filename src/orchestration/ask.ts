/**
 * One model decision, over routes, faults and waits, until there is an answer or a reason why not.
 *
 * M1 Every attempt is decided, reserved, made and accounted for anew; each fault is classified
 *    once, answered once (`generation/retry.ts`), and in the journal before anything follows it.
 * M2 What was tried is read from the journal: a worker that takes over, or a run that was parked,
 *    goes on counting where the last one stopped.
 * M3 A wait that is short holds the process; a longer one parks the run.
 * M4 Nothing is asked of a model that is resting, or whose breaker is open, but by the probe.
 * M5 A stop, a stream that broke and a crash are three things: `model.faulted` with `stop`,
 *    `model.faulted` with its fault, and `run.leased` with `after: "crash"`.
 */
import { attemptModel, type Attempt } from "../generation/gateway.ts";
import {
  defaultModelRetry,
  modelBreaker,
  remedyFor,
  type ModelRetry,
  type Tries,
} from "../generation/retry.ts";
import type { BreakerSettings } from "../generation/breaker.ts";
import type { ModelSettings } from "../generation/model.ts";
import type { PreparedRoute } from "../generation/route.ts";
import type { ModelFault } from "../journal/model-fault.ts";
import type { ModelFaulted } from "../journal/wire-event.ts";
import { systemRandom } from "../std/random.ts";
import type { Agent } from "./agent.ts";
import { modelScope, pickRoute, triesOf, type LocalFault } from "./ask-route.ts";
import { takeRetry } from "./fleet.ts";
import { keepAnswer } from "./keep-answer.ts";
import { noteAttempt } from "./model-circuit.ts";
import { hasStricterForm, modelRequest, settingsFor, smallerRequest } from "./model-request.ts";
import { modelVerdict } from "./policies.ts";
import type { Session } from "./session.ts";
import { reserveModel, type Exhausted } from "./spend.ts";
import type { TurnOptions } from "./turn.ts";

export type Asked =
  | { readonly kind: "answered" }
  | Exhausted
  /** The policies forbid every model that could be asked. */
  | { readonly kind: "model_denied"; readonly message: string }
  /** Nobody can be asked before `until`. */
  | { readonly kind: "wait"; readonly until: number; readonly why: string }
  | { readonly kind: "failed"; readonly route: PreparedRoute | null; readonly why: Failure }
  /** Stopped: by a cancel, the end of the time, a drain, or because the run is not ours. */
  | { readonly kind: "stopped" };

export interface Failure {
  readonly fault: ModelFault | null;
  readonly attempts: number;
  readonly message: string;
}

/** What one hold of a turn has found out that is in no journal. */
interface Asking {
  readonly session: Session;
  readonly agent: Agent;
  readonly options: TurnOptions;
  readonly retry: ModelRetry;
  readonly breaker: BreakerSettings;
  readonly local: LocalFault[];
  last: ModelFault | null;
  /** The route for which a further attempt is granted, and not made yet. */
  retryOf: string | null;
  /** How often in a row there was none to grant. */
  crowded: number;
}

export async function askModel(
  session: Session,
  agent: Agent,
  options: TurnOptions,
): Promise<Asked> {
  const retry = options.retry ?? defaultModelRetry;
  const asking: Asking = {
    session,
    agent,
    options,
    retry,
    breaker: modelBreaker(retry),
    local: [],
    last: null,
    retryOf: null,
    crowded: 0,
  };
  for (;;) {
    if (session.abort.aborted || session.isDraining) return { kind: "stopped" };
    // A worker that was stopped for long wakes up here while another already asks.
    if (!session.isSurelyHeld && !(await session.isHeld())) return { kind: "stopped" };
    const asked = await askOnce(asking);
    if (asked !== null) return asked;
  }
}

/** One attempt with what follows from it. Null: go on. */
async function askOnce(asking: Asking): Promise<Asked | null> {
  const { session, agent, options } = asking;
  const choice = await pickRoute(session, agent, { ...options, ...asking });
  // What set the last route aside says more than that there is none.
  if (choice.kind === "none") {
    return asking.local.at(-1)?.outcome ?? failure(asking, null, choice.why);
  }
  if (choice.kind === "wait") return waitFor(asking, choice);
  const { route } = choice;
  const refused = await refusedBefore(asking, route);
  if (refused !== null) return setAside(asking, route, { kind: "policy", outcome: refused });
  const crowded = await enterFleet(asking, route);
  if (crowded !== null) return waitFor(asking, crowded);
  // What one model counted is no bound for what another counts.
  if (session.state.asked !== route.name) session.counted = null;
  const settings = settingsFor(session, agent, route);
  const { governing } = options;
  const reserving = reserveModel(session, agent, { model: route.model, settings, governing });
  const grant = reserving instanceof Promise ? await reserving : reserving;
  if ("kind" in grant) return setAside(asking, route, { kind: "budget", outcome: grant });
  session.modelAttempts += 1;
  const holder = `${session.fence.runId}/${session.fence.epoch}.${session.modelAttempts}`;
  const closedOff = await enterCircuit(asking, { route, holder });
  if (closedOff !== null) {
    await grant.fail(NOT_ASKED);
    return waitFor(asking, closedOff);
  }
  asking.retryOf = null;
  const { maxOutputTokens } = grant;
  const asked = maxOutputTokens === undefined ? settings : { ...settings, maxOutputTokens };
  const attempt = await makeAttempt(asking, route, asked);
  const { breaker: breakerSettings } = asking;
  await noteAttempt(options.circuits, attempt, { route, holder, settings: breakerSettings });
  if (session.isLost) return { kind: "stopped" };
  if (attempt.kind === "answered") {
    grant.settle(attempt.answer.usage);
    const { fault } = attempt;
    if (fault === null || !isSpoilt(asking, route, fault)) {
      keepAnswer(session, attempt, { route, isBounded: maxOutputTokens !== undefined });
      return { kind: "answered" };
    }
    return answerFault(asking, route, { fault, attempt, settings: asked });
  }
  await grant.fail(attempt.fault);
  return answerFault(asking, route, { fault: attempt.fault, attempt, settings: asked });
}

/** A reservation that was not used is given back as after a refusal. */
const NOT_ASKED: ModelFault = { kind: "overloaded", status: 503, message: "not asked" };

/**
 * Whether a whole answer is to be taken for none. One that was filtered or declined stands when
 * there is no other route; one that was cut off, or ended for a reason that nobody knows, stands
 * as it is: what came of it is the loop's to judge.
 */
function isSpoilt(asking: Asking, route: PreparedRoute, fault: ModelFault): boolean {
  switch (fault.kind) {
    case "truncated":
    case "unknown":
      return false;
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

function triesSoFar(
  asking: Asking,
  route: PreparedRoute,
  { fault, settings }: { readonly fault: ModelFault; readonly settings?: ModelSettings },
): Tries {
  const { session, agent, options, retry, local } = asking;
  const { kind } = fault;
  const canShrink = (): boolean =>
    smallerRequest(session, fault, settings?.maxOutputTokens) !== null;
  const canRepair = (): boolean => hasStricterForm(session, agent, route);
  const can = { canShrink, canRepair };
  return triesOf(session, agent, { ...options, retry, local, asked: route.name, kind, ...can });
}

/** What forbids this route, before anything is reserved. */
async function refusedBefore(asking: Asking, route: PreparedRoute): Promise<Asked | null> {
  const { session, agent, options } = asking;
  if (agent.policies === null) return null;
  const { governing, trust } = options;
  const model = `${route.model.provider}/${route.model.modelId}`;
  const verdict = await modelVerdict(session, model, { agent, governing, trust });
  if (verdict.kind !== "deny") return null;
  const by = verdict.rules.length === 0 ? "" : ` (${verdict.rules.join(", ")})`;
  const message = `${model} may not be asked: ${verdict.reason}${by}.`;
  return { kind: "model_denied", message };
}

/** The route is out for this answer, though nobody was asked; the next one is looked at. */
function setAside(
  asking: Asking,
  route: PreparedRoute,
  why: Pick<LocalFault, "kind" | "outcome">,
): null {
  asking.local.push({ asked: route.name, answer: "switch", ...why });
  return null;
}

/**
 * A further attempt takes one of the retries that all runs have together for this model, and
 * waits until there is one. Null: it may be made.
 */
async function enterFleet(
  asking: Asking,
  { name }: PreparedRoute,
): Promise<{ readonly until: number; readonly why: string } | null> {
  const { session, retry } = asking;
  const isFirst = !session.state.turnFaults.some(({ asked }) => asked === name);
  if (isFirst || asking.retryOf === name) return null;
  const until = await takeRetry(session, { name, retry, crowded: asking.crowded });
  if (until === null) {
    asking.retryOf = name;
    asking.crowded = 0;
    return null;
  }
  asking.crowded += 1;
  return { until, why: `all runs together ask ${name} again too often` };
}

/** Null: come in. Otherwise until when the model is left alone, and why. */
async function enterCircuit(
  { session, options, breaker }: Asking,
  { route, holder }: { readonly route: PreparedRoute; readonly holder: string },
): Promise<{ readonly until: number; readonly why: string } | null> {
  const scope = modelScope(route);
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

/** How long who found a failing model full waits before it looks again, ms. */
const CROWD_WAIT_MS = 100;

async function makeAttempt(
  asking: Asking,
  route: PreparedRoute,
  settings: ModelSettings,
): Promise<Attempt> {
  const { session, agent, options, retry } = asking;
  const streams = agent.definition.stream === true;
  const { onDelta } = options;
  const endRide = session.rideLater();
  try {
    const request = modelRequest(session, agent, { route, settings });
    return await attemptModel(route.model, request, {
      clock: session.clock,
      limits: retry,
      deadline: session.wallEnd,
      ...(streams ? { onDelta: (delta) => session.show(delta, onDelta) } : {}),
    });
  } finally {
    endRide();
    options.circuits.end(modelScope(route));
  }
}

/** Short: waits here. Long: whoever called parks the run. */
async function waitFor(
  { session, retry }: Asking,
  { until, why }: { readonly until: number; readonly why: string },
): Promise<Asked | null> {
  const ms = Math.max(1, until - session.clock.now());
  if (ms > retry.waitMaxMs || until > session.wallEnd) return { kind: "wait", until, why };
  await session.clock.sleep(ms, session.abort.signal).catch(() => undefined);
  return null;
}

async function answerFault(
  asking: Asking,
  route: PreparedRoute,
  given: {
    readonly fault: ModelFault;
    readonly attempt: Attempt;
    /** As they were sent. */
    readonly settings: ModelSettings;
  },
): Promise<Asked | null> {
  const { session, options, retry } = asking;
  const { fault, settings } = given;
  asking.last = fault;
  const tries = triesSoFar(asking, route, given);
  const remedy = remedyFor(fault, tries, { retry, random: systemRandom });
  if (session.hardAbort.aborted) return { kind: "stopped" };
  if (remedy.kind === "wait") return waitAfterFault(asking, route, { ...given, ms: remedy.ms });
  if (remedy.kind === "rest") return restAfterFault(asking, route, { ...given, ms: remedy.ms });
  const smaller =
    remedy.kind === "shrink" ? smallerRequest(session, fault, settings.maxOutputTokens) : null;
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
      session.show({ kind: "restarted" }, options.onDelta);
      return null;
  }
}

/** Others are asked meanwhile; when none of them can be, the rest is waited for. */
async function restAfterFault(
  { session, options }: Asking,
  route: PreparedRoute,
  given: { readonly fault: ModelFault; readonly attempt: Attempt; readonly ms: number },
): Promise<null> {
  const { ms } = given;
  const notBefore = session.clock.now() + ms;
  keepFault(session, route, { ...given, answer: "rest", notBefore, waitMs: ms });
  await session.flush();
  session.show({ kind: "restarted" }, options.onDelta);
  return null;
}

/** The same again, later: here or after a park. */
async function waitAfterFault(
  asking: Asking,
  route: PreparedRoute,
  given: { readonly fault: ModelFault; readonly attempt: Attempt; readonly ms: number },
): Promise<Asked | null> {
  const { session, retry, options } = asking;
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
  session.show({ kind: "restarted" }, options.onDelta);
  const why = given.fault.message;
  return waitFor(asking, { until: notBefore, why });
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
    fault,
    ms: attempt.ms,
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(outputTokensMax === undefined ? {} : { outputTokensMax }),
    ...(shrink === undefined ? {} : { shrink }),
    turn: session.state.turn + 1,
    ...(waitMs === undefined ? {} : { waitMs }),
  });
}

function failure(asking: Asking, route: PreparedRoute | null, message: string): Asked {
  const { session, last } = asking;
  const attempts = session.state.turnFaults.length;
  return { kind: "failed", route, why: { fault: last, attempts, message } };
}
