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
import { defaultModelRetry, modelBreaker } from "../generation/retry.ts";
import type { ModelSettings } from "../generation/model.ts";
import type { PreparedRoute } from "../generation/route.ts";
import type { ModelFault } from "../journal/model-fault.ts";
import type { Agent } from "./agent.ts";
import { pickRoute, type LocalFault } from "./ask-route.ts";
import { checkRoomToAsk, keepAnswer } from "./keep-answer.ts";
import { noteAttempt } from "./model-circuit.ts";
import { modelRequest, settingsFor } from "./model-request.ts";
import type { Session } from "./session.ts";
import { reserveModel, type ModelGrant } from "./spend.ts";
import type { TurnOptions } from "./turn.ts";
import type { Asked, Asking } from "./asking.ts";
import { enterCircuit, enterCrowd, enterFleet, isFirstTry, refusedBefore } from "./ask-entry.ts";
import { answerFault, failure, isSpoilt, waitFor } from "./ask-fault.ts";

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
    looks: 0,
  };
  for (;;) {
    if (session.abort.aborted || session.isDraining) return { kind: "stopped" };
    // A worker that was stopped for long wakes up here while another already asks.
    if (!session.isSurelyHeld && !(await session.isHeld())) return { kind: "stopped" };
    checkRoomToAsk(session);
    const asked = await askOnce(asking);
    if (asked !== null) return asked;
  }
}

/** One attempt with what follows from it. Null: go on. */
async function askOnce(asking: Asking): Promise<Asked | null> {
  const { session, agent, options } = asking;
  const picking = pickRoute(session, agent, { ...options, ...asking });
  const choice = picking instanceof Promise ? await picking : picking;
  if (choice.kind === "none") return whyNobody(asking) ?? failure(asking, null, choice.why);
  if (choice.kind === "wait") return waitFor(asking, choice.route, choice);
  const { route } = choice;
  const full = enterCrowd(asking, route);
  if (full !== null) return waitFor(asking, route, full);
  const refused = agent.policies === null ? null : await refusedBefore(asking, route);
  if (refused !== null) return setAside(asking, route, { kind: "policy", outcome: refused });
  const crowded = isFirstTry(asking, route) ? null : await enterFleet(asking, route);
  if (crowded !== null) return waitFor(asking, route, crowded);
  // What one model counted is no bound for what another counts.
  if (session.state.asked !== route.name) session.counted = null;
  const settings = settingsFor(session, agent, route);
  const { governing } = options;
  const reserving = reserveModel(session, agent, {
    asked: route.name,
    model: route.model,
    settings,
    governing,
  });
  const grant = reserving instanceof Promise ? await reserving : reserving;
  if ("kind" in grant) return setAside(asking, route, { kind: "budget", outcome: grant });
  session.modelAttempts += 1;
  const holder = `${session.fence.runId}/${session.fence.epoch}.${session.modelAttempts}`;
  const entering = enterCircuit(asking, { route, holder });
  const closedOff = entering instanceof Promise ? await entering : entering;
  if (closedOff !== null) {
    await grant.fail(NOT_ASKED);
    return waitFor(asking, route, closedOff);
  }
  asking.retryOf = null;
  const { maxOutputTokens } = grant;
  const asked = maxOutputTokens === undefined ? settings : { ...settings, maxOutputTokens };
  const attempt = await makeAttempt(asking, route, asked);
  const { breaker: breakerSettings } = asking;
  const about = { route, holder, settings: breakerSettings };
  const noting = noteAttempt(options.circuits, attempt, about);
  if (noting !== undefined) await noting;
  return conclude(asking, { route, grant, attempt, settings: asked });
}

interface Made {
  readonly route: PreparedRoute;
  readonly grant: ModelGrant;
  readonly attempt: Attempt;
  /** As they were sent. */
  readonly settings: ModelSettings;
}

/** What becomes of an attempt: an answer, or what follows from its fault. */
async function conclude(
  asking: Asking,
  { route, grant, attempt, settings }: Made,
): Promise<Asked | null> {
  const { session } = asking;
  const isStopped = attempt.kind === "failed" && attempt.fault.kind === "aborted";
  // Nobody stopped it, so it was the end of the run's time.
  if (isStopped && !session.abort.aborted) session.isOverWall = true;
  if (session.isLost) return { kind: "stopped" };
  if (attempt.kind === "failed") {
    await grant.fail(attempt.fault);
    return answerFault(asking, route, { fault: attempt.fault, attempt, settings });
  }
  grant.settle(attempt.answer.usage);
  const { fault } = attempt;
  if (fault !== null && isSpoilt(asking, route, fault)) {
    return answerFault(asking, route, { fault, attempt, settings });
  }
  keepAnswer(session, attempt, { route, isBounded: grant.maxOutputTokens !== undefined });
  return { kind: "answered" };
}

/**
 * What set the routes aside says more than that there is none. A budget before a policy: a person
 * may raise it, or it has room again by itself, while a model that is forbidden stays so.
 */
function whyNobody({ local }: Asking): Asked | null {
  const ofBudget = local.filter(({ outcome }) => outcome.kind === "exhausted");
  return (ofBudget.at(-1) ?? local.at(-1))?.outcome ?? null;
}

/** A reservation that was not used is given back as after a refusal. */
const NOT_ASKED: ModelFault = { kind: "overloaded", status: 503, message: "not asked" };

/** The route is out for this answer, though nobody was asked; the next one is looked at. */
function setAside(
  asking: Asking,
  route: PreparedRoute,
  why: Pick<LocalFault, "kind" | "outcome">,
): null {
  asking.local.push({ asked: route.name, answer: "switch", ...why });
  return null;
}

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
    options.circuits.end(route.scope);
  }
}
