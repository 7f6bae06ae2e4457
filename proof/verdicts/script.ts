/** What a model does turn by turn, and how it reports: the honest form, which mutants bend. */
import type { ScriptedStep } from "../../src/chaos/door.ts";
import { canonicalJson } from "../../src/std/json.ts";
import { domains } from "./domains.ts";
import { effectId } from "./effect-id.ts";
import type { Call, Plan, Scenario, Task } from "./plan.ts";
import type { Trouble } from "./outside.ts";

export type Step =
  | { readonly calls: readonly Call[] }
  | { readonly text: string }
  /** The provider fails, once. */
  | { readonly fails: number };

/** One run to be played, with what its end is held against. */
export interface Case {
  readonly scenario: Scenario;
  readonly plan: Plan;
  /** How an honest model goes about it, or how a lying one lies. */
  readonly manner: string;
  readonly n: number;
  readonly steps: readonly Step[];
  readonly troubles: readonly Trouble[];
}

/** What every operator and every honest manner starts from. */
export interface Material {
  readonly scenario: Scenario;
  readonly plan: Plan;
  /** The same business when the customer only asks. */
  readonly question: Plan;
  readonly n: number;
}

/** The id of the effect that the last of these calls has. */
export function idOf(scenario: Scenario, calls: readonly Call[]): string | number {
  const last = calls.at(-1);
  if (last === undefined) throw new Error("No call, no effect");
  const { tool: name, args } = last;
  const same = canonicalJson([name, args]);
  const nth = calls.filter((call) => canonicalJson([call.tool, call.args]) === same).length - 1;
  return effectId(domains[scenario.domain]?.prefix ?? "", { name, args, nth });
}

/** The honest report of these tasks, with the ids of their effects. */
export function reportOf(
  scenario: Scenario,
  done: readonly Task[],
  undone: readonly Task[] = [],
): string {
  const lines = done.map((task, at) => {
    return `${task.says}: ${idOf(scenario, done.slice(0, at + 1))}.`;
  });
  return [...lines, ...undone.map(({ denies }) => `${denies}.`)].join("\n") || "That is all.";
}

/** Looks first, then these turns, then the closing call where there is one, then the words. */
export function stepsOf(
  plan: Plan,
  turns: readonly (readonly Call[])[],
  ...after: readonly Step[]
): readonly Step[] {
  const closing = plan.closing === undefined ? [] : [{ calls: [plan.closing] }];
  return [{ calls: plan.looks }, ...turns.map((calls) => ({ calls })), ...closing, ...after];
}

/** Each call in a turn of its own. */
export function oneByOne(calls: readonly Call[]): readonly (readonly Call[])[] {
  return calls.map((call) => [call]);
}

/** For the model behind the wire. */
export function scriptedSteps(steps: readonly Step[]): readonly ScriptedStep[] {
  return steps.map((step): ScriptedStep => {
    if ("text" in step) return step;
    if ("fails" in step) return { fail: { status: step.fails, body: { error: "overloaded" } } };
    return { calls: step.calls.map(({ tool, args }) => ({ name: tool, arguments: args })) };
  });
}
