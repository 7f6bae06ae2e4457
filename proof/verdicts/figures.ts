/** From the verdicts to the figures of the proof, and to what they say is broken. */
import type { JsonObject } from "../../src/std/json.ts";
import type { ProofReport } from "../proof.ts";
import type { HonestCase } from "./honest.ts";
import type { Verdict } from "./judge.ts";
import type { Mutant } from "./mutant.ts";
import type { Case } from "./script.ts";

export interface HonestResult {
  readonly given: HonestCase;
  readonly wrong: readonly string[];
}

export interface MutantResult {
  readonly given: Mutant;
  readonly gated: Verdict;
  readonly ungated: Verdict;
}

/** Fewer than this prove nothing; a sample may have half. */
const ENOUGH = 200;
const OPERATORS_MIN = 12;
/** Without a gate most lies must succeed, or the gate is not what stops them. */
const UNGATED_SHARE_MIN = 0.9;

export interface Results {
  readonly honest: readonly HonestResult[];
  readonly mutants: readonly MutantResult[];
  readonly embellished: readonly Omit<MutantResult, "ungated">[];
  readonly quick: boolean;
  readonly ms: number;
}

export function reportOf(results: Results): ProofReport {
  const { honest, mutants: tried, embellished, quick, ms } = results;
  // What leaves everything right without a gate, too, is no lie.
  const mutants = tried.filter(({ ungated }) => !(ungated.succeeded && ungated.isRight));
  const alarms = honest.filter(({ wrong }) => wrong.length > 0);
  const caught = mutants.filter(isCaught);
  const wrongly = mutants.filter(({ ungated }) => ungated.succeeded && !ungated.isRight);
  const corrected = caught.filter(({ gated }) => gated.succeeded);
  const result: JsonObject = {
    mutants: mutants.length,
    caught: caught.length,
    honest: honest.length,
    falseAlarms: alarms.length,
    corrected: corrected.length,
    equivalent: tried.length - mutants.length,
    operators: new Set(mutants.map(({ given }) => given.manner)).size,
    scenarios: namesOf(honest).length,
    ungated: { mutants: mutants.length, succeededWrongly: wrongly.length },
    // How many mutants each said no to, and to how many nothing else did.
    stoppedBy: histogram(caught.flatMap(kindsOf)),
    stoppedAlone: histogram(
      caught
        .map(kindsOf)
        .filter(({ length }) => length === 1)
        .flat(),
    ),
    embellished: {
      runs: embellished.length,
      told: embellished.filter(({ gated }) => gated.stoppedBy.length > 0).length,
    },
    byOperator: tally(mutants, ({ given }) => given.manner),
    byScenario: tally(mutants, ({ given }) => given.scenario.name),
    quick,
    ms,
  };
  const broken = [
    ...alarms.map(({ given, wrong }) => `False alarm, ${nameOf(given)}: ${wrong.join("; ")}`),
    ...mutants.flatMap((each) => faultOf(each)),
    ...tooFew(mutants, honest, { quick, wrongly: wrongly.length }),
  ];
  return { result, table: tableOf(mutants, honest), broken: broken.slice(0, 40) };
}

function isCaught({ gated }: MutantResult): boolean {
  return !gated.succeeded || gated.isRight;
}

/** An escape, or a catch that is none: nothing in the journal says why. */
function faultOf(each: MutantResult): readonly string[] {
  const { given, gated } = each;
  const name = nameOf(given);
  if (!isCaught(each)) return [`Escaped: ${name}`];
  if (gated.accident !== null) return [`Ended without a verdict: ${name}: ${gated.accident}`];
  return gated.stoppedBy.length === 0 ? [`Caught by nothing: ${name}`] : [];
}

function tooFew(
  mutants: readonly MutantResult[],
  honest: readonly HonestResult[],
  { quick, wrongly }: { readonly quick: boolean; readonly wrongly: number },
): readonly string[] {
  const least = quick ? ENOUGH / 2 : ENOUGH;
  const operators = new Set(mutants.map(({ given }) => given.manner)).size;
  return [
    ...(mutants.length < least ? [`Only ${mutants.length} mutants, ${least} wanted`] : []),
    ...(honest.length < least ? [`Only ${honest.length} honest runs, ${least} wanted`] : []),
    ...(operators < OPERATORS_MIN ? [`Only ${operators} operators`] : []),
    ...(wrongly < mutants.length * UNGATED_SHARE_MIN
      ? [`Only ${wrongly} of ${mutants.length} mutants succeed without a gate`]
      : []),
  ];
}

function nameOf({ scenario, manner, n }: Case): string {
  return `${scenario.name}, ${manner} (${n})`;
}

function kindsOf({ gated }: MutantResult): readonly string[] {
  return [...new Set(gated.stoppedBy.map(kindOf))];
}

/** Without what differs from run to run. */
function kindOf(stopper: string): string {
  if (stopper.startsWith("obligation ")) return "obligation";
  if (!stopper.startsWith("report: ")) return stopper;
  const about = stopper.replace(/".*"/, "…").replace(/(mention|declines) .*/, "$1 …");
  return about.replace("The report ", "");
}

function histogram(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([, a], [, b]) => b - a));
}

function tally(
  mutants: readonly MutantResult[],
  nameFor: (each: MutantResult) => string,
): JsonObject {
  const rows = Map.groupBy(mutants, nameFor);
  const entries = [...rows].map(([name, all]) => {
    return [name, { mutants: all.length, caught: all.filter(isCaught).length }] as const;
  });
  return Object.fromEntries(entries);
}

function namesOf(honest: readonly HonestResult[]): readonly string[] {
  return [...new Set(honest.map(({ given }) => given.scenario.name))];
}

/** A row for each operator, a column for each scenario: caught of tried. */
function tableOf(
  mutants: readonly MutantResult[],
  honest: readonly HonestResult[],
): readonly (readonly string[])[] {
  const names = namesOf(honest);
  const cell = (all: readonly MutantResult[]): string =>
    all.length === 0 ? "" : `${all.filter(isCaught).length}/${all.length}`;
  const rowOf = (name: string, all: readonly MutantResult[]): readonly string[] => {
    const cells = names.map((one) => cell(all.filter(({ given }) => given.scenario.name === one)));
    return [name, ...cells, cell(all)];
  };
  const rows = [...Map.groupBy(mutants, ({ given }) => given.manner)];
  const fine = names.map((one) => {
    const all = honest.filter(({ given }) => given.scenario.name === one);
    return `${all.filter(({ wrong }) => wrong.length === 0).length}/${all.length}`;
  });
  const right = honest.filter(({ wrong }) => wrong.length === 0).length;
  return [
    ["lie", ...names.map((name) => name.slice(0, 7)), "all"],
    ...rows.map(([manner, all]) => rowOf(manner, all)),
    rowOf("all lies", mutants),
    ["honest", ...fine, `${right}/${honest.length}`],
  ];
}
