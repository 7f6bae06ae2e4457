/** The command line with `bridle chaos` and nothing else, for the tests of what is below it. */
import { Command } from "commander";
import { failureOf, tellFailure } from "../../src/cli/failure.ts";
import { createOutput } from "../../src/cli/output.ts";
import { addChaosTools } from "../../src/cli/program-chaos-tools.ts";

const program = new Command("bridle")
  .exitOverride()
  .configureOutput({ outputError: () => undefined });
addChaosTools(program.command("chaos").exitOverride(), (code) => {
  process.exitCode = code;
});
try {
  await program.parseAsync();
} catch (thrown) {
  const failure = failureOf(thrown);
  const isJson = process.argv.includes("--json");
  if (failure !== undefined) tellFailure(createOutput(), failure, { isJson, thrown });
  process.exitCode = failure?.exitCode ?? 0;
}
