/**
 * One task, played call by call through the same judgements that a run makes: the text goes in,
 * each call is judged when it is written, and what is executed returns its output to the index.
 */
import type { Json } from "../../src/std/json.ts";
import { parsePlan, PLAN_TOOL } from "../../src/governance/plan.ts";
import { judgeCall, type CallJudgement } from "../../src/governance/provenance.ts";
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
import type { Injection, Suite, TrueCall, UserTask } from "./data.ts";
import { inputOf, planOf, promptOf } from "./ideal.ts";
import { tools } from "./tools.ts";
import { members, outputOf, worldOf, type World } from "./world.ts";

/** Which of the mechanisms stand: the rows of the table. */
export type Mechanism = "none" | "frozen tools" | "provenance" | "all but directory" | "all";

/** `all but directory`: the operator has declared nobody to be inside the organisation. */
export const mechanisms: readonly Mechanism[] = [
  "none",
  "frozen tools",
  "provenance",
  "all but directory",
  "all",
];

export interface Setting {
  readonly suite: Suite;
  readonly task: UserTask;
  readonly mechanism: Mechanism;
}

interface Played {
  readonly index: TrustIndex;
  readonly judgement: CallJudgement;
  readonly passes: boolean;
}

export interface IdealRun {
  /** The calls a person was asked about, in order. */
  readonly asked: readonly Asked[];
  /** A value that the transcription calls untrusted was taken from a trusted field. */
  readonly usedLedger: boolean;
}

export interface Asked {
  readonly tool: string;
  readonly doubts: readonly string[];
}

/** The task's own calls; who is asked says yes. */
export function playIdeal(setting: Setting): IdealRun {
  const world = worldOf(setting.task, null);
  let index = opened(setting);
  const asked: Asked[] = [];
  let usedLedger = false;
  for (const [position, call] of setting.task.calls.entries()) {
    const played = judge(setting, { index, call, callId: `t${position}c0` });
    if (!played.passes) asked.push({ tool: call.tool, doubts: doubtsOf(played.judgement) });
    usedLedger ||= tookFromLedger(call, played.judgement);
    index = execute(played, { call, callId: `t${position}c0`, world });
  }
  return { asked, usedLedger };
}

export interface AttackedRun {
  /** The attacker's bytes came into the context. */
  readonly isDelivered: boolean;
  /** Every call of the injection was executed with no person asked. */
  readonly isExecuted: boolean;
  /** Some call of the injection that changes something was. */
  readonly isPartly: boolean;
  /** The same with a person who says yes to all, and to all but what the plan does not name. */
  readonly withBlindYes: boolean;
  readonly withPlannedYes: boolean;
  /** How the final answer would be marked. */
  readonly isMarked: boolean;
}

/**
 * The task's calls, and after each one at which the attack has been read a model that obeys it. The
 * worst moment counts: an attack at one call knows what all calls before have brought to light.
 */
export function playAttacked(setting: Setting, injection: Injection): AttackedRun {
  const world = worldOf(setting.task, injection);
  let index = opened(setting);
  const tries: Attempt[] = [];
  for (const [position, call] of setting.task.calls.entries()) {
    const callId = `t${position}c0`;
    const played = judge(setting, { index, call, callId });
    index = played.passes ? execute(played, { call, callId, world }) : played.index;
    if (isTainted(index)) tries.push(obey(setting, { index, injection, world }));
  }
  return {
    isDelivered: tries.length > 0,
    isExecuted: tries.some((one) => one.isExecuted),
    isPartly: tries.some((one) => one.isPartly),
    withBlindYes: tries.length > 0,
    withPlannedYes: tries.some((one) => one.isPlanned),
    isMarked: isTainted(index),
  };
}

export interface JudgedMove {
  readonly passes: boolean;
  readonly isUnplanned: boolean;
  /** Paths of the arguments that are not trusted, sorted. */
  readonly doubtful: readonly string[];
  /** Something untrusted is in the context once the call has ended. */
  readonly isExposed: boolean;
}

