/**
 * What a run knows about where values come from, kept along with its events. It follows from the
 * journal and the tools' labels alone; a worker that takes a run over reads it anew.
 */
import { resolveHandles, type ResolvedInput } from "../governance/handle.ts";
import { parsePlan, PLAN_TOOL } from "../governance/plan.ts";
import { judgeCall, type CallJudgement } from "../governance/provenance.ts";
import { prepareLabels, type PreparedLabels } from "../governance/tool-labels.ts";
import {
  addCall,
  addMembers,
  addOutput,
  addPlan,
  addText,
  emptyTrust,
  isTainted,
  type TrustIndex,
} from "../governance/trust.ts";
import type { EventBody } from "../journal/event.ts";
import { dispatchable, foldEvent } from "../journal/fold.ts";
import { readEvents } from "../journal/read-run.ts";
import { callIdOf, emptyRun, type RunState } from "../journal/run.ts";
import type { Json } from "../std/json.ts";
import { sensitiveOf } from "../tools/governed.ts";
import type { Tool } from "../tools/tool.ts";
import type { Agent } from "./agent.ts";
import type { Checked } from "./call-checked.ts";
import type { Session } from "./session.ts";

export interface LabelOptions {
  /** `frozen`: the model writes a plan before it reads anything untrusted, and keeps to it. */
  readonly plan?: "frozen";
  /** Destinations inside the organisation: exact names, or `*@domain`. */
  readonly members?: readonly string[];
}

export interface Trust {
  isTainted(): boolean;
  judge(checked: Checked): CallJudgement;
  resolve(input: Json): ResolvedInput;
}

/** Null for an agent that declares nothing about where values come from. */
export async function openTrust(session: Session, agent: Agent): Promise<Trust | null> {
  const labels = labelsOf(agent);
  if (labels === null) return null;
  const { labels: options } = agent.definition;
  let index = addText(
    emptyTrust(options?.plan === "frozen" ? "frozen" : "none"),
    agent.definition.instructions,
    {
      integrity: "operator",
      source: "instructions",
      readers: "anyone",
    },
  );
  index = addMembers(index, options?.members ?? []);
  const note = (event: EventBody, before: RunState): void => {
    index = noteEvent(index, event, { before, labels });
  };
  await replay(session, note);
  session.observe = note;
  session.taintedBy = () => index.exposure?.tool ?? null;
  return {
    isTainted: () => isTainted(index),
    resolve: (input) => resolveHandles(index, input),
    judge: ({ call, tool, input }) => {
      const own = labels.get(tool.name);
      const { callId } = call;
      if (own === undefined) return { kind: "trusted", arguments: [], isUnplanned: false };
      return judgeCall(index, { callId, labels: own, input });
    },
  };
}

/** What the journal holds already, and what is pushed and not yet written. */
async function replay(
  session: Session,
  note: (event: EventBody, before: RunState) => void,
): Promise<void> {
  const { runId } = session.fence;
  let state = emptyRun(runId);
  for (const event of await readEvents(session.store, runId)) {
    note(event, state);
    state = foldEvent(state, event);
  }
}

const cache = new WeakMap<Agent, ReadonlyMap<string, PreparedLabels> | null>();

/**
 * The labels of every tool, made once. In an agent that says nothing of labels itself, a tool that
 * declares none has no sensitive arguments; in one that does, all of a write's are.
 */
export function labelsOf(agent: Agent): ReadonlyMap<string, PreparedLabels> | null {
  const known = cache.get(agent);
  if (known !== undefined) return known;
  const tools = [...agent.tools.values()];
  const isStrict = agent.definition.labels !== undefined;
  const isWanted = isStrict || tools.some(declares);
  const made = isWanted
    ? new Map(tools.map((tool) => [tool.name, prepared(tool, isStrict)]))
    : null;
  cache.set(agent, made);
  return made;
}

function declares({ definition }: Tool): boolean {
  return definition.sensitive !== undefined || definition.labels !== undefined;
}

