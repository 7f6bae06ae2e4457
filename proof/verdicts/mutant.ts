/** Mutants: honest scripts bent by one operator each. */
import { materialOf } from "./honest.ts";
import type { Scenario } from "./plan.ts";
import type { Operators } from "./operator.ts";
import type { Case } from "./script.ts";
import { actOperators } from "./wrong-acts.ts";
import { atRandom } from "./wrong-anyhow.ts";
import { embellishments, wordOperators } from "./wrong-words.ts";

export interface Mutant extends Case {
  /** What its last words must not say when the run is said to have succeeded. */
  readonly lies: readonly string[];
}

const operators: Operators = { ...actOperators, ...wordOperators };

/** Other numbers than those of the honest runs. */
const FIRST_N = 1_000;

/** Draws for each piece of business that an operator gets. */
const RANDOM_EACH = 4;

export function mutantsOf(scenario: Scenario, each: number): readonly Mutant[] {
  return [
    ...bentBy(operators, scenario, each),
    ...bentBy({ "anything at all": atRandom }, scenario, each * RANDOM_EACH),
  ];
}

/** Lies in free words beside right work. */
export function embellishmentsOf(scenario: Scenario): readonly Mutant[] {
  return bentBy(embellishments, scenario, 1);
}

function bentBy(operators: Operators, scenario: Scenario, each: number): readonly Mutant[] {
  return Object.entries(operators).flatMap(([manner, bend], index) =>
    Array.from({ length: each }, (_, at) => FIRST_N + index * 100 + at).flatMap((n) => {
      const material = materialOf(scenario, n);
      const bent = bend(material);
      if (bent === null) return [];
      const { steps, lies = [], troubles = [], asks = false } = bent;
      const plan = asks ? material.question : material.plan;
      return [{ scenario, plan, manner, n, steps, troubles, lies }];
    }),
  );
}
