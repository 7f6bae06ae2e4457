/** The command line as its user sees it. A command's own code is loaded when it is called. */
import { Command, Option } from "commander";
import { outcomeKinds } from "../journal/outcome.ts";
import { LIST_MAX } from "../journal/store-rules.ts";
import { exitCodeHelp } from "./exit-code.ts";
import { countOf, examples, many, seedOf, withJournal, withJson, type Finish } from "./options.ts";
import { addBreakers } from "./program-breakers.ts";
import { addChaos } from "./program-chaos.ts";
import { addGovernance } from "./program-governance.ts";
import type { CancelOptions, MessageOptions } from "./commands/message.ts";
import type { DemoOptions } from "./demo/demo.ts";
import type { DoctorOptions } from "./commands/doctor.ts";
import type { InitOptions } from "./commands/init.ts";
import type { ResumeOptions } from "./commands/resume.ts";
import type { RunOptions } from "./commands/run.ts";
import type { RunsOptions } from "./commands/runs.ts";
import type { ShowOptions } from "./commands/show.ts";

export function createProgram(version: string, finish: Finish): Command {
  const program = new Command("bridle")
    .description("Runs agents whose every step is durable and whose effects happen once.")
    .version(version)
    .exitOverride()
    // Options belong to the command before them: `chaos` and `chaos tools` share some names.
    .enablePositionalOptions()
    // Errors are told in one place, in one form.
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      "after",
      `${exitCodeHelp}

Begin with:
  $ bridle init my-agents
  $ bridle demo`,
    );
  addInit(program, finish);
  addRun(program, finish);
  addRuns(program, finish);
  addShow(program, finish);
  addResume(program, finish);
  addCancel(program, finish);
  addSteer(program, finish);
  addGovernance(program, finish);
  addBreakers(program, finish);
  addDoctor(program, finish);
  addDemo(program, finish);
  addChaos(program, finish);
  return program;
}

function addInit(program: Command, finish: Finish): void {
  const command = withJson(program.command("init"))
    .description("write a working project into a new folder; it runs without a key")
    .argument("[folder]", "a new or empty folder", ".")
    .action(async (folder: string, options: InitOptions) => {
      const { initProject } = await import("./commands/init.ts");
      finish(await initProject(folder, options));
    });
  examples(command, "bridle init my-agents");
}

function addRun(program: Command, finish: Finish): void {
  const command = withJournal(program.command("run"))
    .description("start a piece of work and drive it to its end")
    .argument("[agent]", "may be left out when the config has one agent")
    .option("--text <words>", "the work in plain words")
    .option("--input <json>", "the work as JSON, @FILE, or - for stdin")
    .option("--key <key>", "idempotency key: the same key gives the same run")
    .option("--principal <id>", "on whose authority the run acts")
    .option("--tenant <id>", "the principal's tenant")
    .option("--detach", "only accept the work; a worker of this journal does it")
    .action(async (agent: string | undefined, options: RunOptions) => {
      const { runAgent } = await import("./commands/run.ts");
      finish(await runAgent(agent, options));
    });
  examples(
    command,
    'bridle run refund-desk --text "Please refund order A-1001."',
    "bridle run refund-desk --input @ticket.json --key ticket-17 --json",
    "cat ticket.json | bridle run refund-desk --input -",
  );
}

function addRuns(program: Command, finish: Finish): void {
  const command = withJournal(program.command("runs"))
    .description("list runs, newest first")
    .addOption(new Option("--status <status>").choices(["ready", "parked", "finished"]))
    .addOption(new Option("--outcome <outcome>").choices(outcomeKinds))
    .option("--agent <agent>", "only runs of this agent")
    .option("--limit <count>", `at most this many, up to ${LIST_MAX}`, countOf, 50)
    .action(async (options: RunsOptions) => {
      const { listRuns } = await import("./commands/runs.ts");
      finish(await listRuns(options));
    });
  examples(
    command,
    "bridle runs --status parked",
    "bridle runs --outcome failed_recoverable --json | head -3",
  );
}

function addShow(program: Command, finish: Finish): void {
  const command = withJournal(program.command("show"))
    .description("tell the story of a run")
    .argument("<run>", "its id, or the beginning or end of it")
    .option("-f, --follow", "go on until the run ends; with --json one event per line")
    .option("--events", "the journal's events in place of the story")
    .option("--full", "cut nothing short")
    .action(async (run: string, options: ShowOptions) => {
      const { showRun } = await import("./commands/show.ts");
      finish(await showRun(run, options));
    });
  examples(command, "bridle show 7x2k --follow", "bridle show 7x2k --events --json | tail -1");
}

function addResume(program: Command, finish: Finish): void {
  const command = withJournal(program.command("resume"))
    .description("take an unfinished run up and drive it on")
    .argument("<run>", "its id, or the beginning or end of it")
    .option("--happened <call[=json]>", "a call in doubt did happen, with this result", many)
    .option("--not-happened <call>", "a call in doubt did not happen", many)
    .action(async (run: string, options: ResumeOptions) => {
      const { resumeRun } = await import("./commands/resume.ts");
      finish(await resumeRun(run, options));
    });
  examples(
    command,
    "bridle resume 7x2k",
    `bridle resume 7x2k --happened 't2c0={"refundId":"re_1"}'`,
    "bridle resume 7x2k --not-happened t2c0",
  );
}

function addCancel(program: Command, finish: Finish): void {
  const command = withJournal(program.command("cancel"))
    .description("ask a run to end; an effect that has begun is settled first")
    .argument("<run>", "its id, or the beginning or end of it")
    .option("--reason <words>", "kept in the journal")
    .action(async (run: string, options: CancelOptions) => {
      const { cancelRun } = await import("./commands/message.ts");
      finish(await cancelRun(run, options));
    });
  examples(command, 'bridle cancel 7x2k --reason "the customer called it off"');
}

function addSteer(program: Command, finish: Finish): void {
  const command = withJournal(program.command("steer"))
    .description("say something to the model before its next turn")
    .argument("<run>", "its id, or the beginning or end of it")
    .argument("<text>", "what the model is told")
    .action(async (named: string, text: string, options: MessageOptions) => {
      const { steerRun } = await import("./commands/message.ts");
      finish(await steerRun({ named, text }, options));
    });
  examples(command, 'bridle steer 7x2k "Refund the shipping as well."');
}

function addDoctor(program: Command, finish: Finish): void {
  const command = withJournal(program.command("doctor"))
    .description("check the set-up and the journal, and list what is undeclared")
    .option("--provider [model]", "also make one cheap real call to each model, or to this one")
    .action(async (options: DoctorOptions) => {
      const { examine } = await import("./commands/doctor.ts");
      finish(await examine(options));
    });
  examples(
    command,
    "bridle doctor",
    "bridle doctor --provider",
    "bridle doctor --provider openai/gpt-5.2 --json",
    "bridle doctor --store ./bridle.db --json",
  );
}

function addDemo(program: Command, finish: Finish): void {
  const command = withJson(program.command("demo"))
    .description("see a refund desk survive the death of its worker; needs no key")
    .option("--tickets <count>", "how many tickets, 40 when left out", countOf)
    .option("--model <provider/model>", "a real model in place of the simulated one")
    .option("--dir <folder>", "keep the databases there")
    .option("--seed <number>", "of the customers, their tickets and the model's errors", seedOf)
    .action(async (options: Partial<DemoOptions>) => {
      const { runDemo } = await import("./demo/demo.ts");
      finish(await runDemo({ ...options, json: options.json === true }));
    });
  examples(command, "bridle demo", "bridle demo --model openai/gpt-5.2 --tickets 8");
}