function prepared(tool: Tool, isStrict: boolean): PreparedLabels {
  const { definition, name, effect } = tool;
  const isWrite = effect.class !== "read";
  const isSaid = definition.sensitive !== undefined || !isStrict || name === PLAN_TOOL;
  return prepareLabels(
    { name, isWrite },
    {
      ...(definition.labels === undefined ? {} : { output: definition.labels }),
      ...(isSaid ? { sensitive: sensitiveOf(definition) } : {}),
    },
  );
}

/** Rules whose reasons may hold text that came from outside. */
const QUOTING: ReadonlySet<string> = new Set([
  "resource/unknown",
  "policy/error",
  "decision.error",
]);

interface Seen {
  readonly before: RunState;
  readonly labels: ReadonlyMap<string, PreparedLabels>;
}

function noteEvent(index: TrustIndex, event: EventBody, seen: Seen): TrustIndex {
  switch (event.kind) {
    case "run.created":
      return addText(index, event.prompt, user("prompt"));
    case "message.added":
      return event.from === "person" ? addText(index, event.text, user("person")) : index;
    case "model.answered":
      return dispatchable(event.content).reduce((next, part, position) => {
        const callId = callIdOf(event.turn, position);
        return addCall(next, { callId, tool: part.toolName, input: part.input });
      }, index);
    case "call.completed":
      return noteOutput(index, event, seen);
    case "call.refused": {
      // A reason that quotes the outside world brings its bytes in.
      const isQuoted = (event.rules ?? []).some((rule) => QUOTING.has(rule));
      return isQuoted ? addText(index, event.observation, untrusted("a look-up")) : index;
    }
    case "approval.settled":
      return event.input === undefined
        ? index
        : addText(index, JSON.stringify(event.input), user("person"));
    case "call.failed":
      return addText(index, event.observation, untrusted(toolOf(seen.before, event.callId)));
    case "call.in_doubt":
      return addText(index, event.why, untrusted(toolOf(seen.before, event.callId)));
    case "call.resolved": {
      const doubt = seen.before.doubts.find(({ callId }) => callId === event.callId);
      if (doubt === undefined || !event.happened) return index;
      const { callId, input, tool } = doubt;
      return added(index, { callId, input, output: event.output ?? null, tool }, seen);
    }
    default:
      return index;
  }
}

function noteOutput(
  index: TrustIndex,
  event: Extract<EventBody, { kind: "call.completed" }>,
  seen: Seen,
): TrustIndex {
  const { callId, output } = event;
  const call = seen.before.calls.find((open) => open.callId === callId);
  if (call === undefined) return index;
  const input = call.claim?.input ?? call.input;
  if (call.tool !== PLAN_TOOL)
    return added(index, { callId, input, output, tool: call.tool }, seen);
  const parsed = parsePlan(input);
  return parsed.ok ? addPlan(index, parsed.plan) : index;
}

interface Done {
  readonly callId: string;
  readonly input: Json;
  readonly output: Json;
  readonly tool: string;
}

function added(index: TrustIndex, done: Done, { before, labels }: Seen): TrustIndex {
  const { callId, input, output, tool } = done;
  // A tool that is gone vouches for nothing.
  const own = labels.get(tool) ?? prepareLabels({ name: tool, isWrite: false });
  const isApproved = before.approvals.some(
    (approval) => approval.callId === callId && approval.decision === "approved",
  );
  const standing = !own.isWrite ? "read" : isApproved ? "approved" : "trusted";
  return addOutput(index, { callId, input, output, labels: own, standing });
}

function toolOf(state: RunState, callId: string): string {
  return state.calls.find((open) => open.callId === callId)?.tool ?? "a tool";
}

function user(source: string): Parameters<typeof addText>[2] {
  return { integrity: "user", source, readers: "anyone" };
}

function untrusted(source: string): Parameters<typeof addText>[2] {
  return { integrity: "untrusted", source, readers: "anyone" };
}
