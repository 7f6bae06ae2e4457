/**
 * Breakers of tools: a dependency that is down is not asked by every run until each has found out
 * for itself, and the model is told what it cannot have, and when it is back.
 *
 * O9 A call whose breaker is open is refused without touching the tool, whatever led to it: a
 *    first try, a retry, an approval, a resume.
 * O10 Only what says that the dependency is down counts as its failure: a network error, a
 *    timeout, a `ToolError` that is transient. An answer that says no is an answer.
 */
import { defaultBreaker, type BreakerSettings } from "../generation/breaker.ts";
import { redactKeys } from "../generation/fault/redact.ts";
import { formatDuration } from "../std/duration.ts";
import type { Tool } from "../tools/tool.ts";
import type { Agent } from "./agent.ts";
import type { Executed } from "./call-execute.ts";
import type { Circuits } from "./circuits.ts";
import type { Session } from "./session.ts";
import type { Slots } from "./slots.ts";

export interface ToolCircuit {
  readonly scope: string;
  readonly settings: BreakerSettings;
}

const circuitsOf = new WeakMap<Tool, ToolCircuit | null>();

/** Null: its author switched the breaker off. */
export function toolCircuit(tool: Tool): ToolCircuit | null {
  const known = circuitsOf.get(tool);
  if (known !== undefined) return known;
  const made = circuitOf(tool);
  circuitsOf.set(tool, made);
  return made;
}

function circuitOf({ name, definition, timeoutMs }: Tool): ToolCircuit | null {
  const { breaker = {} } = definition;
  if (breaker === false) return null;
  const { failuresMax = defaultBreaker.failuresMax, openMs = defaultBreaker.openMs } = breaker;
  const openMaxMs = Math.max(openMs, defaultBreaker.openMaxMs);
  // A probe may take as long as a call may.
  const probeMs = breaker.probeMs ?? Math.max(defaultBreaker.probeMs, timeoutMs);
  return {
    scope: `tool/${breaker.name ?? name}`,
    settings: { failuresMax, openMs, openMaxMs, probeMs },
  };
}

/** Nothing is known against the tool. */
export function isToolQuiet(tool: Tool, circuits: Circuits): boolean {
  const circuit = toolCircuit(tool);
  return circuit === null || circuits.isQuiet(circuit.scope);
}

/** The same, after a look at the store where what is known here is old. */
export async function isToolQuietNow(tool: Tool, circuits: Circuits): Promise<boolean> {
  const circuit = toolCircuit(tool);
  if (circuit === null) return true;
  await circuits.look(circuit.scope);
  return circuits.isQuiet(circuit.scope);
}

/** Why the call may not touch the tool now; null when it may, as far as anybody knows. */
export async function whyClosedOff(
  session: Session,
  given: ToolCall,
  circuits: Circuits,
): Promise<string | null> {
  const circuit = toolCircuit(given.tool);
  if (circuit === null || circuits.isQuiet(circuit.scope)) return null;
  await circuits.look(circuit.scope);
  // A call that has waited for its service may be the probe already.
  const off = circuits.closedOff(circuit.scope, circuit.settings, holderOf(session, given));
  return off === null ? null : reasonOf(session, off.until);
}

/** Comes in, as the probe when it is time for one. Null: the call may run. */
export async function enterTool(
  session: Session,
  given: ToolCall,
  circuits: Circuits,
): Promise<string | null> {
  const circuit = toolCircuit(given.tool);
  if (circuit === null || circuits.isQuiet(circuit.scope)) return null;
  const holder = holderOf(session, given);
  const admission = await circuits.enter(circuit.scope, holder, circuit.settings);
  return admission.kind === "go" ? null : reasonOf(session, admission.until);
}

/** The call that came in does not run after all: who probes is somebody else's turn. */
export async function leaveTool(
  session: Session,
  given: ToolCall,
  circuits: Circuits,
): Promise<void> {
  const circuit = toolCircuit(given.tool);
  if (circuit === null || circuits.isQuiet(circuit.scope)) return;
  await circuits.left(circuit.scope, holderOf(session, given));
}

export interface ToolCall {
  readonly tool: Tool;
  readonly callId: string;
}

/** Who probes: one call, whichever worker runs it. */
function holderOf({ fence }: Session, { callId }: ToolCall): string {
  return `${fence.runId}/${callId}`;
}

