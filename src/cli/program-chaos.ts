/** The command for whoever wants to see how an agent, of any make, stands a faulty wire. */
import { Option, type Command } from "commander";
import { timesText, withChaos } from "./chaos-options.ts";
import type { ChaosOptions } from "./commands/chaos.ts";
import { examples, wholeOf, type Finish } from "./options.ts";
import { addChaosTools } from "./program-chaos-tools.ts";

export function addChaos(program: Command, finish: Finish): void {
  const command = withChaos(program.command("chaos"))
    .description("serve a simulated model over a faulty wire, for any agent; needs no key")
    .addOption(
      new Option("--profile <profile>", "a mixture of faults; field when nothing is named").choices(
        ["calm", "field", "storm"],
      ),
    )
    .addOption(
      new Option("--model <model>", "what answers")
        .choices(["stand-in", "echo"])
        .default("stand-in"),
    )
    .option("--script <file>", "a JSON list of answers, in place of --model")
    .option(
      "--upstream <url>",
      "a real provider of OpenAI's chat API answers, for example https://api.openai.com",
    )
    .option("--latency <ms>", "wait before each answer", wholeOf)
    .action(async (options: ChaosOptions) => {
      const { runChaos } = await import("./commands/chaos.ts");
      finish(await runChaos(options));
    });
  addChaosTools(command, finish);
  command.addHelpText("after", MEANING);
  command.enablePositionalOptions();
  examples(
    command,
    "bridle chaos",
    "bridle chaos --profile storm --seed 7 --port 4010",
    "bridle chaos --fault rate_limited_short@1 --fault eof_in_arguments%10",
    "bridle chaos --profile field --requests 200 --json > report.jsonl",
    "bridle chaos --list --json",
    "bridle chaos tools --upstream http://127.0.0.1:8080 --fault reset_after_commit%5",
  );
}

const MEANING = `
Answers are simulated: no real model is asked, and no key is needed. The stand-in calls the first
tool that it is offered, once, with arguments of the shape that its schema asks for. Point a client
at the address that is printed; the address .../r/KEY/v1 gives a client a run of its own. At the
end (Ctrl-C, --for or --requests) a report says which faults were met and what the client did.

${timesText("of a run")}
Everything on the plain address is one run. With --profile, or no such fault, --rate is the share
of requests that meet the profile's mixture.

With --upstream the client's own key goes to that provider, and only faults of how an answer arrives
can strike: what the model says stays its own. A struck stream comes late, all at once.

A script is a list of answers by position in the conversation, for example
  [{"call": {"name": "find", "arguments": {"id": 1}}}, {"text": "Done."}]`;