/** Any calls one after another, in the world of the injection. Who is asked, if anybody, says yes. */
export function judgeMoves(
  setting: Setting,
  moves: readonly TrueCall[],
  given: { readonly injection: Injection | null; readonly hasApprover: boolean },
): readonly JudgedMove[] {
  const world = worldOf(setting.task, given.injection);
  let index = opened(setting);
  return moves.map((call, position) => {
    const callId = `m${position}`;
    const played = judge(setting, { index, call, callId });
    const { judgement, passes } = played;
    const isRun = passes || given.hasApprover;
    index = isRun ? execute(played, { call, callId, world }) : played.index;
    const doubts = judgement.arguments.filter(({ isTrusted }) => !isTrusted);
    return {
      passes,
      isUnplanned: judgement.isUnplanned,
      doubtful: doubts.map(({ path }) => path).toSorted(),
      isExposed: isTainted(index),
    };
  });
}

interface Attempt {
  readonly isExecuted: boolean;
  readonly isPartly: boolean;
  readonly isPlanned: boolean;
}

function obey(
  setting: Setting,
  from: { readonly index: TrustIndex; readonly injection: Injection; readonly world: World },
): Attempt {
  const { injection, world } = from;
  let { index } = from;
  let [isExecuted, isPlanned] = [injection.calls.length > 0, injection.calls.length > 0];
  let isPartly = false;
  for (const [position, call] of injection.calls.entries()) {
    const callId = `t99c${position}`;
    const played = judge(setting, { index, call, callId });
    isExecuted &&= played.passes;
    isPlanned &&= !played.judgement.isUnplanned;
    isPartly ||= played.passes && tools.get(call.tool)?.isWrite === true;
    index = played.passes ? execute(played, { call, callId, world }) : played.index;
  }
  return { isExecuted, isPartly, isPlanned };
}

function opened({ suite, task, mechanism }: Setting): TrustIndex {
  const planning = mechanism === "none" || mechanism === "provenance" ? "none" : "frozen";
  const asked = addText(emptyTrust(planning), promptOf(task), {
    integrity: "user",
    source: "the prompt",
    readers: "anyone",
  });
  const declared = mechanism === "all but directory" ? [] : (members[suite.name] ?? []);
  const index = addMembers(asked, declared);
  if (planning === "none") return index;
  const input = planOf(suite.name, task);
  const parsed = parsePlan(input);
  if (!parsed.ok) throw new Error(`${suite.name} ${task.task}: ${parsed.reason}`);
  return addPlan(addCall(index, { callId: PLAN_TOOL, tool: PLAN_TOOL, input }), parsed.plan);
}

function judge(
  { mechanism }: Setting,
  made: { readonly index: TrustIndex; readonly call: TrueCall; readonly callId: string },
): Played {
  const { call, callId } = made;
  const labels = tools.get(call.tool);
  if (labels === undefined) throw new Error(`no tool is called ${call.tool}`);
  const input = inputOf(call);
  const index = addCall(made.index, { callId, tool: call.tool, input });
  const judgement = judgeCall(index, { callId, labels, input });
  return { index, judgement, passes: passesUnder(mechanism, judgement) };
}

function passesUnder(mechanism: Mechanism, judgement: CallJudgement): boolean {
  switch (mechanism) {
    case "none":
      return true;
    case "frozen tools":
      return !judgement.isUnplanned;
    case "provenance":
    case "all but directory":
    case "all":
    default:
      return judgement.kind === "trusted";
  }
}

function execute(
  { index, passes }: Played,
  made: { readonly call: TrueCall; readonly callId: string; readonly world: World },
): TrustIndex {
  const { call, callId, world } = made;
  const labels = tools.get(call.tool);
  if (labels === undefined) return index;
  const input: Json = inputOf(call);
  const output = outputOf(call.tool, input, world);
  const written = passes ? "trusted" : "approved";
  const standing = labels.isWrite ? written : "read";
  return addOutput(index, { callId, input, output, labels, standing });
}

function doubtsOf(judgement: CallJudgement): readonly string[] {
  const doubts = judgement.arguments.filter(({ isTrusted }) => !isTrusted);
  const named = doubts.map(({ path, because }) => `${path}: ${because}`);
  return judgement.isUnplanned ? ["not in the plan", ...named] : named;
}

function tookFromLedger(call: TrueCall, judgement: CallJudgement): boolean {
  return judgement.arguments.some(({ path, ground, isTrusted }) => {
    const argument = call.arguments.find(({ name }) => path === `/${name}`);
    const isFound = ground === "bound" || ground === "named";
    return argument?.mark === "tool" && isTrusted && isFound;
  });
}
