/** `bridle chaos tools` as its user sees it. */
import type { Command } from "commander";
import type { ChaosToolsOptions } from "./commands/chaos-tools.ts";
import { examples, many, percentOf, portOf, seedOf, withJson, type Finish } from "./options.ts";

/** Adds `tools` below `bridle chaos`. */
export function addChaosTools(parent: Command, finish: Finish): void {
  const command = withJson(parent.command("tools"))
    .description("stand before a tool's HTTP service and fail in named ways, until a signal")
    .option("--upstream <url>", "the service, for example http://127.0.0.1:8080")
    .option(
      "--fault <spec>",
      "name, name:argument, and behind it @2, *3 or %10; may be repeated",
      many,
    )
    .option("--rate <percent>", "of requests that meet one of the faults, or of all", percentOf)
    .option("--seed <number>", "of what is drawn, 1 when left out", seedOf)
    .option("--on <requests>", 'strike only these, for example "POST /payments"')
    .option("--key-header <name>", "the header with the idempotency key", "idempotency-key")
    .option("--host <host>", "where to listen", "127.0.0.1")
    .option("--port <port>", "any free one when left out", portOf)
    .option("--list", "only list the faults")
    .action(async (options: ChaosToolsOptions) => {
      const { chaosTools } = await import("./commands/chaos-tools.ts");
      finish(await chaosTools(options));
    });
  examples(
    command,
    "bridle chaos tools --list",
    'bridle chaos tools --upstream http://127.0.0.1:8080 --fault timeout_after_commit%5 --on "POST /"',
    "bridle chaos tools --upstream http://127.0.0.1:8080 --rate 3 --seed 7 --port 4020 --json",
  );
}
