/**
 * The agent loop: performs what `decideNext` commands and appends what came back.
 *
 * L1 Every pass starts from the folded journal; nothing is remembered beside it that a crash
 *    would lose and the run would miss.
 * L2 The answer is durable before anything acts on it (`runCalls` commits it with the claims).
 * L3 The loop ends in exactly one of: finished, parked, given back, lost.
 */
import type { Delta } from "../generation/model.ts";
import type { ModelRetry } from "../generation/retry.ts";
import { TIMER_MAX_MS } from "../std/deadline.ts";
import { BridleError, errorMessage, isBridleError } from "../std/error.ts";
import type { Agent } from "./agent.ts";
import { askModel } from "./ask.ts";
import type { Asked } from "./asking.ts";
import { runCalls } from "./call.ts";
import type { Circuits } from "./circuits.ts";
import type { CallOptions } from "./call-prepare.ts";
import { decideNext, type Command, type Facts } from "./decide.ts";
import { endAtLimit, endBroken, finish, park } from "./ending.ts";
import type { Advance } from "./engine.ts";
import { takeMail } from "./mail.ts";
import { judgeDeclines } from "./decline.ts";
import { hasGate, runGate, unmetText } from "./gate.ts";
import type { Governing } from "./governing.ts";
import { openTrust } from "./provenance.ts";
import type { Program } from "./program.ts";
import { askDoubts } from "./recovery.ts";
import { isLimit, type Session } from "./session.ts";
import type { Slots } from "./slots.ts";
import { Steps } from "./steps.ts";
import { announceTools, areToolsQuiet } from "./tool-circuit.ts";
import type { TurnOptions } from "./turn.ts";
import { failedToAsk } from "./unasked.ts";

export interface LoopOptions {
  readonly governing: Governing;
  readonly slots: Slots;
  readonly circuits: Circuits;
  readonly retry?: ModelRetry;
  readonly onDelta?: (runId: string, delta: Delta) => void;
}

/** What one hold of a run goes by. */
interface Hold {
  readonly session: Session;
  readonly agent: Agent;
  readonly calls: CallOptions;
  readonly turn: Omit<TurnOptions, "routes">;
  routes: TurnOptions["routes"] | null;
  readonly steps: Steps;
}

/** An agent as a program. */
export function agentProgram(agent: Agent, options: LoopOptions): Program {
  return { name: agent.name, advance: (session) => runLoop(session, agent, options) };
}

async function runLoop(session: Session, agent: Agent, options: LoopOptions): Promise<Advance> {
  const { retry, onDelta, governing, slots, circuits } = options;
  const trust = await openTrust(session, agent);
  const hold: Hold = {
    session,
    agent,
    calls: { agent, governing, slots, circuits, trust },
    routes: null,
    turn: {
      circuits,
      governing,
      trust,
      ...(retry === undefined ? {} : { retry }),
      ...(onDelta === undefined ? {} : { onDelta }),
    },
    steps: new Steps(),
  };
  const wall = watchWall(session);
  try {
    for (;;) {
      const ended = await stepSafely(hold);
      if (ended !== null) return ended;
    }
  } finally {
    clearTimeout(wall);
  }
}

/** The wall time ends a model call or a read that would outlast it. */
function watchWall(session: Session): NodeJS.Timeout | undefined {
  const { created, createdAt } = session.state;
  const leftMs = createdAt + (created?.limits.wallMs ?? 0) - session.clock.now();
  const end = (): void => {
    session.isOverWall = true;
    session.abort.abort(new BridleError("aborted", "The run's time is over"));
  };
  if (leftMs > TIMER_MAX_MS) return undefined;
  // A run that waits that long does not keep its process alive.
  return setTimeout(end, Math.max(0, leftMs)).unref();
}

/** One step. A journal without room, or an agent that is broken, ends the run in order. */
async function stepSafely(hold: Hold): Promise<Advance | null> {
  const { session } = hold;
  try {
    return await step(hold);
  } catch (thrown) {
    if (isLimit(thrown)) {
      await endAtLimit(session, thrown);
      return { kind: "done" };
    }
    if (!isBridleError(thrown, "agent_broken") && !isBridleError(thrown, "invariant_broken")) {
      throw thrown;
    }
    await endBroken(session, "failed", {
      code: "agent_broken",
      message: thrown.message,
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
    });
    return { kind: "done" };
  }
}

/** One command. An `Advance` when the loop is to end with it. */
async function step(hold: Hold): Promise<Advance | null> {
  const { session, calls } = hold;
  if (session.hasMail) await takeMail(session, hold.calls);
  const stopReached = hold.agent.stopWhen.length > 0 && (await isStopReached(hold));
  const command = decideNext(session.state, factsOf(hold, stopReached));
  switch (command.kind) {
    case "done":
      return { kind: "done" };
    case "act":
      await runCalls(session, calls);
      return session.hardAbort.aborted ? { kind: "idle" } : null;
    case "ask":
      session.doubtsAsked = false;
      return ask(hold);
    case "nudge":
      session.push({
        kind: "message.added",
        from: "harness",
        text: "Your last answer was empty. Call a tool, or say in words what you did and stop.",
      });
      return null;
    case "ask_doubts":
      session.doubtsAsked = true;
      await askDoubts(session, calls);
      return null;
    case "park":
      return park(session, command.waitingFor, command.wakeAt);
    case "check":
      return check(hold, command);
    case "yield":
      await session.flush();
      return { kind: "idle" };
    case "finish":
      // What was posted since the last look may be one more thing to do.
      if (command.outcome === "succeeded" && session.hasMail) return null;
      await finish(session, command);
      return { kind: "done" };
    default:
      return null;
  }
}

