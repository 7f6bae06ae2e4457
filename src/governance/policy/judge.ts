/**
 * Which rules of a set hold for a request, found without walking the set.
 *
 * J1 The answer is the one of walking every rule: a shelf only leaves out rules that cannot hold
 *    and cannot err.
 * J2 A rule that errs holds for nothing and is named, whatever else holds.
 */
import { EvaluationFault } from "./evaluate.ts";
import type { Foreign, ForeignOutcome } from "./foreign.ts";
import type { Ask } from "./request.ts";
import type { Rule } from "./rule.ts";
import { compileRule, layOut, visitShelf, type Compiled, type Shelf } from "./shelf.ts";

export interface Judged {
  /** The rules that hold, in the set's order. */
  readonly permits: readonly Rule[];
  readonly forbids: readonly Rule[];
  readonly erring: readonly Erring[];
}

export interface Erring {
  readonly rule: Rule;
  readonly message: string;
}

export type Judge = (ask: Ask) => Judged;

/** `foreign` evaluates the rules that `isForeign`; null when there are none. */
export function createJudge(rules: readonly Rule[], foreign: Foreign | null): Judge {
  const compiled = rules.map(compileRule);
  const shelves = new Map<string, Shelf>();
  return (ask) => {
    const { key } = ask.action.ref;
    let shelf = shelves.get(key);
    if (shelf === undefined) {
      shelf = layOut(compiled, ask.action);
      shelves.set(key, shelf);
    }
    return judge(shelf, ask, foreign);
  };
}

/** A request on trial: what was found so far. */
interface Trial {
  readonly ask: Ask;
  readonly foreign: Foreign | null;
  readonly permits: Compiled[];
  readonly forbids: Compiled[];
  readonly erring: { readonly each: Compiled; readonly message: string }[];
  /** Looked up once, when the first foreign rule comes into question. */
  outcome: ForeignOutcome | null;
}

function judge(shelf: Shelf, ask: Ask, foreign: Foreign | null): Judged {
  const trial: Trial = { ask, foreign, permits: [], forbids: [], erring: [], outcome: null };
  visitShelf(shelf, ask, (each) => tryRule(each, trial));
  const erring = trial.erring.sort((a, b) => a.each.order - b.each.order);
  return {
    permits: inOrder(trial.permits),
    forbids: inOrder(trial.forbids),
    erring: erring.map(({ each, message }) => ({ rule: each.rule, message })),
  };
}

function inOrder(found: Compiled[]): readonly Rule[] {
  if (found.length > 1) found.sort((a, b) => a.order - b.order);
  return found.map(({ rule }) => rule);
}

function tryRule(each: Compiled, trial: Trial): void {
  const { ask } = trial;
  if (!each.principal(ask) || !each.resource(ask)) return;
  if (each.isForeign) {
    tryForeign(each, trial);
    return;
  }
  try {
    for (const condition of each.conditions) if (!condition(ask)) return;
  } catch (thrown) {
    if (!(thrown instanceof EvaluationFault)) throw thrown;
    trial.erring.push({ each, message: thrown.message });
    return;
  }
  hold(each, trial);
}

function tryForeign(each: Compiled, trial: Trial): void {
  const { ask, foreign, erring } = trial;
  if (foreign === null) {
    erring.push({ each, message: "Cedar's own engine is not there to evaluate it" });
    return;
  }
  trial.outcome ??= foreign.evaluate(ask);
  const message = trial.outcome.erring.get(each.rule.id);
  if (message !== undefined) erring.push({ each, message });
  else if (trial.outcome.satisfied.has(each.rule.id)) hold(each, trial);
}

function hold(each: Compiled, { permits, forbids }: Trial): void {
  if (each.rule.effect === "permit") permits.push(each);
  else forbids.push(each);
}
