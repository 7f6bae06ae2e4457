/**
 * The plan that a model writes before it has seen anything untrusted.
 *
 * PL1 A plan can be set and changed only by what was written while nothing untrusted was in the
 *     context; after that it is frozen.
 * PL2 What a step gives for an argument binds: a call under that step carries exactly this value.
 * PL3 A reference is resolved by the harness, from trusted fields alone, and only when it comes to
 *     one single value. Which field, and which record, was said before anything could mislead.
 */
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../std/json.ts";
import { parsePath, type FieldPath } from "./field-path.ts";

/** The built-in tool whose call is the plan. */
export const PLAN_TOOL = "plan";

export interface Plan {
  readonly steps: readonly PlanStep[];
}

export interface PlanStep {
  readonly tool: string;
  readonly bound: ReadonlyMap<string, PlanValue>;
}

/** The value of a field of another tool's output, chosen by trusted fields beside it. */
export interface FieldReference {
  readonly kind: "field";
  readonly tool: string;
  readonly path: FieldPath;
  /** Members of the record and what each must say; for text: contain, as whole words. */
  readonly where: ReadonlyMap<string, string | number | boolean>;
  /** Of several records the one whose member is the greatest or least number. */
  readonly extreme: { readonly member: string; readonly end: "most" | "least" } | null;
}

export type Operator = "$add" | "$subtract" | "$multiply";

export type PlanValue =
  | { readonly kind: "constant"; readonly value: Json }
  | FieldReference
  | {
      readonly kind: "sum";
      readonly operator: Operator;
      readonly terms: readonly [PlanValue, PlanValue];
    };

export type ParsedPlan =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly reason: string };

export const PLAN_STEPS_MAX = 100;
/** Of the whole plan as canonical text. */
export const PLAN_CHARS_MAX = 100_000;
const NESTING_MAX = 8;
const operators: readonly Operator[] = ["$add", "$subtract", "$multiply"];

/**
 * Reads the arguments of a call of the plan tool: `{ steps: [{ tool, arguments? }] }`. An argument
 * is a constant, `{ "$from": tool, "path": …, "where"?: {…}, "most"? | "least"?: member }`, or
 * `{ "$add" | "$subtract" | "$multiply": [one, other] }`. What is not known yet is left out.
 */
export function parsePlan(input: Json): ParsedPlan {
  try {
    if (canonicalJson(input).length > PLAN_CHARS_MAX) return refuse("the plan is too long");
    const steps = isJsonObject(input) ? input["steps"] : undefined;
    if (!Array.isArray(steps)) return refuse("steps must be a list");
    if (steps.length > PLAN_STEPS_MAX) return refuse(`more than ${PLAN_STEPS_MAX} steps`);
    return { ok: true, plan: { steps: steps.map(readStep) } };
  } catch (thrown) {
    if (thrown instanceof Slip) return refuse(thrown.message);
    throw thrown;
  }
}

/** What stands in a plan and cannot be; never leaves this file. */
class Slip extends Error {}

function refuse(reason: string): ParsedPlan {
  return { ok: false, reason };
}

function readStep(step: Json): PlanStep {
  const tool = isJsonObject(step) ? step["tool"] : undefined;
  if (!isJsonObject(step) || typeof tool !== "string") throw new Slip("a step has no tool");
  const given = step["arguments"] ?? {};
  if (!isJsonObject(given)) throw new Slip(`the arguments of ${tool} are no object`);
  const bound = new Map<string, PlanValue>();
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) bound.set(name, readValue(value, 0));
  }
  return { tool, bound };
}

function readValue(value: Json, depth: number): PlanValue {
  if (depth > NESTING_MAX) throw new Slip("an argument is nested too deep");
  if (isJsonObject(value)) {
    if ("$from" in value) return readReference(value);
    const operator = operators.find((name) => name in value);
    if (operator !== undefined) return readSum(value, operator, depth);
  }
  if (canonicalJson(value).includes('"$from":')) {
    throw new Slip("a reference must be the whole argument or a term of a sum");
  }
  return { kind: "constant", value };
}

function readSum(value: JsonObject, operator: Operator, depth: number): PlanValue {
  const terms = value[operator];
  if (!Array.isArray(terms) || terms.length !== 2 || Object.keys(value).length !== 1) {
    throw new Slip(`${operator} takes a list of two and stands alone`);
  }
  const [one = null, other = null] = terms;
  return {
    kind: "sum",
    operator,
    terms: [readValue(one, depth + 1), readValue(other, depth + 1)],
  };
}

function readReference(value: JsonObject): FieldReference {
  const { $from: tool, path, where = {}, most, least } = value;
  if (typeof tool !== "string" || typeof path !== "string") {
    throw new Slip("a reference needs $from, a tool's name, and path");
  }
  if (!isJsonObject(where)) throw new Slip("where must be an object");
  if (most !== undefined && least !== undefined) throw new Slip("most and least exclude another");
  const member = most ?? least;
  if (member !== undefined && typeof member !== "string") {
    throw new Slip("most and least name a member");
  }
  const end = most === undefined ? "least" : "most";
  return {
    kind: "field",
    tool,
    path: parsePath(path),
    where: readWhere(where),
    extreme: member === undefined ? null : { member, end },
  };
}

function readWhere(where: JsonObject): ReadonlyMap<string, string | number | boolean> {
  const read = new Map<string, string | number | boolean>();
  for (const [member, wanted] of Object.entries(where)) {
    if (typeof wanted === "object" || wanted === undefined || wanted === "") {
      throw new Slip(`where "${member}" must be a text, a number or a boolean`);
    }
    read.set(member, wanted);
  }
  return read;
}
