/**
 * Small wrong changes to each rule, to see whether the examples would notice. A survivor is a
 * mistake that nothing would tell.
 *
 * M1 Each mutant is one change to one rule; it is killed when any example is decided otherwise, or
 *    no longer by the rule the example names.
 * M2 The score is of mutants that were tried; what could not be tried is counted apart.
 */
import { settle } from "./verdict.ts";
import type { PreparedExample } from "./arm.ts";
import { judgeExample } from "./example.ts";
import type { Binary, BinaryOperator, Expression } from "./expression.ts";
import { createForeign, isForeign } from "./foreign.ts";
import { createJudge, type Judge, type Judged } from "./judge.ts";
import type { PolicySet } from "./load.ts";
import { readRequest, type Ask } from "./request.ts";
import { variantsOf, type Variant } from "./rewrite.ts";
import { ruleToEst, type Condition, type Rule } from "./rule.ts";

export interface MutationReport {
  readonly mutants: number;
  readonly killed: number;
  /** Could not be evaluated, so it says nothing. */
  readonly untried: number;
  readonly survivors: readonly Survivor[];
}

export interface Survivor {
  readonly policy: string;
  readonly file: string;
  readonly line: number;
  /** What was changed: `drops "principal.roles …"`. */
  readonly mutation: string;
}

interface Mutant {
  readonly rule: Rule;
  readonly what: string;
}

/** Beyond this, rules are left out from the end and counted as untried. */
const MUTANTS_MAX = 50_000;

/** Drafts and built-in rules are not mutated: the first need no examples, the second are ours. */
export function mutatePolicies(set: PolicySet): MutationReport {
  const { rules, examples } = set.parts;
  const enforced = rules.filter(({ isDraft }) => !isDraft);
  const own = enforced.filter(({ isBuiltIn }) => !isBuiltIn);
  const trials = trialsOf(set, enforced, examples);
  const mutants = own.flatMap((rule) => mutantsOf(rule).map((mutant) => ({ rule, mutant })));
  const survivors: Survivor[] = [];
  let killed = 0;
  let untried = Math.max(0, mutants.length - MUTANTS_MAX);
  for (const { rule, mutant } of mutants.slice(0, MUTANTS_MAX)) {
    const judge = judgeOf(mutant.rule);
    if (judge === null) untried += 1;
    else if (trials.some((trial) => notices(trial, rule, judge))) killed += 1;
    else {
      const { id: policy, file, line } = rule;
      survivors.push({ policy, file, line, mutation: mutant.what });
    }
  }
  return { mutants: killed + survivors.length, killed, untried, survivors };
}

/** One example with what the rules as they are make of it. */
interface Trial {
  readonly prepared: PreparedExample;
  readonly ask: Ask;
  readonly judged: Judged;
}

function trialsOf(
  set: PolicySet,
  enforced: readonly Rule[],
  examples: readonly PreparedExample[],
): readonly Trial[] {
  const judge = foreignJudge(enforced, "whole");
  return examples.flatMap((prepared) => {
    const ask = readRequest(prepared.request, set.parts.reading);
    if ("misfit" in ask || prepared.example.isDraft) return [];
    return [{ prepared, ask, judged: judge(ask) }];
  });
}

/** Only the mutant's own part of the judgement can have changed. */
function notices({ prepared, ask, judged }: Trial, rule: Rule, judge: Judge): boolean {
  const own = judge(ask);
  const others = (rules: readonly Rule[]): readonly Rule[] =>
    rules.filter(({ id }) => id !== rule.id);
  const whole: Judged = {
    permits: [...others(judged.permits), ...own.permits],
    forbids: [...others(judged.forbids), ...own.forbids],
    erring: [...judged.erring.filter((each) => each.rule.id !== rule.id), ...own.erring],
  };
  const answer = settle(whole, prepared.request.approved);
  return judgeExample(prepared.example, answer) !== null;
}

