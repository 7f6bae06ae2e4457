/** One run of a world under one set of strangers' bytes, judged call by call. */
import { canonicalJson } from "../../src/std/json.ts";
import { leavesOf } from "../../src/governance/field-path.ts";
import { PLAN_TOOL } from "../../src/governance/plan.ts";
import { judgeCall } from "../../src/governance/provenance.ts";
import { isTrusted } from "../../src/governance/label.ts";
import {
  kindOfArgument,
  labelOfField,
  type PreparedLabels,
} from "../../src/governance/tool-labels.ts";
import {
  addCall,
  addMembers,
  addOutput,
  addPlan,
  addText,
  emptyTrust,
  isTainted,
  type TrustIndex,
} from "../../src/governance/trust.ts";
import { orderedCalls, orderedPlan, plannedCall, readPlan, type MadeCall } from "./model.ts";
import { outputOf, type Bytes, type World } from "./world.ts";

export interface Rules {
  /** False: every call is executed, as if nothing had a label. */
  readonly isJudged: boolean;
  readonly planning: "frozen" | "none";
  /** False: the model does nothing but its plan. */
  readonly obeysStrangers: boolean;
}

export interface TracedCall extends MadeCall {
  readonly passes: boolean;
  /** Written when strangers had been heard. */
  readonly isExposed: boolean;
}

export interface Trace {
  readonly calls: readonly TracedCall[];
  /** The executed calls with their sensitive values, texts left out: what must not vary. */
  readonly executed: ReadonlySet<string>;
  readonly isExposed: boolean;
}

/** Plays the plan, and after each step what strangers order: another plan first, then calls. */
export function play(world: World, bytes: Bytes, rules: Rules): Trace {
  const { input, plan } = readPlan(world);
  let state = opened(world, rules);
  if (rules.planning === "frozen") {
    const said = addCall(state.index, { callId: PLAN_TOOL, tool: PLAN_TOOL, input });
    state = { ...state, index: addPlan(said, plan) };
  }
  for (const [position, planned] of world.steps.entries()) {
    state = make(state, plannedCall(world, { planned, plan, position }, state.index), bytes);
    if (!rules.obeysStrangers || !isTainted(state.index)) continue;
    state = { ...state, index: addPlan(state.index, orderedPlan(world, state.heard)) };
    for (const call of orderedCalls(world, state.heard)) state = make(state, call, bytes);
  }
  return traceOf(state);
}

/** The very same calls again under other bytes: what may be done is asked, not what is. */
export function replay(
  world: World,
  bytes: Bytes,
  given: Trace & { readonly rules: Rules },
): Trace {
  const { input, plan } = readPlan(world);
  let state = opened(world, given.rules);
  if (given.rules.planning === "frozen") {
    const said = addCall(state.index, { callId: PLAN_TOOL, tool: PLAN_TOOL, input });
    state = { ...state, index: addPlan(said, plan) };
  }
  for (const call of given.calls) state = make(state, call, bytes);
  return traceOf(state);
}

interface State {
  readonly world: World;
  readonly rules: Rules;
  readonly index: TrustIndex;
  /** Everything that strangers have said so far. */
  readonly heard: string;
  readonly calls: readonly TracedCall[];
}

function opened(world: World, rules: Rules): State {
  const asked = addText(emptyTrust(rules.planning), world.prompt, {
    integrity: "user",
    source: "prompt",
    readers: "anyone",
  });
  return { world, rules, index: addMembers(asked, world.members), heard: "", calls: [] };
}

function make(state: State, call: MadeCall, bytes: Bytes): State {
  const { world, rules } = state;
  const labels = labelsOf(world, call.tool);
  const callId = `c${state.calls.length}`;
  const { input } = call;
  const written = addCall(state.index, { callId, tool: call.tool, input });
  const passes =
    !rules.isJudged || judgeCall(written, { callId, labels, input }).kind === "trusted";
  const calls = [...state.calls, { ...call, passes, isExposed: isTainted(state.index) }];
  if (!passes) return { ...state, index: written, calls };
  const output = outputOf(world, call, bytes);
  const standing = labels.isWrite ? "trusted" : "read";
  const index = addOutput(written, { callId, input, output, labels, standing });
  let { heard } = state;
  for (const { path, value } of leavesOf(output)) {
    const isStrange = !isTrusted(labelOfField(labels, path).integrity);
    if (isStrange && typeof value === "string") heard += ` ${value}`;
  }
  return { ...state, index, heard, calls };
}

function traceOf({ world, calls, index }: State): Trace {
  const executed = new Set<string>();
  for (const call of calls) if (call.passes) addExecuted(executed, world, call);
  return { calls, executed, isExposed: isTainted(index) };
}

function addExecuted(executed: Set<string>, world: World, { tool, input }: MadeCall): void {
  const labels = labelsOf(world, tool);
  if (!labels.isWrite) return;
  const privileged = Object.entries(input).filter(
    ([name]) => kindOfArgument(labels, [name]) !== "content",
  );
  executed.add(`${tool} ${canonicalJson(Object.fromEntries(privileged))}`);
}

/** The sensitive values of a call as text, without texts that may be made up. */
export function privilegedValues(world: World, { tool, input }: MadeCall): readonly string[] {
  const labels = labelsOf(world, tool);
  return [...leavesOf(input)].flatMap(({ path, value }) => {
    const kind = kindOfArgument(labels, path);
    if (kind === null || kind === "content") return [];
    return [typeof value === "string" ? value : JSON.stringify(value)];
  });
}

function labelsOf(world: World, tool: string): PreparedLabels {
  const known = world.writes.get(tool) ?? world.reads.get(tool);
  if (known === undefined) throw new Error(`no tool is called ${tool}`);
  return known.labels;
}
