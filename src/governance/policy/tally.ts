/**
 * Tallies: what policies ask of the past. Cedar remembers nothing; the harness counts its journal
 * and hands the sums over as `context.past`. A file asks with a line like
 * `//@ tally refundedToday = sum_within(refund, input.amountCents, 24h, by user)`.
 */
import { isJsonObject, type Json } from "../../std/json.ts";
import { didYouMean } from "../../std/suggest.ts";
import type { RecordShape, Shape } from "./shape.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** One temporal fact a policy set asks for. */
export interface TallyWanted {
  /** The name in `context.past`. */
  readonly name: string;
  readonly operator: "count" | "sum" | "distinct";
  /** Calls of any of these tools count. */
  readonly tools: readonly string[];
  /** Where the value stands in the input, by JSON names; null for a count. */
  readonly path: readonly string[] | null;
  /** The sum is of millionths: each value times 1,000,000. */
  readonly isMicros: boolean;
  readonly withinMs: number;
  /** Whose calls count: this run's, this user's, or everybody's of the tenant. */
  readonly by: "run" | "user" | "tenant";
}

export interface TallyProblem {
  readonly problem: string;
  readonly hint: string;
}

const FORM = /^([A-Za-z_]\w*)\s*=\s*(count_within|sum_within|count_distinct_within)\s*\((.*)\)$/;
const FORMS =
  "Write name = count_within(tool, 24h, by run|user|tenant), " +
  "sum_within(tool, input.path, 24h, by …) or " +
  "count_distinct_within(tool, input.path, 24h, by …).";
const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const WITHIN_MAX_MS = 366 * unitsMs.d;

export function readTally(text: string, vocabulary: Vocabulary): TallyWanted | TallyProblem {
  const [, name = "", word = "", inside = ""] = FORM.exec(text) ?? [];
  if (name === "") return { problem: `a tally it cannot read: ${text}`, hint: FORMS };
  const parts = inside.split(",").map((part) => part.trim());
  const hasPath = word !== "count_within";
  if (parts.length !== (hasPath ? 4 : 3)) {
    return { problem: `${word} takes ${hasPath ? 4 : 3} parts, not ${parts.length}`, hint: FORMS };
  }
  const [named = "", ...rest] = parts;
  const path = hasPath ? (rest.shift() ?? "") : null;
  const [duration = "", whose = ""] = rest;
  const tools = named.split("|").map((tool) => tool.trim());
  const unknown = tools.find((tool) => !vocabulary.tools.has(tool));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, [...vocabulary.tools.keys()]);
    return { problem: `no tool is called "${unknown}"`, hint };
  }
  const withinMs = readDuration(duration);
  if (withinMs === null) {
    return { problem: `"${duration}" is no duration`, hint: "Write 30s, 15m, 24h or 7d." };
  }
  const by = /^by\s+(run|user|tenant)$/.exec(whose)?.[1];
  if (by !== "run" && by !== "user" && by !== "tenant") {
    return { problem: `"${whose}" says not whose calls count`, hint: FORMS };
  }
  const operator = word === "count_within" ? "count" : word === "sum_within" ? "sum" : "distinct";
  const shared = { name, operator, tools, withinMs, by } as const;
  if (path === null) return { ...shared, path: null, isMicros: false };
  const found = findValue(path, { tools, vocabulary, operator });
  return "problem" in found ? found : { ...shared, ...found };
}

function readDuration(text: string): number | null {
  const [, count = "", unit = ""] = /^(\d{1,9})(s|m|h|d)$/.exec(text) ?? [];
  if (unit !== "s" && unit !== "m" && unit !== "h" && unit !== "d") return null;
  const ms = Number(count) * unitsMs[unit];
  return ms > 0 && ms <= WITHIN_MAX_MS ? ms : null;
}

interface Sought {
  readonly tools: readonly string[];
  readonly vocabulary: Vocabulary;
  readonly operator: TallyWanted["operator"];
}

/** The value must stand at the same place, with the same type, in the input of each tool. */
function findValue(
  path: string,
  { tools, vocabulary, operator }: Sought,
): Pick<TallyWanted, "path" | "isMicros"> | TallyProblem {
  const [root, ...steps] = path.split(".");
  if (root !== "input" || steps.length === 0) {
    return { problem: `"${path}" is no place in the input`, hint: "Write input.member." };
  }
  let found: { readonly path: readonly string[]; readonly kind: Shape["kind"] } | undefined;
  for (const tool of tools) {
    const input = vocabulary.tools.get(tool)?.input ?? null;
    const here = input === null ? undefined : descend(input, steps);
    if (here === undefined) {
      const known = (input?.members ?? []).map(({ name }) => `input.${name}`);
      return { problem: `${tool} has no ${path}`, hint: didYouMean(path, known) };
    }
    const isFit = operator === "sum" ? isNumber(here.kind) : isPlain(here.kind);
    if (!isFit) {
      const wanted = operator === "sum" ? "a number" : "text, a number, true or false";
      return { problem: `${path} of ${tool} is not ${wanted}`, hint: FORMS };
    }
    if (found !== undefined && found.kind !== here.kind) {
      return { problem: `${path} is not the same in each tool`, hint: "Make a tally for each." };
    }
    found = here;
  }
  return { path: found?.path ?? [], isMicros: found?.kind === "micros" };
}

function descend(
  input: RecordShape,
  steps: readonly string[],
): { readonly path: readonly string[]; readonly kind: Shape["kind"] } | undefined {
  const path: string[] = [];
  let shape: Shape = input;
  for (const step of steps) {
    if (shape.kind !== "record") return undefined;
    const member: RecordShape["members"][number] | undefined = shape.members.find(
      ({ name }) => name === step,
    );
    if (member === undefined) return undefined;
    path.push(member.source);
    shape = member.shape;
  }
  return { path, kind: shape.kind };
}

function isNumber(kind: Shape["kind"]): boolean {
  return kind === "long" || kind === "micros";
}

function isPlain(kind: Shape["kind"]): boolean {
  return isNumber(kind) || kind === "string" || kind === "bool";
}

/** What a call adds to a tally: 1, or its value as a whole number. */
export function tallyAmount({ operator, path, isMicros }: TallyWanted, input: Json): number {
  if (operator !== "sum" || path === null) return 1;
  const value = tallyValue({ path }, input);
  const number = typeof value === "number" ? value : 0;
  return isMicros ? Math.round(number * 1e6) : number;
}

/** The value that a tally looks at in a call's arguments; null when it is not there. */
export function tallyValue({ path }: Pick<TallyWanted, "path">, input: Json): Json {
  let value: Json | undefined = input;
  for (const name of path ?? []) value = isJsonObject(value) ? value[name] : undefined;
  return value ?? null;
}
