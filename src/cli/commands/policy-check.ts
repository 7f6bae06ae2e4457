/** `bridle policy check`: would these policies be armed, and what can they not see. */
import type { PolicyFault } from "../../governance/policy/fault.ts";
import { exitCodes } from "../exit-code.ts";
import { createOutput, type Output } from "../output.ts";
import { inspectAgents, type InspectedAgent, type PolicyOptions } from "../policies.ts";
import { count, manyLines, oneLine } from "../render/text.ts";

export type PolicyCheckOptions = PolicyOptions;

/** Exit code 1 when any agent's policies are refused. */
export async function checkPolicies(
  files: readonly string[],
  options: PolicyCheckOptions,
): Promise<number> {
  const agents = await inspectAgents(files, options);
  const output = createOutput();
  for (const inspected of agents) {
    if (options.json === true) output.json(checkObject(inspected));
    else print(inspected, output);
  }
  const isSound = agents.every(({ inspection }) => inspection.set !== null);
  return isSound ? exitCodes.ok : exitCodes.error;
}

/** The members are a promise to scripts. */
function checkObject({ agent, inspection }: InspectedAgent): object {
  const { files, faults, warnings, invisible, set } = inspection;
  return {
    agent,
    ok: set !== null,
    hash: set?.hash ?? null,
    files: files.map(({ name, rules, directives }) => ({
      file: name,
      rules: rules.length,
      examples: directives.examples.length,
      draft: directives.isDraft,
    })),
    tallies: set?.tallies ?? [],
    faults,
    warnings,
    invisible,
  };
}

function print({ agent, inspection }: InspectedAgent, output: Output): void {
  const { files, faults, warnings, invisible, set } = inspection;
  const { paint } = output;
  output.out(paint.bold(`agent ${agent}`));
  for (const { name, rules, directives } of files) {
    const examples = count(directives.examples.length, "example");
    const draft = directives.isDraft ? ", a draft" : "";
    output.out(`  ${oneLine(name)}: ${count(rules.length, "rule")}, ${examples}${draft}`);
  }
  printFaults(faults, { output, mark: paint.red("×") });
  printFaults(warnings, { output, mark: paint.yellow("!") });
  if (invisible.length > 0) output.out("  not visible to policies:");
  for (const { path, why } of invisible) output.out(`    ${oneLine(path)}: ${oneLine(why)}`);
  const tallies = set?.tallies.map(({ name }) => name) ?? [];
  if (tallies.length > 0) output.out(`  counts: ${tallies.join(", ")}`);
  const verdict = set === null ? paint.red("refused") : paint.green("would be armed");
  const told = set === null ? count(faults.length, "fault") : `hash ${set.hash.slice(0, 16)}`;
  output.out(`  ${verdict}, ${told}`);
}

/** One line for what is wrong, one for the mend. */
export function printFaults(
  faults: readonly PolicyFault[],
  { output, mark }: { readonly output: Output; readonly mark: string },
): void {
  for (const { file, line, message, hint } of faults) {
    const place = line === 0 ? file : `${file}:${line}`;
    output.out(`  ${mark} ${oneLine(place)}  ${oneLine(message)}`);
    output.out(`    ${output.paint.dim(manyLines(hint))}`);
  }
}
