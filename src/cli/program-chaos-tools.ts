/** `bridle chaos tools` as its user sees it. */
import type { Command } from "commander";
import { timesText, withChaos } from "./chaos-options.ts";
import type { ChaosToolsOptions } from "./commands/chaos-tools.ts";
import { examples, type Finish } from "./options.ts";

/** Adds `tools` below `bridle chaos`. */
export function addChaosTools(parent: Command, finish: Finish): void {
  const command = withChaos(parent.command("tools"))
    .description("stand before a tool's HTTP service, and fail before or after it acted")
    .option("--upstream <url>", "the service, for example http://127.0.0.1:8080")
    .option("--on <requests>", 'strike only these, for example "POST /payments"')
    .option(
      "--key-header <name>",
      "where clients send the idempotency key; idempotency-key when left out",
    )
    .action(async (options: ChaosToolsOptions) => {
      const { chaosTools } = await import("./commands/chaos-tools.ts");
      finish(await chaosTools(options));
    });
  command.addHelpText("after", MEANING);
  examples(
    command,
    "bridle chaos tools --list",
    'bridle chaos tools --upstream http://127.0.0.1:8080 --fault timeout_after_commit%5 --on "POST /"',
    "bridle chaos tools --upstream http://127.0.0.1:8080 --rate 3% --seed 7 --port 4020 --json",
  );
}

const MEANING = `
What no fault strikes goes to the service as it came, and so does its answer. At the end (Ctrl-C,
--for or --requests) a report says what struck, and what the client did about it.

${timesText("of its kind")}
Requests are of one kind under one idempotency key, or without one with one method and address.
With --rate and no such fault, one of all.`;
