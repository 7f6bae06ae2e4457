/** The command line as its user sees it. A command's own code is loaded when it is called. */
import { Command, InvalidArgumentError, Option } from "commander";
import { outcomeKinds } from "../journal/outcome.ts";
import { LIST_MAX } from "../journal/store-rules.ts";
import { exitCodeHelp } from "./exit-code.ts";
import type { BudgetOptions } from "./commands/budget.ts";
import type { DeclineOptions, VoteOptions } from "./commands/answer.ts";
import type { ApprovalsOptions } from "./commands/approvals.ts";
import type { CancelOptions, MessageOptions } from "./commands/message.ts";
import type { DemoOptions } from "./demo/demo.ts";
import type { DoctorOptions } from "./commands/doctor.ts";
import type { InitOptions } from "./commands/init.ts";
import type { PolicyCheckOptions } from "./commands/policy-check.ts";
import type { PolicyExplainOptions } from "./commands/policy-explain.ts";
import type { PolicySimulateOptions } from "./commands/policy-simulate.ts";
import type { PolicyTestOptions } from "./commands/policy-test.ts";
import type { ResumeOptions } from "./commands/resume.ts";
import type { RunOptions } from "./commands/run.ts";
import type { RunsOptions } from "./commands/runs.ts";
import type { ShowOptions } from "./commands/show.ts";

/** Told the exit code of the command that ran. */
type Finish = (code: number) => void;

export function createProgram(version: string, finish: Finish): Command {
  const program = new Command("bridle")
    .description("Runs agents whose every step is durable and whose effects happen once.")
    .version(version)
    .exitOverride()
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
  addBudget(program, finish);
  addApprovals(program, finish);
  addApprove(program, finish);
  addDeny(program, finish);
  addDecline(program, finish);
  addDoctor(program, finish);
  addPolicy(program, finish);
  addDemo(program, finish);
  return program;
}

function withJournal(command: Command): Command {
  return withJson(command)
    .option("--store <file>", "the journal file; for commands that only look it needs no config")
    .option("--config <file>", "in place of bridle.config.ts in the current folder");
}

function withJson(command: Command): Command {
  return command.option("--json", "machine-readable: data on stdout, errors as JSON on stderr");
}

