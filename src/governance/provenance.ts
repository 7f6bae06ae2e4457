/**
 * May this call be made on the strength of where its arguments come from?
 *
 * PR1 No call with a sensitive argument is trusted unless each of its sensitive values is.
 * PR2 The answer is a function of trusted bytes and of the call alone: what untrusted fields say
 *     changes no answer.
 * PR3 What was written before the first exposure is trusted, whatever it says; a disguise or a
 *     reader who may not see it is doubtful all the same.
 * PR4 After exposure of an agent with a frozen plan, a write or a sensitive call is trusted only
 *     under a step of the plan, with exactly the values that this step binds.
 * PR5 The whole value counts: every item of a list, every leaf of an object.
 */
import { isJsonObject, type Json } from "../std/json.ts";
import { leavesOf, pathText, type FieldPath } from "./field-path.ts";
import { disguiseOf, linksIn } from "./disguise.ts";
import { joinReaders, type Readers } from "./label.ts";
import type { PlanStep } from "./plan.ts";
import { isExactly, resolvePlanValue } from "./resolve.ts";
import { kindOfArgument, type ArgumentKind, type PreparedLabels } from "./tool-labels.ts";
import { wasWrittenClean, type TrustIndex } from "./trust.ts";
import { factsOf, originOf, textOf } from "./origin.ts";

/**
 * Why a value is trusted (the first row) or is not. `bound`: the plan says so. `literal`: a trusted
 * text says it. `own`: this session created it. `named`: the platform's, of a record that a trusted
 * text names. `member`: of the organisation's directory. `composed`: text without links.
 */
export type Ground =
  | "clean"
  | "bound"
  | "literal"
  | "own"
  | "named"
  | "member"
  | "composed"
  | "unknown"
  | "disguised"
  | "unbound"
  | "reader"
  | "link";

export interface ArgumentJudgement {
  /** A JSON Pointer into the arguments. */
  readonly path: string;
  /** Null for an argument that is not sensitive and yet is not what the plan says. */
  readonly kind: ArgumentKind | null;
  readonly isTrusted: boolean;
  readonly ground: Ground;
  /** For a person: who said the value, or what is wrong with it. */
  readonly because: string;
}

export interface CallJudgement {
  readonly kind: "trusted" | "doubtful";
  readonly arguments: readonly ArgumentJudgement[];
  /** The frozen plan names no such call at all. */
  readonly isUnplanned: boolean;
}

export interface CallToJudge {
  readonly callId: string;
  readonly labels: PreparedLabels;
  /** As it would be executed: handles resolved, defaults filled. */
  readonly input: Json;
}

/**
 * Judges one call. Costs, per sensitive value, one look through the texts by people and the
 * operator (at most `TEXT_CHARS_MAX`) and through the records that hold the very value; under a
 * plan, the outputs of the tools that its step refers to. Nothing grows with the turns as such.
 */
export function judgeCall(index: TrustIndex, call: CallToJudge): CallJudgement {
  const { labels, callId } = call;
  const isClean = wasWrittenClean(index, callId);
  const isPlanned = index.planning === "frozen" && !isClean;
  if (!isPlanned) return summed(judgeArguments(index, { ...call, isClean }));
  const steps = (index.plan?.steps ?? []).filter(({ tool }) => tool === labels.tool);
  const plain = judgeArguments(index, { ...call, isClean });
  if (steps.length === 0) {
    const isUnplanned = labels.isWrite || plain.some(({ kind }) => kind !== null);
    return { ...summed(plain), kind: isUnplanned ? "doubtful" : "trusted", isUnplanned };
  }
  return steps
    .map((step) => summed(judgeUnderStep(index, { ...call, plain }, step)))
    .reduce((best, next) => (doubtsIn(next) < doubtsIn(best) ? next : best));
}

/** Judges the sensitive values by themselves, without a plan. */
export function judgeArguments(
  index: TrustIndex,
  call: CallToJudge & { readonly isClean: boolean },
): readonly ArgumentJudgement[] {
  const { labels, input, isClean } = call;
  const values = sensitiveIn(labels, input);
  const isInside = values.every(({ kind }) => kind === "destination" || kind === "content");
  const readers = readersOf(index, values);
  return values.map((value) => {
    const { kind, text } = value;
    const asked = { text, kind, isInside };
    const found =
      disguised(value) ??
      unreadable(value, readers) ??
      (isClean ? trusted("clean", "written before anything untrusted was seen") : null) ??
      (kind === "content" ? judgeContent(index, text) : judgeOrigin(index, asked));
    return { path: pathText(value.path), kind, ...found };
  });
}

type Finding = Pick<ArgumentJudgement, "isTrusted" | "ground" | "because">;

