/**
 * What a run knows about where values come from, kept along with its events. It follows from the
 * journal and the tools' labels alone; a worker that takes a run over reads it anew.
 */
import { resolveHandles, type ResolvedInput } from "../governance/handle.ts";
import { judgeCall, type CallJudgement } from "../governance/provenance.ts";
import { prepareLabels, type PreparedLabels } from "../governance/tool-labels.ts";
import {
  addMembers,
  addText,
  emptyTrust,
  isPlan,
  isTainted,
  wasWrittenClean,
  type TrustIndex,
} from "../governance/trust.ts";
import type { JournalEvent } from "../journal/event.ts";
import { foldEvent } from "../journal/fold.ts";
import { readEvents } from "../journal/read-run.ts";
import { emptyRun, type Call, type RunState } from "../journal/run.ts";
import { assert } from "../std/assert.ts";
import { sensitiveOf } from "../tools/governed.ts";
import type { Tool } from "../tools/tool.ts";
import type { Agent } from "./agent.ts";
import type { Checked } from "./call-checked.ts";
import type { Session } from "./session.ts";
import { noteEvent } from "./trust-events.ts";

export interface LabelOptions {
  /** `frozen`: the model writes a plan before it reads anything untrusted, and keeps to it. */
  readonly plan?: "frozen";
  /** Destinations inside the organisation: exact names, or `*@domain`. */
  readonly members?: readonly string[];
  /**
   * Whose words the prompt is: the `user`'s for whom the run acts (default), or those of somebody
   * else: a mail that came in, a ticket, a page. Such a run begins exposed.
   */
  readonly prompt?: "user" | "untrusted";
}

export interface Trust {
  isTainted(): boolean;
  /** A call of the built-in plan tool that was written after something untrusted was read. */
  isLatePlan(call: Call): boolean;
  judge(checked: Checked): CallJudgement;
  /** The arguments with their handles followed. A plan's references stand for themselves. */
  resolve(call: Call): ResolvedInput;
}

/** Null for an agent that declares nothing about where values come from. */
export async function openTrust(session: Session, agent: Agent): Promise<Trust | null> {
  const labels = labelsOf(agent);
  if (labels === null) return null;
  const { runId } = session.fence;
  const events = await readEvents(session.store, runId);
  let index = rebuildTrust(agent, labels, { runId, events });
  const prompt = promptBy(agent);
  session.observe = (event, before) => {
    index = noteEvent(index, event, { before, labels, prompt });
  };
  session.taintedBy = () => index.exposure?.tool ?? null;
  return {
    isTainted: () => isTainted(index),
    isLatePlan: ({ callId, tool }) => isPlan(index, tool) && !wasWrittenClean(index, callId),
    resolve: ({ tool, input }) =>
      isPlan(index, tool) ? { ok: true, input, handles: [] } : resolveHandles(index, input),
    judge: ({ call, tool, input }) => {
      const own = labels.get(tool.name);
      const { callId } = call;
      assert(own !== undefined, `${tool.name} is called and has no labels`);
      return judgeCall(index, { callId, labels: own, input });
    },
  };
}

function promptBy({ definition }: Agent): "user" | "untrusted" {
  return definition.labels?.prompt ?? "user";
}

/** What is known at the start of a run: the operator's own words. */
function firstTrust({ definition }: Agent): TrustIndex {
  const { labels: options, instructions } = definition;
  const told = addText(emptyTrust(options?.plan ?? "none"), instructions, {
    integrity: "operator",
    source: "instructions",
    readers: "anyone",
  });
  return addMembers(told, options?.members ?? []);
}

/**
 * What a run's journal says about where values come from: the same as was known when its last
 * event was written, whoever wrote it. Reads the journal from its first event: a worker does that
 * once for each hold of the run, as it does for the state.
 */
export function rebuildTrust(
  agent: Agent,
  labels: ReadonlyMap<string, PreparedLabels>,
  { runId, events }: { readonly runId: string; readonly events: readonly JournalEvent[] },
): TrustIndex {
  let index = firstTrust(agent);
  let before: RunState = emptyRun(runId);
  for (const event of events) {
    index = noteEvent(index, event, { before, labels, prompt: promptBy(agent) });
    before = foldEvent(before, event);
  }
  return index;
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
  const isSaid = definition.sensitive !== undefined || !isStrict;
  return prepareLabels(
    { name, isWrite },
    {
      ...(definition.labels === undefined ? {} : { output: definition.labels }),
      ...(isSaid ? { sensitive: sensitiveOf(definition) } : {}),
    },
  );
}