function factsOf({ session, agent }: Hold, stopReached: boolean): Facts {
  const { isDraining: draining, doubtsAsked } = session;
  const now = session.isOverWall ? Number.POSITIVE_INFINITY : session.clock.now();
  const { onUnmet } = agent.gate;
  return { now, stopReached, draining, doubtsAsked, hasGate: hasGate(session, agent), onUnmet };
}

/** The gate. Met: the run ends in the same commit. Unmet: the list goes where it belongs. */
async function check(
  { session, agent }: Hold,
  command: Extract<Command, { kind: "check" }>,
): Promise<Advance | null> {
  const { met, mayAskAgain } = command;
  for (const { id, reason } of judgeDeclines(session.state, met.text ?? "").taken) {
    session.push({ kind: "obligation.declined", by: "model", obligationId: id, reason });
  }
  const { checks, unmet, broken } = await runGate(session, agent, met.text);
  if (session.abort.aborted) return session.hardAbort.aborted ? { kind: "idle" } : null;
  // A person may have asked for more meanwhile: what was checked is not this very state (V1).
  if (session.hasMail) return null;
  if (unmet.length === 0) {
    session.push({ kind: "gate.checked", checks, unmet });
    await finish(session, met);
    return { kind: "done" };
  }
  const { gateRounds, obligations } = session.state;
  const helps = broken < unmet.length && gateRounds < agent.gate.roundsMax;
  const text = mayAskAgain && helps ? unmetText(unmet, obligations) : undefined;
  session.push({ kind: "gate.checked", checks, ...(text === undefined ? {} : { text }), unmet });
  return null;
}

/** After a turn: whether one of the agent's conditions says that this was the last. */
async function isStopReached({ session, agent, steps }: Hold): Promise<boolean> {
  const { state } = session;
  if (state.turn === 0 || state.calls.length > 0) return false;
  const { usage } = state;
  const view = { steps: steps.upTo(state.messages), receipts: state.receipts.toArray(), usage };
  for (const condition of agent.stopWhen) {
    if (await checkStop(condition, view)) return true;
  }
  return false;
}

/** A stop condition that throws does so on every try: it ends the run instead of looping. */
async function checkStop(
  condition: Agent["stopWhen"][number],
  view: Parameters<Agent["stopWhen"][number]>[0],
): Promise<boolean> {
  try {
    return await condition(view);
  } catch (thrown) {
    throw new BridleError("agent_broken", `A stop condition threw: ${errorMessage(thrown)}`, {
      hint: "Mend the agent's stopWhen, then start the work again.",
      cause: thrown,
    });
  }
}

/** True when the next pass ends the run; after a stop without a cause nothing is asked again. */
function isToldWhy(session: Session): boolean {
  const isOver = session.isOverWall || session.clock.now() >= session.wallEnd;
  return isOver || session.hasMail || session.state.cancel !== null;
}

/** As it stands in `bridle show`: whom, until when, why. */
function waitText({ route, until, why }: Extract<Asked, { kind: "wait" }>): string {
  const at = `${new Date(until).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return `${route}, which is asked again at ${at}: ${why}`.slice(0, WAIT_TEXT_MAX);
}

const WAIT_TEXT_MAX = 2_000;

/** No room in a budget, a price that nobody knows, or a model that no policy allows. */
async function endUnasked(
  session: Session,
  agent: Agent,
  unasked: Extract<Asked, { kind: "exhausted" | "price_unknown" | "model_denied" }>,
): Promise<Advance> {
  const { kind, message } = unasked;
  if (kind === "exhausted" && agent.definition.budget?.onExhausted === "ask") {
    return park(session, `a person to raise the budget: ${message}`, unasked.retryAt);
  }
  const { code, hint } = whyUnasked[kind];
  const reason = { code, message, hint };
  await finish(session, { outcome: "failed_recoverable", reason, text: null });
  return { kind: "done" };
}

const whyUnasked = {
  exhausted: {
    code: "budget_exhausted",
    hint: "Raise the budget, then start the work again.",
  },
  price_unknown: {
    code: "price_unknown",
    hint: "State it in `prices`, or a worst price in `unknownPrice`.",
  },
  model_denied: {
    code: "policy_denied",
    hint: "Choose another model, or change the policy.",
  },
} as const;

/**
 * Chosen once for each hold, and only when a model is to be asked: a choice that fails must not
 * keep a run from being cancelled, from running out of time, or from settling its calls.
 */
async function routesOf(hold: Hold): Promise<TurnOptions["routes"]> {
  const { session, agent } = hold;
  const input = session.state.created?.input ?? null;
  hold.routes ??= await agent.routesFor({ runId: session.fence.runId, input });
  return hold.routes;
}

async function ask(hold: Hold): Promise<Advance | null> {
  const { session, agent } = hold;
  const turn = { ...hold.turn, routes: hold.routes ?? (await routesOf(hold)) };
  const { circuits } = turn;
  if (!areToolsQuiet(session, agent, circuits)) await announceTools(session, agent, circuits);
  const asked = await askModel(session, agent, turn);
  switch (asked.kind) {
    case "answered":
      return null;
    case "stopped":
      if (session.hardAbort.aborted) return { kind: "idle" };
      // A cancel or the end of the wall time stops the model call; the next pass names it.
      return isToldWhy(session) || session.isDraining ? null : { kind: "idle" };
    case "wait":
      return park(session, waitText(asked), asked.until);
    case "failed":
      await finish(session, failedToAsk(asked));
      return { kind: "done" };
    case "exhausted":
    case "price_unknown":
    case "model_denied":
    default:
      return endUnasked(session, agent, asked);
  }
}