/** How long a call that may have had its effect waits for its service to come back, ms. */
const COME_BACK_MS = 30_000;

/** How often it is looked whether a probe has ended, ms. */
const LOOK_MS = 250;

/**
 * Waits until the tool may be touched again, for a call that would else be left in doubt: under
 * the same key it can still be brought to its end. Resolves after `COME_BACK_MS` in any case.
 */
export async function awaitTool(
  session: Session,
  given: ToolCall,
  circuits: Circuits,
): Promise<void> {
  const until = Math.min(session.clock.now() + COME_BACK_MS, session.wallEnd);
  for (;;) {
    const closed = await enterTool(session, given, circuits);
    const now = session.clock.now();
    if (closed === null || now >= until || session.hardAbort.aborted) return;
    if (session.isDraining) return;
    await session.clock.sleep(LOOK_MS, session.hardAbort.signal).catch(() => undefined);
  }
}

/** In the harness's own words: what the tool's errors said is not repeated here. */
function reasonOf(session: Session, until: number): string {
  const ms = Math.max(1_000, until - session.clock.now());
  const again = formatDuration(ms);
  return `the service behind it failed several times in a row; it is tried again in ${again}`;
}

/** Tells everybody what came of a call. Undefined when there is nothing to wait for. */
export function noteCall(
  session: Session,
  given: ToolCall & { readonly executed: Executed },
  { circuits, slots }: { readonly circuits: Circuits; readonly slots: Slots },
): Promise<void> | undefined {
  const { tool, executed } = given;
  const circuit = toolCircuit(tool);
  if (circuit === null) return undefined;
  const { scope, settings } = circuit;
  if (executed.kind === "threw" && executed.isTransient) {
    slots.narrow(tool);
    // The row is everybody's, and what a tool's error says is nobody's to vouch for.
    const reason = redactKeys(executed.message);
    return circuits.failed(scope, { holder: holderOf(session, given), reason, settings });
  }
  slots.widen(tool);
  return circuits.isQuiet(scope) ? undefined : circuits.succeeded(scope);
}

/** Nothing is to be told of any tool. */
export function areToolsQuiet({ state }: Session, { tools }: Agent, circuits: Circuits): boolean {
  if (state.withheld.length > 0) return false;
  for (const tool of tools.values()) if (!isToolQuiet(tool, circuits)) return false;
  return true;
}

/**
 * So often a run is told that its tools come and go. After that all are offered to it for good: a
 * call of one that is out of service is still refused, with the reason.
 */
const ANNOUNCED_MAX = 20;

/** Tells the model which tools it cannot have now, when that has changed. */
export async function announceTools(
  session: Session,
  agent: Agent,
  circuits: Circuits,
): Promise<void> {
  const { withheld, withheldChanges } = session.state;
  const closed: string[] = [];
  for (const tool of agent.tools.values()) {
    const circuit = toolCircuit(tool);
    if (circuit === null || withheldChanges >= ANNOUNCED_MAX) continue;
    const { scope, settings } = circuit;
    await circuits.look(scope);
    const off = circuits.closedOff(scope, settings);
    // While it is tried again it is offered: the next call may be the one that finds it well.
    if (off !== null && off.why !== "probing") closed.push(tool.name);
  }
  const gone = closed.filter((name) => !withheld.includes(name));
  const back = withheld.filter((name) => !closed.includes(name));
  if (gone.length === 0 && back.length === 0) return;
  const isAll = closed.length === agent.tools.size;
  session.push({ kind: "tools.withheld", text: toldOf(gone, back, isAll), tools: closed });
}

function toldOf(gone: readonly string[], back: readonly string[], isAll: boolean): string {
  // Providers refuse a conversation with calls in it that offers no tool at all.
  const how = isAll ? "no call of any tool is carried out" : "and not offered to you";
  const lost =
    `Out of service for now, ${how}: ${gone.join(", ")}. The service failed ` +
    "several times in a row. Do what can be done without it; tell truthfully what could not be.";
  const regained = `Offered to you again: ${back.join(", ")}.`;
  return [...(gone.length === 0 ? [] : [lost]), ...(back.length === 0 ? [] : [regained])].join(" ");
}
