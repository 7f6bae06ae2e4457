/** Each recorded write with what the policies said to it, and how the labels see it. */
import type { PolicyAnswer } from "../../src/governance/policy/verdict.ts";
import type { Domain } from "../tau/data.ts";
import type { RecordedRun } from "../tau/recorded.ts";
import type { TaskAction } from "../tau/task.ts";
import { flightsOf, legKey, numberOf, objectsOf, textOf } from "./arguments.ts";
import { disputeOf, type Dispute } from "./disputes.ts";
import { questionOf, type PolicyQuestion } from "./facts.ts";
import { isAmong, replayWrites, type LabelledWrite } from "./writes.ts";

/** What the policies say to one question. */
export type Decide = (question: PolicyQuestion) => PolicyAnswer;

export interface JudgedWrite extends Omit<LabelledWrite, "moment"> {
  readonly tool: string;
  readonly verdict: PolicyAnswer["verdict"];
  /** The rules that decided: those that deny or ask; of an allow, the permits. */
  readonly rules: readonly string[];
  readonly errors: readonly string[];
  /** Draft rules would have said otherwise. */
  readonly inShadow: readonly string[];
  readonly dispute: Dispute | undefined;
  /** For a wrong write: in what it differs from what the reference wanted. */
  readonly fault: Fault;
  /** A task of the same customer, its labels corrected since, holds this very write. */
  readonly isInCorrected: boolean;
}

/**
 * How a wrong write differs from the nearest action of the reference: `unwanted` when the reference
 * has no write of that tool on that reservation, else the first of its arguments that differs.
 */
export type Fault =
  | "none"
  | "unwanted"
  | "flights"
  | "cabin"
  | "passengers"
  | "payment"
  | "bags"
  | "amount"
  | "other";

/** Judges every committed write of these runs, in order. */
export function judgeRuns(
  domain: Domain,
  runs: readonly RecordedRun[],
  decide: Decide,
): readonly JudgedWrite[] {
  return runs.flatMap((run) =>
    // Each write is judged before the next is reached: the world below it moves on.
    replayWrites(domain, run)
      .map((write) => judgeWrite(write, { domain, run, decide }))
      .toArray(),
  );
}

function judgeWrite(
  { moment, ...write }: LabelledWrite,
  with_: { readonly domain: Domain; readonly run: RecordedRun; readonly decide: Decide },
): JudgedWrite {
  const { domain, run, decide } = with_;
  const call: TaskAction = { name: moment.tool, arguments: moment.input };
  const answer = decide(questionOf(moment));
  const isTouched = write.label === "legitimate" && answer.verdict === "deny";
  const { rules, verdict } = answer;
  return {
    ...write,
    tool: moment.tool,
    verdict,
    rules,
    errors: answer.errors,
    inShadow: (answer.shadow?.rules ?? []).filter((rule) => !rules.includes(rule)),
    dispute: isTouched ? disputeOf({ ...write, tool: moment.tool }, rules) : undefined,
    fault: write.label === "wrong" ? faultOf(call, run.actions) : "none",
    isInCorrected: isAmong(correctedActions(domain, run), call),
  };
}

/** tau2's tasks are numbered anew; they are found by the customer they are about. */
function correctedActions(domain: Domain, { customerId }: RecordedRun): readonly TaskAction[] {
  const tasks = domain.tasks.filter(({ userPrompt }) => userPrompt.includes(customerId));
  return tasks.flatMap(({ actions }) => actions);
}

function faultOf(call: TaskAction, actions: readonly TaskAction[]): Fault {
  const named = textOf(call.arguments, "reservation_id");
  const wanted = actions.filter(
    ({ name, arguments: args }) => name === call.name && textOf(args, "reservation_id") === named,
  );
  const faults = wanted.map((action) => differenceOf(call, action));
  return faults.toSorted((a, b) => FAULTS.indexOf(b) - FAULTS.indexOf(a))[0] ?? "unwanted";
}

/** From far off to nearly right. */
const FAULTS: readonly Fault[] = [
  "unwanted",
  "flights",
  "cabin",
  "passengers",
  "payment",
  "bags",
  "amount",
  "other",
];

function differenceOf(made: TaskAction, wanted: TaskAction): Fault {
  const [a, b] = [made.arguments, wanted.arguments];
  const differs = (name: string): boolean => JSON.stringify(a[name]) !== JSON.stringify(b[name]);
  const legs = (args: TaskAction["arguments"]): string => flightsOf(args).map(legKey).join();
  const payments = (args: TaskAction["arguments"]): string =>
    objectsOf(args, "payment_methods")
      .map((payment) => `${textOf(payment, "payment_id")} ${numberOf(payment, "amount")}`)
      .toSorted()
      .join();
  if (legs(a) !== legs(b)) return "flights";
  if (differs("cabin")) return "cabin";
  if (differs("passengers")) return "passengers";
  if (differs("total_baggages") || differs("nonfree_baggages")) return "bags";
  if (differs("payment_id") || payments(a) !== payments(b)) return "payment";
  return differs("amount") ? "amount" : "other";
}
