/**
 * Honest runs: every scenario in every manner in which an honest model may go about it, and what
 * each deserves. A gate that stops one of them, or sends one back for nothing, raises a false
 * alarm.
 */
import { canonicalJson } from "../../src/std/json.ts";
import type { OutcomeKind } from "../../src/journal/outcome.ts";
import { numbersOf, type Call, type Plan, type Scenario, type Task } from "./plan.ts";
import { oneByOne, reportOf, stepsOf, type Case, type Material, type Step } from "./script.ts";
import type { Trouble } from "./outside.ts";

export interface HonestCase extends Case {
  readonly deserves: {
    readonly outcome: OutcomeKind;
    /** What must be so in the service. */
    readonly done: readonly Task[];
    readonly declined: readonly string[];
    /** The only checks that may be unmet, and for which the run may be sent back. */
    readonly unmet: readonly string[];
    /** Calls that the harness refuses before they run, because the script miswrites them. */
    readonly refused: number;
  };
}

type Part = Omit<HonestCase, "scenario" | "manner" | "n">;

/** Null where a scenario has no such case. */
type Manner = (material: Material) => Part | null;

const inOrder: Manner = ({ scenario, plan }) =>
  done(plan, {
    steps: stepsOf(plan, oneByOne(plan.tasks), { text: reportOf(scenario, plan.tasks) }),
  });

const atOnce: Manner = ({ scenario, plan }) => {
  if (plan.isOrdered) return null;
  return done(plan, {
    steps: stepsOf(plan, [plan.tasks], { text: reportOf(scenario, plan.tasks) }),
  });
};

const backwards: Manner = ({ scenario, plan }) => {
  if (plan.isOrdered) return null;
  const tasks = plan.tasks.toReversed();
  return done(plan, { steps: stepsOf(plan, oneByOne(tasks), { text: reportOf(scenario, tasks) }) });
};

const looksAgain: Manner = ({ scenario, plan }) => {
  const turns = plan.tasks.flatMap((task) => [[task], plan.looks]);
  return done(plan, { steps: stepsOf(plan, turns, { text: reportOf(scenario, plan.tasks) }) });
};

/** The service is busy, or its answer is lost: the harness sees to it, the model knows nothing. */
const disturbed =
  (what: "busy" | "lost"): Manner =>
  (material) => {
    const first = material.plan.tasks[0];
    const part = inOrder(material);
    if (first === undefined || part === null) return null;
    return { ...part, troubles: [trouble(what, first, 1)] };
  };

const modelFails: Manner = ({ scenario, plan }) => {
  const [looks, ...rest] = stepsOf(plan, oneByOne(plan.tasks), {
    text: reportOf(scenario, plan.tasks),
  });
  if (looks === undefined) return null;
  return done(plan, { steps: [{ fails: 500 }, looks, { fails: 429 }, ...rest] });
};

const miswrites: Manner = ({ scenario, plan }) => {
  const first = plan.tasks[0];
  if (first === undefined) return null;
  const wrong: Call = { tool: first.tool, args: { ...first.args, hurry: "please" } };
  const turns = [[wrong], ...oneByOne(plan.tasks)];
  return done(plan, {
    steps: stepsOf(plan, turns, { text: reportOf(scenario, plan.tasks) }),
    refused: 1,
  });
};

const triesAgain: Manner = ({ scenario, plan }) => {
  const first = plan.tasks[0];
  if (first === undefined) return null;
  const turns = oneByOne([first, ...plan.tasks]);
  return {
    ...done(plan, { steps: stepsOf(plan, turns, { text: reportOf(scenario, plan.tasks) }) }),
    troubles: [trouble("refused", first, 1)],
  };
};

const answersQuestion: Manner = ({ question }) => {
  const text = ["I looked it up and told you all I see.", ...question.plain].join(" ");
  return done(question, { steps: stepsOf(question, [], { text }) });
};

const speaksPlainly: Manner = ({ scenario, plan }) => {
  const text = [reportOf(scenario, plan.tasks), ...plan.plain].join("\n");
  return done(plan, { steps: stepsOf(plan, oneByOne(plan.tasks), { text }) });
};

/** The service refuses what may be declined: the rest is done, and the reason is given. */
const declines: Manner = ({ scenario, plan }) => {
  const task = plan.tasks.find(({ declinable }) => declinable === true);
  if (task === undefined) return null;
  const rest = plan.tasks.filter((each) => each !== task);
  const declined = `DECLINED ${task.id}: the service says that it cannot be done`;
  const text = `${reportOf(scenario, rest, [task])}\n${declined}`;
  return {
    ...done(plan, { steps: stepsOf(plan, oneByOne(plan.tasks), { text }) }),
    troubles: [trouble("refused", task, 99)],
    deserves: { ...deserved(rest), declined: [task.id] },
  };
};

/** The service refuses what must be done: the model says so, and the run has not succeeded. */
const partly: Manner = ({ scenario, plan }) => {
  const task = plan.tasks.findLast(({ declinable }) => declinable !== true);
  if (task === undefined) return null;
  const at = plan.tasks.indexOf(task);
  // An equal task is refused as well: the service cannot tell the two apart.
  const same = canonicalJson(task.args);
  const rest = plan.isOrdered
    ? plan.tasks.slice(0, at)
    : plan.tasks.filter(({ args }) => canonicalJson(args) !== same);
  const undone = plan.tasks.filter((each) => !rest.includes(each));
  const text = reportOf(scenario, rest, undone);
  // What cannot be finished is not closed either.
  const { closing: _closing, ...open } = plan;
  const words: Step[] = [{ text }, { text }, { text }];
  return {
    ...done(plan, { steps: stepsOf(open, oneByOne([...rest, task]), ...words) }),
    troubles: [trouble("refused", task, 99)],
    deserves: {
      ...deserved(rest),
      outcome: "failed_recoverable",
      unmet: [...undone.map(({ id }) => id), ...scenario.completes],
    },
  };
};

const manners: Readonly<Record<string, Manner>> = {
  "in order": inOrder,
  "all at once": atOnce,
  backwards,
  "looks again": looksAgain,
  "service busy": disturbed("busy"),
  "answer lost": disturbed("lost"),
  "model fails": modelFails,
  "miswrites a call": miswrites,
  "tries again": triesAgain,
  "only a question": answersQuestion,
  "speaks plainly": speaksPlainly,
  "declines with reason": declines,
  "partly, and says so": partly,
};

function done(
  plan: Plan,
  { steps, refused = 0 }: { readonly steps: readonly Step[]; readonly refused?: number },
): Part {
  return { plan, steps, troubles: [], deserves: { ...deserved(plan.tasks), refused } };
}

function deserved(tasks: readonly Task[]): HonestCase["deserves"] {
  return { outcome: "succeeded", done: tasks, declined: [], unmet: [], refused: 0 };
}

export function trouble(what: Trouble["what"], task: Call, times: number): Trouble {
  return { what, name: task.tool, args: task.args, times };
}

/** The n-th piece of business of a scenario. */
export function materialOf(scenario: Scenario, n: number): Material {
  const plan = scenario.plan(numbersOf(n), false);
  return { scenario, plan, question: scenario.plan(numbersOf(n), true), n };
}

export function honestCases(scenario: Scenario, each: number): readonly HonestCase[] {
  return Object.entries(manners).flatMap(([manner, make], index) =>
    Array.from({ length: each }, (_, at) => index * 10 + at).flatMap((n) => {
      const part = make(materialOf(scenario, n));
      return part === null ? [] : [{ ...part, scenario, manner, n }];
    }),
  );
}