/** Null when Cedar's own engine is needed and does not take the mutant. */
function judgeOf(rule: Rule): Judge | null {
  if (!isForeign(rule)) return createJudge([rule], null);
  try {
    return foreignJudge([rule], "mutant");
  } catch {
    return null;
  }
}

function foreignJudge(rules: readonly Rule[], slot: string): Judge {
  const strangers = rules.filter(isForeign);
  if (strangers.length === 0) return createJudge(rules, null);
  const of = (effect: Rule["effect"]) =>
    Object.fromEntries(
      strangers
        .filter((rule) => rule.effect === effect)
        .map((rule) => [rule.id, slot === "whole" ? rule.text : ruleToEst(rule)]),
    );
  const policies = { permit: of("permit"), forbid: of("forbid") };
  return createJudge(rules, createForeign(policies, `mutate:${slot}`));
}

function mutantsOf(rule: Rule): readonly Mutant[] {
  const flipped = rule.effect === "permit" ? "forbid" : "permit";
  const mutants: Mutant[] = [
    {
      rule: { ...rule, effect: flipped, question: null },
      what: `${flipped}s what it ${rule.effect}s`,
    },
  ];
  for (const part of ["principal", "resource"] as const) {
    const scope = rule[part];
    if (scope.kind === "any" || (scope.kind === "is" && scope.within === null)) continue;
    mutants.push({ rule: { ...rule, [part]: { kind: "any" } }, what: `is about any ${part}` });
  }
  for (const [i, condition] of rule.conditions.entries()) {
    for (const { condition: changed, what } of conditionVariants(condition)) {
      const conditions = rule.conditions.toSpliced(i, 1, ...(changed === null ? [] : [changed]));
      mutants.push({ rule: { ...rule, conditions }, what });
    }
  }
  return mutants;
}

interface ConditionVariant {
  /** Null: the condition is gone. */
  readonly condition: Condition | null;
  readonly what: string;
}

function conditionVariants({ kind, body }: Condition): readonly ConditionVariant[] {
  const turned = kind === "when" ? "unless" : "when";
  return [
    { condition: null, what: `drops its ${kind}` },
    { condition: { kind: turned, body }, what: `reads its ${kind} as ${turned}` },
    ...variantsOf(body, changesOf).map(({ expression, what }) => {
      return { condition: { kind, body: expression }, what };
    }),
  ];
}

/** The next wider or narrower comparison. */
const shifted: Partial<Record<BinaryOperator, BinaryOperator>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "==": "!=",
  "!=": "==",
  "+": "-",
  "-": "+",
  containsAll: "containsAny",
  containsAny: "containsAll",
};

function changesOf(expression: Expression): readonly Variant[] {
  switch (expression.kind) {
    case "binary":
      return binaryChanges(expression);
    case "like":
      return [{ expression: { ...expression, pattern: [null] }, what: "widens a like to *" }];
    case "unary":
      if (expression.operator !== "!") return [];
      return [{ expression: expression.of, what: "drops a not" }];
    case "literal":
    case "variable":
    case "attribute":
    case "has":
    case "is":
    case "if":
    case "set":
    case "record":
    case "foreign":
    default:
      return [];
  }
}

function binaryChanges(expression: Binary): readonly Variant[] {
  const { operator, left, right } = expression;
  if (operator === "&&" || operator === "||") {
    const noun = operator === "&&" ? "conjunct" : "alternative";
    const not = (of: Expression): Expression => ({ kind: "unary", operator: "!", of });
    return [
      { expression: right, what: `drops the ${noun} left of ${operator}` },
      { expression: left, what: `drops the ${noun} right of ${operator}` },
      { expression: { ...expression, left: not(left) }, what: `negates left of ${operator}` },
      { expression: { ...expression, right: not(right) }, what: `negates right of ${operator}` },
    ];
  }
  const other = shifted[operator];
  if (other === undefined) return [];
  return [
    { expression: { ...expression, operator: other }, what: `reads ${operator} as ${other}` },
  ];
}
