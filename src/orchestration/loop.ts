/**
 * The agent loop: performs what `decideNext` commands and appends what came back.
 *
 * L1 Every pass starts from the folded journal; nothing is remembered beside it that a crash
 *    would lose and the run would miss.
 * L2 The answer is durable before anything acts on it (`runCalls` commits it with the claims).
 * L3 The loop ends in exactly one of: finished, parked, given back, lost.
 */
import type { DecisionPoint } from "../governance/decide.ts";
import type { Delta } from "../generation/model.ts";
import type { ModelRetry } from "../generation/retry.ts";
import { requireRun } from "../journal/read-run.ts";
import { messageText } from "../journal/message.ts";
import type { Reason } from "../journal/outcome.ts";
import type { RunState } from "../journal/run.ts";
import type { Agent, StepView } from "./agent.ts";
import { runCalls } from "./call.ts";
import type { CallOptions } from "./call-prepare.ts";
import { decideNext, type Command } from "./decide.ts";
import type { Advance } from "./engine.ts";
import { takeMail } from "./mail.ts";
import type { Program } from "./program.ts";
import { askDoubts } from "./recovery.ts";
import { isLimit, type Session } from "./session.ts";
import type { Slots } from "./slots.ts";
import { askModel, type TurnOptions } from "./turn.ts";

export interface LoopOptions {
  readonly decide: DecisionPoint;
  readonly slots: Slots;
  readonly retry?: ModelRetry;
  readonly onDelta?: (runId: string, delta: Delta) => void;
}

/** An agent as a program. */
export function agentProgram(agent: Agent, options: LoopOptions): Program {
  return { name: agent.name, advance: (session) => runLoop(session, agent, options) };
}

async function runLoop(session: Session, agent: Agent, options: LoopOptions): Promise<Advance> {
  const input = session.state.created?.input ?? null;
  const model = await agent.modelFor({ runId: session.fence.runId, input });
  const { retry, onDelta, decide, slots } = options;
  const turnOptions: TurnOptions = {
    model,
    ...(retry === undefined ? {} : { retry }),
    ...(onDelta === undefined ? {} : { onDelta }),
  };
  const callOptions: CallOptions = { agent, decide, slots };
  for (;;) {
    try {
      const ended = await step(session, callOptions, turnOptions);
      if (ended !== null) return ended;
    } catch (thrown) {
      if (!isLimit(thrown)) throw thrown;
      await endAtLimit(session, thrown.code, thrown.message);
      return { kind: "done" };
    }
  }
}

/** One command. An `Advance` when the loop is to end with it. */
async function step(
  session: Session,
  callOptions: CallOptions,
  turnOptions: TurnOptions,
): Promise<Advance | null> {
  const { agent } = callOptions;
  await takeMail(session);
  const { now, stopReached } = await facts(session, agent);
  const { isDraining: draining, doubtsAsked } = session;
  const command = decideNext(session.state, { now, stopReached, draining, doubtsAsked });
  switch (command.kind) {
    case "done":
      return { kind: "done" };
    case "act":
      await runCalls(session, callOptions);
      return session.hardAbort.signal.aborted ? { kind: "idle" } : null;
    case "ask":
      return ask(session, agent, turnOptions);
    case "nudge":
      session.push({
        kind: "message.added",
        from: "harness",
        text: "Your last answer was empty. Call a tool, or say in words what you did and stop.",
      });
      return null;
    case "ask_doubts":
      session.doubtsAsked = true;
      await askDoubts(session, callOptions);
      return null;
    case "park":
      return park(session, command.waitingFor);
    case "yield":
      await session.flush();
      return { kind: "idle" };
    case "finish":
      await finish(session, command);
      return { kind: "done" };
    default:
      return null;
  }
}

async function facts(
  session: Session,
  agent: Agent,
): Promise<{ readonly now: number; readonly stopReached: boolean }> {
  const now = session.clock.now();
  const { state } = session;
  const isAfterTurn = state.turn > 0 && state.calls.length === 0;
  if (agent.stopWhen.length === 0 || !isAfterTurn) return { now, stopReached: false };
  const view = { steps: stepsOf(state), receipts: state.receipts.toArray(), usage: state.usage };
  for (const condition of agent.stopWhen) {
    if (await condition(view)) return { now, stopReached: true };
  }
  return { now, stopReached: false };
}

function stepsOf(state: RunState): StepView[] {
  const steps: StepView[] = [];
  for (const message of state.messages) {
    if (message.role !== "assistant") continue;
    const toolCalls = message.content.flatMap((part) =>
      part.type === "tool-call" ? [{ toolName: part.toolName, input: part.input }] : [],
    );
    steps.push({ text: messageText(message), toolCalls });
  }
  return steps;
}

async function ask(
  session: Session,
  agent: Agent,
  turnOptions: TurnOptions,
): Promise<Advance | null> {
  const generated = await askModel(session, agent, turnOptions);
  if (generated.kind === "answered") return null;
  const { fault, attempts } = generated;
  if (session.hardAbort.signal.aborted) return { kind: "idle" };
  // A cancel stops the model call; the mail that asked for it is taken on the next pass.
  if (fault.kind === "aborted")
    return session.hasMail || session.state.cancel ? null : yieldRun(session);
  const status = fault.status === undefined ? "" : ` (HTTP ${fault.status})`;
  await finish(session, {
    outcome: "failed_recoverable",
    reason: {
      code: "model_failed",
      message: `The model could not be asked after ${attempts} attempts${status}: ${fault.message}`,
      hint: "Check the provider, the key and the address; then start the work again.",
    },
    text: null,
  });
  return { kind: "done" };
}

async function yieldRun(session: Session): Promise<Advance> {
  await session.flush();
  return { kind: "idle" };
}

async function park(session: Session, waitingFor: string): Promise<Advance> {
  const { created, createdAt, inboxSeen } = session.state;
  const wakeAt = createdAt + (created?.limits.wallMs ?? 0);
  session.push({ kind: "run.parked", waitingFor, wakeAt });
  const status = await session.settle({ status: "parked", wakeAt, inboxSeen });
  return status === "parked" ? { kind: "idle" } : { kind: "at", atMs: session.clock.now() };
}

async function finish(
  session: Session,
  end: Omit<Extract<Command, { kind: "finish" }>, "kind">,
): Promise<void> {
  const { outcome, reason, text } = end;
  const inDoubt = session.state.doubts.map(({ callId, tool, input, idempotencyKey, why }) => {
    return { callId, idempotencyKey, input, tool, why };
  });
  session.push({ kind: "run.finished", inDoubt, outcome, reason, text });
  await session.settle({ status: "finished", outcome });
}

/** The journal took no more: what was not written is forgotten, and the run ends in order. */
async function endAtLimit(session: Session, code: string, message: string): Promise<void> {
  session.rewind(await requireRun(session.store, session.fence.runId));
  const reason: Reason = {
    code: code === "events_limit" ? "limit_events" : "limit_event_size",
    message,
    hint: "Split the work into several runs, or raise the store's limits.",
  };
  await finish(session, { outcome: "failed_recoverable", reason, text: null });
}
