/** `bridle breakers` as its user sees it. */
import type { Command } from "commander";
import type { BreakersOptions } from "./commands/breakers.ts";
import { examples, withJournal, type Finish } from "./options.ts";

export function addBreakers(program: Command, finish: Finish): void {
  const command = withJournal(program.command("breakers"))
    .description("list the models and tools that have failed, and which are left alone for now")
    .option("--close <scope>", "let this one be used again at once, for example tool/payments")
    .action(async (options: BreakersOptions) => {
      const { showBreakers } = await import("./commands/breakers.ts");
      finish(await showBreakers(options));
    });
  examples(
    command,
    "bridle breakers",
    "bridle breakers --json",
    "bridle breakers --close tool/payments",
  );
}
