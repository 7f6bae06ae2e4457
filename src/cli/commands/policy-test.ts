/** `bridle policy test`: do the examples hold, and would they notice a rule gone wrong. */
import { mutatePolicies, type MutationReport } from "../../governance/policy/mutate.ts";
import { exitCodes } from "../exit-code.ts";
import { createOutput, type Output } from "../output.ts";
import { inspectAgents, type InspectedAgent, type PolicyOptions } from "../policies.ts";
import { count, oneLine } from "../render/text.ts";
import { printFaults } from "./policy-check.ts";

export interface PolicyTestOptions extends PolicyOptions {
  /** Percent of mutants that must be killed. */
  readonly score?: number;
}

interface Tested extends InspectedAgent {
  /** Null when the policies are refused: there is nothing to change. */
  readonly report: MutationReport | null;
}

/** Exit code 1 when an example fails, or the score is below the one asked for. */
export async function testPolicies(
  files: readonly string[],
  options: PolicyTestOptions,
): Promise<number> {
  const output = createOutput();
  let isSound = true;
  for (const inspected of await inspectAgents(files, options)) {
    const { set } = inspected.inspection;
    const tested: Tested = { ...inspected, report: set === null ? null : mutatePolicies(set) };
    const isGood = passes(tested.report, options.score ?? 0);
    isSound &&= isGood;
    if (options.json === true) output.json(testObject(tested, isGood));
    else print(tested, output);
  }
  return isSound ? exitCodes.ok : exitCodes.error;
}

function passes(report: MutationReport | null, wanted: number): boolean {
  return report !== null && (wanted === 0 || scoreOf(report) >= wanted);
}

/** Percent, rounded down to one place: 100 is said of all of them alone. */
function scoreOf({ mutants, killed }: MutationReport): number {
  return mutants === 0 ? 0 : Math.floor((killed * 1000) / mutants) / 10;
}

/** The members are a promise to scripts. */
function testObject({ agent, inspection, report }: Tested, ok: boolean): object {
  const { files, faults } = inspection;
  const examples = files.flatMap(({ directives }) => directives.examples).length;
  const score = report === null ? null : scoreOf(report);
  return { agent, ok, examples, faults, score, ...report };
}

function print({ agent, inspection, report }: Tested, output: Output): void {
  const { paint } = output;
  const { files, faults } = inspection;
  const examples = files.flatMap(({ directives }) => directives.examples).length;
  output.out(paint.bold(`agent ${agent}`));
  printFaults(faults, { output, mark: paint.red("×") });
  if (report === null) {
    output.out(`  ${paint.red("refused")}, ${count(faults.length, "fault")}`);
    return;
  }
  output.out(`  ${paint.green("✓")} ${count(examples, "example")} decided as they say`);
  const { mutants, killed, untried, survivors } = report;
  output.out(`  ${killed} of ${mutants} wrong rules are noticed: ${scoreOf(report)} %`);
  if (untried > 0) output.out(`  ${untried} more could not be tried`);
  for (const { policy, file, line, mutation } of survivors) {
    const place = `${oneLine(file)}:${line}`;
    output.out(`  ${paint.yellow("!")} ${place}  no example notices when "${policy}" ${mutation}`);
  }
}
