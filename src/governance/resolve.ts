/**
 * From a reference to the value it stands for, over the outputs that a run has.
 *
 * RE1 A reference of a plan looks at trusted fields alone: the value's, and those that chose it.
 * RE2 It looks only into outputs that nothing untrusted asked for: calls written before exposure,
 *     calls whose every argument the plan fixed, and this run's own writes.
 * RE3 None or several different values are no value.
 */
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../std/json.ts";
import { leavesOf, pointedAt, type Pointed } from "./field-path.ts";
import { isEcho } from "./echo.ts";
import { isTrusted } from "./label.ts";
import { containsWords, numberOf } from "./literal.ts";
import type { FieldReference, PlanValue } from "./plan.ts";
import { labelOfField } from "./tool-labels.ts";
import type { Output, TrustIndex } from "./trust.ts";

export type Resolved =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly why: string };

/** No reference looks at more values than this. */
export const CANDIDATES_MAX = 20_000;

/** The one value that a plan's argument stands for. Costs the outputs of the tools it names. */
export function resolvePlanValue(index: TrustIndex, value: PlanValue): Resolved {
  switch (value.kind) {
    case "constant":
      return { ok: true, value: value.value };
    case "field":
      return resolveField(index, value);
    case "sum":
      return resolveSum(index, value);
    default:
      return { ok: false, why: "the plan says something unknown" };
  }
}

/**
 * True for exactly this value, of exactly this type: one plan lets one call through, not several
 * that some tool may read in different ways.
 */
export function isExactly(actual: Json | undefined, expected: Json): boolean {
  return actual !== undefined && canonicalJson(actual) === canonicalJson(expected);
}

function resolveField(index: TrustIndex, reference: FieldReference): Resolved {
  const chosen: Candidate[] = [];
  for (const output of index.outputs) {
    if (output.tool !== reference.tool || !isFaithful(index, output)) continue;
    for (const pointed of pointedAt(reference.path, output.value)) {
      if (chosen.length >= CANDIDATES_MAX) return { ok: false, why: "it has too many values" };
      const candidate = consider(reference, output, pointed);
      if (typeof candidate === "string") return { ok: false, why: candidate };
      if (candidate !== null) chosen.push(candidate);
    }
  }
  return onlyOne(reference.extreme === null ? chosen : extremes(chosen, reference.extreme.end));
}

interface Candidate {
  readonly value: Json;
  readonly rank: number;
}

/** Null when the record is another one; a sentence when it rests on something untrusted. */
function consider(
  { where, extreme }: FieldReference,
  output: Output,
  { value, path, holder }: Pointed,
): Candidate | null | string {
  const trusts = (at: readonly string[]): boolean =>
    isTrusted(labelOfField(output.labels, at).integrity);
  for (const leaf of leavesOf(value, path)) {
    if (!trusts(leaf.path)) return "its field is untrusted";
    if (repeats(output, leaf.value)) return "its field repeats what the call was given";
  }
  for (const [member, wanted] of where) {
    if (holder === null || !trusts([...holder.path, member])) {
      return `"${member}" is untrusted and cannot choose`;
    }
    if (!says(holder.value[member], wanted)) return null;
  }
  if (extreme === null) return { value, rank: 0 };
  if (holder === null || !trusts([...holder.path, extreme.member])) {
    return `"${extreme.member}" is untrusted and cannot choose`;
  }
  const rank = rankOf(holder.value, extreme.member);
  return rank === null ? null : { value, rank };
}

/** Of a read that counts here the arguments are the plan's own. */
function repeats({ standing, spoken }: Output, value: Json): boolean {
  if (standing === "read" || spoken === null || typeof value === "object") return false;
  return isEcho(spoken, value);
}

function rankOf(record: JsonObject, member: string): number | null {
  const value = record[member];
  return value === undefined ? null : asNumber(value);
}

function extremes(candidates: readonly Candidate[], end: "most" | "least"): readonly Candidate[] {
  const sign = end === "most" ? 1 : -1;
  let best = -Infinity;
  for (const { rank } of candidates) best = Math.max(best, sign * rank);
  return candidates.filter(({ rank }) => sign * rank === best);
}

function onlyOne(candidates: readonly Candidate[]): Resolved {
  const [first] = candidates;
  if (first === undefined) return { ok: false, why: "nothing fits it" };
  const isOne = candidates.every(({ value }) => isExactly(value, first.value));
  return isOne ? { ok: true, value: first.value } : { ok: false, why: "several values fit it" };
}

function says(field: Json | undefined, wanted: string | number | boolean): boolean {
  if (field === undefined) return false;
  if (typeof wanted === "number") return asNumber(field) === wanted;
  if (typeof wanted === "boolean") return field === wanted;
  return typeof field === "string" && containsWords(field, wanted);
}

/** RE2. */
function isFaithful(index: TrustIndex, output: Output): boolean {
  if (output.isClean || output.standing !== "read") return true;
  const { input, tool } = output;
  if (!isJsonObject(input)) return false;
  return (index.plan?.steps ?? []).some((step) => {
    if (step.tool !== tool) return false;
    return Object.entries(input).every(([name, actual]) => {
      const bound = step.bound.get(name);
      return bound?.kind === "constant" && isExactly(actual, bound.value);
    });
  });
}

function resolveSum(
  index: TrustIndex,
  { operator, terms }: Extract<PlanValue, { kind: "sum" }>,
): Resolved {
  const numbers: number[] = [];
  for (const term of terms) {
    const resolved = resolvePlanValue(index, term);
    if (!resolved.ok) return resolved;
    const number = asNumber(resolved.value);
    if (number === null) return { ok: false, why: "it adds up what is no number" };
    numbers.push(number);
  }
  const [one = NaN, other = NaN] = numbers;
  switch (operator) {
    case "$add":
      return { ok: true, value: rounded(one + other) };
    case "$subtract":
      return { ok: true, value: rounded(one - other) };
    case "$multiply":
      return { ok: true, value: rounded(one * other) };
    default:
      return { ok: false, why: "it has no such operation" };
  }
}

function asNumber(value: Json): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" ? numberOf(value) : null;
}

/** What binary fractions add to sums of money is taken off again. */
function rounded(value: number): number {
  return Number(value.toFixed(9));
}
