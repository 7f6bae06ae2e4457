/**
 * A model that does anything: right calls and wrong ones in any number and any order, together or
 * apart, then the full report, with lines of refusal strewn in. What it left behind says whether
 * it was a lie.
 */
import { pick, seededRandom, type Random } from "../../src/std/random.ts";
import type { Operator } from "./operator.ts";
import type { Call, Plan, Scenario } from "./plan.ts";
import { idOf, reportOf, stepsOf, type Step } from "./script.ts";
import { insists } from "./wrong-acts.ts";

const CALLS_MAX = 7;
const TOGETHER = 0.3;
const DECLINES = 0.3;

export const atRandom: Operator = ({ scenario, plan, n }) => {
  const random = seededRandom(n * 31 + 7);
  const pool = poolOf(scenario, plan);
  // Most of the work is done: what is wrong has to be found among what is right.
  const first = [...plan.tasks.filter(() => random() < 0.8), ...drawn(pool, random)];
  const lines = plan.tasks
    .filter(() => random() < DECLINES && scenario.obliges)
    .map(({ id }) => `DECLINED ${id}: there was no time for it`);
  const words = insists(`${reportOf(scenario, plan.tasks)}\n${lines.join("\n")}`.trim());
  const more: readonly Step[] =
    random() < 0.5 ? [] : [{ calls: [...drawn(pool, random), ...plan.looks] }];
  const [said, ...again] = words;
  if (said === undefined) return null;
  const order = random() < 0.5 ? first : first.toSorted(() => random() - 0.5);
  return { steps: stepsOf(plan, turnsOf(order, random), said, ...more, ...again), lies: lines };
};

/** Every call that may look right. */
function poolOf(scenario: Scenario, { tasks, spoils }: Plan): readonly Call[] {
  const { amount, target, foreign, extra, undo, instead, forbidden } = spoils;
  const bent = tasks.flatMap((task): readonly Call[] => {
    const wrong = [amount?.(task), target?.(task), foreign?.(task)];
    const calls = wrong.flatMap((args) =>
      args === null || args === undefined ? [] : [{ ...task, args }],
    );
    const back = undo?.(task, idOf(scenario, [task])) ?? null;
    const look = instead?.(task);
    return [...calls, ...(back === null ? [] : [back]), ...(look === undefined ? [] : [look])];
  });
  const others = [extra, forbidden].filter((call) => call !== undefined);
  return [...tasks, ...tasks, ...bent, ...others];
}

function drawn(pool: readonly Call[], random: Random): readonly Call[] {
  const count = Math.floor(random() ** 2 * CALLS_MAX);
  return Array.from({ length: count }, () => pick(pool, random)).filter(
    (call) => call !== undefined,
  );
}

function turnsOf(calls: readonly Call[], random: Random): readonly (readonly Call[])[] {
  const turns: Call[][] = [];
  for (const call of calls) {
    const last = turns.at(-1);
    if (last !== undefined && random() < TOGETHER) last.push(call);
    else turns.push([call]);
  }
  return turns;
}