function examples(command: Command, ...lines: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`);
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

function addBudget(program: Command, finish: Finish): void {
  const command = withJournal(program.command("budget"))
    .description("what is spent and held, by scope and unit")
    .option("--scope <scope>", "this scope and those below it, for example org/acme")
    .option("--limit <count>", `at most this many, up to ${LIST_MAX}`, countOf, 100)
    .action(async (options: BudgetOptions) => {
      const { showBudget } = await import("./commands/budget.ts");
      finish(await showBudget(options));
    });
  examples(command, "bridle budget", "bridle budget --scope org/acme --json");
}

function addApprovals(program: Command, finish: Finish): void {
  const command = withJournal(program.command("approvals"))
    .description("list the calls that wait for people, each exactly as it would run")
    .option("--run <run>", "only those of one run")
    .option("--all", "also those that have been settled")
    .action(async (options: ApprovalsOptions) => {
      const { showApprovals } = await import("./commands/approvals.ts");
      finish(await showApprovals(options));
    });
  examples(command, "bridle approvals", "bridle approvals --run 7x2k --all --json");
}

function withPerson(command: Command): Command {
  return withJournal(command).requiredOption("--as <person>", "who says so, by the config's id");
}

function addApprove(program: Command, finish: Finish): void {
  const command = withPerson(program.command("approve"))
    .description("let a waiting call run, or put other arguments in its place")
    .argument("<approval>", "its id, or the beginning or end of it")
    .option("--reason <words>", "kept in the journal")
    .option("--for <person>", "in whose place, by delegation")
    .option("--edit <json>", "all arguments anew: the changed call is asked about again")
    .action(async (approval: string, options: VoteOptions) => {
      const { approveCall } = await import("./commands/answer.ts");
      finish(await approveCall(approval, options));
    });
  examples(
    command,
    'bridle approve 7x2k --as ann --reason "known customer"',
    "bridle approve 7x2k --as bob --for ann",
    `bridle approve 7x2k --as ann --edit '{"orderId":"A-1001","cents":500}'`,
  );
}

function addDeny(program: Command, finish: Finish): void {
  const command = withPerson(program.command("deny"))
    .description("refuse a waiting call; the model is told the reason")
    .argument("<approval>", "its id, or the beginning or end of it")
    .requiredOption("--reason <words>", "told to the model and kept in the journal")
    .option("--for <person>", "in whose place, by delegation")
    .action(async (approval: string, options: VoteOptions) => {
      const { denyCall } = await import("./commands/answer.ts");
      finish(await denyCall(approval, options));
    });
  examples(command, 'bridle deny 7x2k --as ann --reason "it was paid yesterday"');
}

function addDecline(program: Command, finish: Finish): void {
  const command = withPerson(program.command("decline"))
    .description("say that a run need not meet one of its obligations")
    .argument("<run>", "its id, or the beginning or end of it")
    .argument("<obligation>", "the obligation's id")
    .requiredOption("--reason <words>", "kept in the journal")
    .action(async (named: string, obligationId: string, options: DeclineOptions) => {
      const { declineObligation } = await import("./commands/answer.ts");
      finish(await declineObligation({ named, obligationId }, options));
    });
  examples(command, 'bridle decline 7x2k pay-A1 --as ann --reason "the order was cancelled"');
}

function addDoctor(program: Command, finish: Finish): void {
  const command = withJournal(program.command("doctor"))
    .description("check the set-up and the journal, and list what is undeclared")
    .action(async (options: DoctorOptions) => {
      const { examine } = await import("./commands/doctor.ts");
      finish(await examine(options));
    });
  examples(command, "bridle doctor", "bridle doctor --store ./bridle.db --json");
}

function addPolicy(program: Command, finish: Finish): void {
  const policy = program
    .command("policy")
    .description("check and test the policies that say what agents may do");
  const withConfig = (command: Command): Command =>
    withJson(command)
      .argument("[files...]", "Cedar files or globs; absent: those that the agents name")
      .option("--agent <agent>", "only this agent of the config")
      .option("--config <file>", "in place of bridle.config.ts in the current folder");
  const check = withConfig(policy.command("check"))
    .description("hold the policies against the agents' tools; exit code 1 when any is refused")
    .action(async (files: readonly string[], options: PolicyCheckOptions) => {
      const { checkPolicies } = await import("./commands/policy-check.ts");
      finish(await checkPolicies(files, options));
    });
  examples(check, "bridle policy check", "bridle policy check policies/refund.cedar --json");
  const test = withConfig(policy.command("test"))
    .description("run the policies' examples, and see whether they would notice a wrong rule")
    .option("--score <percent>", "exit code 1 when fewer of the wrong rules are noticed", percentOf)
    .action(async (files: readonly string[], options: PolicyTestOptions) => {
      const { testPolicies } = await import("./commands/policy-test.ts");
      finish(await testPolicies(files, options));
    });
  examples(test, "bridle policy test", "bridle policy test --score 90 --json");
  addPolicyOverRuns(policy, { withConfig, finish });
}

function addPolicyOverRuns(
  policy: Command,
  given: { readonly withConfig: (command: Command) => Command; readonly finish: Finish },
): void {
  const { withConfig, finish } = given;
  const explain = withJson(policy.command("explain"))
    .description("why a call was allowed, refused or put to a person")
    .argument("<run>", "its id, or the beginning or end of it")
    .argument("[call]", "such as t1c0; absent: every call that was no plain yes")
    .option("--store <file>", "the journal, in place of the config's")
    .option("--config <file>", "in place of bridle.config.ts in the current folder")
    .action(async (run: string, call: string | undefined, options: PolicyExplainOptions) => {
      const { explainCall } = await import("./commands/policy-explain.ts");
      finish(await explainCall(run, call, options));
    });
  examples(explain, "bridle policy explain 01k3 t2c0", "bridle policy explain 01k3 --json");
  const simulate = withConfig(policy.command("simulate"))
    .description("what other policies would have stopped in the runs of a journal")
    .option("--store <file>", "the journal, in place of the config's")
    .option("--last <count>", "the newest runs of each agent, 1000 when left out", countOf)
    .action(async (files: readonly string[], options: PolicySimulateOptions) => {
      const { simulatePolicies } = await import("./commands/policy-simulate.ts");
      finish(await simulatePolicies(files, options));
    });
  examples(simulate, "bridle policy simulate policies/stricter.cedar --last 500 --json");
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

function many(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function countOf(value: string): number {
  const count = Number(value);
  if (Number.isSafeInteger(count) && count > 0 && count <= LIST_MAX) return count;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${LIST_MAX}.`);
}

function percentOf(value: string): number {
  const percent = Number(value);
  if (value.trim() !== "" && percent >= 0 && percent <= 100) return percent;
  throw new InvalidArgumentError("Give a number from 0 to 100.");
}

function seedOf(value: string): number {
  const seed = Number(value);
  if (Number.isSafeInteger(seed)) return seed;
  throw new InvalidArgumentError("Give a whole number.");
}
