/** The commands of those who govern runs: approvals, budgets, policies. */
import type { Command } from "commander";
import { LIST_MAX } from "../journal/store-rules.ts";
import type { DeclineOptions, RaiseOptions, VoteOptions } from "./commands/answer.ts";
import type { ApprovalsOptions } from "./commands/approvals.ts";
import type { BudgetOptions } from "./commands/budget.ts";
import type { PolicyCheckOptions } from "./commands/policy-check.ts";
import type { PolicyExplainOptions } from "./commands/policy-explain.ts";
import type { PolicySimulateOptions } from "./commands/policy-simulate.ts";
import type { PolicyTestOptions } from "./commands/policy-test.ts";
import {
  amountOf,
  countOf,
  examples,
  percentOf,
  wholeOf,
  withJournal,
  withJson,
  type Finish,
} from "./options.ts";

export function addGovernance(program: Command, finish: Finish): void {
  addApprovals(program, finish);
  addApprove(program, finish);
  addDeny(program, finish);
  addDecline(program, finish);
  addRaise(program, finish);
  addBudget(program, finish);
  addPolicy(program, finish);
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

function addRaise(program: Command, finish: Finish): void {
  const command = withPerson(program.command("raise"))
    .description("let a run spend more than its budget")
    .argument("<run>", "its id, or the beginning or end of it")
    .option("--usd <amount>", "US dollars more", amountOf)
    .option("--input-tokens <count>", "tokens more", wholeOf)
    .option("--output-tokens <count>", "tokens more", wholeOf)
    .action(async (named: string, options: RaiseOptions) => {
      const { raiseBudget } = await import("./commands/answer.ts");
      finish(await raiseBudget(named, options));
    });
  examples(command, "bridle raise 7x2k --as ann --usd 0.5");
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
