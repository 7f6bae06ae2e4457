/** The command for whoever wants to see how an agent, of any make, stands a faulty wire. */
import { Option, type Command } from "commander";
import type { ChaosOptions } from "./commands/chaos.ts";
import { addChaosTools } from "./program-chaos-tools.ts";
import {
  amountOf,
  countOf,
  examples,
  many,
  portOf,
  rateOf,
  seedOf,
  wholeOf,
  withJson,
  type Finish,
} from "./options.ts";

export function addChaos(program: Command, finish: Finish): void {
  const command = withJson(program.command("chaos"))
    .description("serve a simulated model over a faulty wire, for any agent; needs no key")
    .addOption(
      new Option("--profile <profile>", "a mixture of faults; field when nothing is named").choices(
        ["calm", "field", "storm"],
      ),
    )
    .option(
      "--rate <share>",
      "of the requests that meet a fault, in place of the profile's",
      rateOf,
    )
    .option("--seed <number>", "the same seed strikes the same requests; 1 when left out", seedOf)
    .option(
      "--fault <spec>",
      "a fault by name: NAME, NAME:ARGUMENT, NAME@2, NAME*3, NAME%10; may be repeated",
      many,
    )
    .option("--list", "tell every fault, and end")
    .addOption(
      new Option("--model <model>", "what answers")
        .choices(["stand-in", "echo"])
        .default("stand-in"),
    )
    .option("--script <file>", "a JSON list of answers, in place of --model")
    .option("--latency <ms>", "wait before each answer", wholeOf)
    .option("--port <port>", "any free one when left out", portOf)
    .option("--host <host>", "127.0.0.1 when left out")
    .option("--for <seconds>", "end after so long", amountOf)
    .option("--requests <count>", "end after so many requests", countOf)
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

A fault's time: NAME is every request, NAME@2 the second of a run, NAME*3 its first three, and
NAME%10 one in ten by seeded chance. Everything on the plain address is one run.

A script is a list of answers by position in the conversation, for example
  [{"call": {"name": "find", "arguments": {"id": 1}}}, {"text": "Done."}]`;
