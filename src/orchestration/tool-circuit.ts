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

function circuitOf({ name, definition }: Tool): ToolCircuit | null {
  const { breaker = {} } = definition;
  if (breaker === false) return null;
  const { failuresMax = defaultBreaker.failuresMax, openMs = defaultBreaker.openMs } = breaker;
  const openMaxMs = Math.max(openMs, defaultBreaker.openMaxMs);
  return {
    scope: `tool/${breaker.name ?? name}`,
    settings: { ...defaultBreaker, failuresMax, openMs, openMaxMs },
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

/** Why the tool may not be touched now; null when it may, as far as anybody knows. */
export async function whyClosedOff(
  session: Session,
  tool: Tool,
  circuits: Circuits,
): Promise<string | null> {
  const circuit = toolCircuit(tool);
  if (circuit === null || circuits.isQuiet(circuit.scope)) return null;
  await circuits.look(circuit.scope);
  const off = circuits.closedOff(circuit.scope);
  return off === null ? null : reasonOf(session, off.until);
}

/** Comes in, as the probe when it is time for one. Null: the call may run. */
export async function enterTool(
  session: Session,
  given: { readonly tool: Tool; readonly callId: string },
  circuits: Circuits,
): Promise<string | null> {
  const circuit = toolCircuit(given.tool);
  if (circuit === null || circuits.isQuiet(circuit.scope)) return null;
  const holder = `${session.fence.runId}/${given.callId}`;
  const admission = await circuits.enter(circuit.scope, holder, circuit.settings);
  return admission.kind === "go" ? null : reasonOf(session, admission.until);
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
  given: { readonly tool: Tool; readonly callId: string },
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
  tool: Tool,
  executed: Executed,
  { circuits, slots }: { readonly circuits: Circuits; readonly slots: Slots },
): Promise<void> | undefined {
  const circuit = toolCircuit(tool);
  if (circuit === null) return undefined;
  if (executed.kind === "threw" && executed.isTransient) {
    slots.narrow(tool);
    return circuits.failed(circuit.scope, executed.message, circuit.settings);
  }
  slots.widen(tool);
  return circuits.isQuiet(circuit.scope) ? undefined : circuits.succeeded(circuit.scope);
}

/** Nothing is to be told of any tool. */
export function areToolsQuiet({ state }: Session, { tools }: Agent, circuits: Circuits): boolean {
  if (state.withheld.length > 0) return false;
  for (const tool of tools.values()) if (!isToolQuiet(tool, circuits)) return false;
  return true;
}

/** Tells the model which tools it cannot have now, when that has changed. */
export async function announceTools(
  session: Session,
  agent: Agent,
  circuits: Circuits,
): Promise<void> {
  const { withheld } = session.state;
  const closed: string[] = [];
  for (const tool of agent.tools.values()) {
    const circuit = toolCircuit(tool);
    if (circuit === null) continue;
    const { openUntil, restUntil } = await circuits.look(circuit.scope);
    if (Math.max(openUntil, restUntil) > session.clock.now()) closed.push(tool.name);
  }
  const gone = closed.filter((name) => !withheld.includes(name));
  const back = withheld.filter((name) => !closed.includes(name));
  if (gone.length === 0 && back.length === 0) return;
  session.push({ kind: "tools.withheld", text: toldOf(gone, back), tools: closed });
}

function toldOf(gone: readonly string[], back: readonly string[]): string {
  const lost =
    `Out of service for now, and not offered to you: ${gone.join(", ")}. The service failed ` +
    "several times in a row. Do what can be done without it; tell truthfully what could not be.";
  const regained = `Offered to you again: ${back.join(", ")}.`;
  return [...(gone.length === 0 ? [] : [lost]), ...(back.length === 0 ? [] : [regained])].join(" ");
}