interface SensitiveValue {
  readonly path: FieldPath;
  readonly kind: ArgumentKind;
  /** Null and empty lists say nothing and are left out before. */
  readonly text: string | number | boolean;
}

function sensitiveIn(labels: PreparedLabels, input: Json): readonly SensitiveValue[] {
  if (labels.sensitive.length === 0) return [];
  const values: SensitiveValue[] = [];
  for (const { path, value } of leavesOf(input)) {
    const kind = kindOfArgument(labels, path);
    if (kind === null || typeof value === "object") continue;
    values.push({ path, kind, text: value });
  }
  return values;
}

function disguised({ kind, text }: SensitiveValue): Finding | null {
  if (kind === "content" || typeof text !== "string") return null;
  const disguise = disguiseOf(text);
  return disguise === null ? null : doubtful("disguised", disguise);
}

/** Who may see what this call carries away. */
function readersOf(index: TrustIndex, values: readonly SensitiveValue[]): Readers {
  // Nothing that came in was for some alone: then no value is.
  if (index.readers === "anyone") return "anyone";
  let readers: Readers = "anyone";
  for (const { kind, text } of values) {
    const said = textOf(index, text);
    if (said !== null) {
      readers = joinReaders(readers, said.readers);
      continue;
    }
    for (const { fact } of factsOf(index, text)) readers = joinReaders(readers, fact.label.readers);
    // What a model composes may carry anything that it has seen.
    if (kind === "content") readers = joinReaders(readers, index.readers);
  }
  return readers;
}

function unreadable({ kind, text }: SensitiveValue, readers: Readers): Finding | null {
  if (kind !== "destination" || readers === "anyone") return null;
  if (readers.includes(String(text))) return null;
  return doubtful("reader", "it may not see all that the call carries");
}

function judgeContent(index: TrustIndex, text: string | number | boolean): Finding {
  const strange = linksIn(String(text)).find(
    (link) => textOf(index, link) === null && !factsOf(index, link).length,
  );
  if (strange === undefined) return trusted("composed", "text without a strange link");
  return doubtful("link", `nobody trusted has named ${strange.slice(0, 80)}`);
}

function judgeOrigin(
  index: TrustIndex,
  asked: {
    readonly text: string | number | boolean;
    readonly kind: ArgumentKind;
    readonly isInside: boolean;
  },
): Finding {
  const origin = originOf(index, asked);
  if (origin !== null) return trusted(origin.ground, origin.source);
  return doubtful("unknown", "no trusted source has said this");
}

function judgeUnderStep(
  index: TrustIndex,
  call: CallToJudge & { readonly plain: readonly ArgumentJudgement[] },
  step: PlanStep,
): readonly ArgumentJudgement[] {
  const { input, labels, plain } = call;
  const held = new Set<string>();
  const broken: ArgumentJudgement[] = [];
  for (const [name, value] of step.bound) {
    const path = pathText([name]);
    const resolved = resolvePlanValue(index, value);
    const actual = isJsonObject(input) ? input[name] : undefined;
    if (resolved.ok && isExactly(actual, resolved.value)) {
      held.add(path);
      continue;
    }
    const kind = kindOfArgument(labels, [name]);
    const because = resolved.ok ? "it is not what the plan says" : `the plan's: ${resolved.why}`;
    broken.push({ path, kind, ...doubtful("unbound", because) });
  }
  const isBroken = new Set(broken.map(({ path }) => path));
  const judged = plain
    .filter(({ path }) => !isBroken.has(topOf(path)))
    .map((one) => (held.has(topOf(one.path)) ? upheld(one) : one));
  return [...judged, ...broken];
}

/** The plan vouches for the value's origin: not for a disguise, nor for who may see it. */
function upheld(one: ArgumentJudgement): ArgumentJudgement {
  if (one.ground === "disguised" || one.ground === "reader") return one;
  return { ...one, ...trusted("bound", "the plan, written before exposure") };
}

function topOf(path: string): string {
  const end = path.indexOf("/", 1);
  return end === -1 ? path : path.slice(0, end);
}

function summed(judged: readonly ArgumentJudgement[]): CallJudgement {
  const kind = judged.every(({ isTrusted }) => isTrusted) ? "trusted" : "doubtful";
  return { kind, arguments: judged, isUnplanned: false };
}

function doubtsIn(judgement: CallJudgement): number {
  return judgement.arguments.filter(({ isTrusted }) => !isTrusted).length;
}

function trusted(ground: Ground, because: string): Finding {
  return { isTrusted: true, ground, because };
}

function doubtful(ground: Ground, because: string): Finding {
  return { isTrusted: false, ground, because };
}
