/**
 * From the rules that hold to one verdict.
 *
 * P1 A forbid wins over every permit; without a permit the answer is no.
 * P2 A rule that errs is a no, whatever the others say: Cedar itself would pass over a forbid that
 *    errs.
 * P3 What cannot be shown to the policies exactly (a number out of range, a fact that is missing)
 *    is a no before any policy is asked.
 * P4 A forbid with a question yields to a person's yes and to nothing else: not to a missing
 *    permit, not to another forbid, not to an error.
 */
import type { Judge, Judged } from "./judge.ts";
import type { PolicyRequest, Reading } from "./request.ts";
import { readRequest } from "./request.ts";
import type { Rule } from "./rule.ts";

export interface PolicyAnswer {
  readonly verdict: "allow" | "deny" | "ask";
  /** Ids of the rules that decided; empty when no rule allows it. */
  readonly rules: readonly string[];
  /** For a person; empty for an allow. For an ask it is the question. */
  readonly reason: string;
  /** What went wrong in deciding, with the rule's id. */
  readonly errors: readonly string[];
  /** The rules that would have asked, had no person said yes. */
  readonly yielded?: readonly { readonly id: string; readonly question: string }[];
  /** What would have been said: with drafts in force, or when only observing. */
  readonly shadow?: {
    readonly verdict: PolicyAnswer["verdict"];
    readonly rules: readonly string[];
  };
}

export type PolicyMode = "enforce" | "observe";

export interface Bench {
  readonly reading: Reading;
  readonly mode: PolicyMode;
  readonly enforced: Judge;
  /** With the drafts; null when there are none. */
  readonly drafted: Judge | null;
}

export function decideRequest(request: PolicyRequest, bench: Bench): PolicyAnswer {
  const ask = readRequest(request, bench.reading);
  if ("misfit" in ask) return given(deny([], ask.misfit, [ask.misfit]), null, bench.mode);
  const answer = settle(bench.enforced(ask), request.approved);
  const whole = bench.drafted === null ? null : settle(bench.drafted(ask), request.approved);
  return given(answer, whole, bench.mode);
}

function given(answer: PolicyAnswer, whole: PolicyAnswer | null, mode: PolicyMode): PolicyAnswer {
  const said = mode === "enforce" ? answer : observed;
  const shadow = whole ?? answer;
  if (isSame(said, shadow)) return said;
  return { ...said, shadow: { verdict: shadow.verdict, rules: shadow.rules } };
}

const observed: PolicyAnswer = { verdict: "allow", rules: [], reason: "", errors: [] };

function isSame(a: PolicyAnswer, b: PolicyAnswer): boolean {
  if (a === b) return true;
  return a.verdict === b.verdict && a.rules.join("\n") === b.rules.join("\n");
}

/** What follows from the rules that hold. */
export function settle({ permits, forbids, erring }: Judged, approved: boolean): PolicyAnswer {
  if (erring.length > 0) {
    const errors = erring.map(({ rule, message }) => `${rule.id}: ${message}`);
    const rules = erring.map(({ rule }) => rule.id);
    return deny(rules, `a rule could not be evaluated: ${errors.join("; ")}`, errors);
  }
  const firm = forbids.filter(({ question }) => question === null);
  if (firm.length > 0) return deny(idsOf(firm), firm.map(reasonOf).join("; "));
  if (permits.length === 0) return deny([], NO_RULE);
  const asking = forbids.map(({ id, question }) => ({ id, question: question ?? "" }));
  if (asking.length > 0 && !approved) {
    const reason = asking.map(({ question }) => question).join(" ");
    return { verdict: "ask", rules: idsOf(forbids), reason, errors: [] };
  }
  const yielded = asking.length === 0 ? {} : { yielded: asking };
  return { verdict: "allow", rules: idsOf(permits), reason: "", errors: [], ...yielded };
}

export const NO_RULE = "no rule allows this";

export function reasonOf({ id, reason }: Rule): string {
  return reason ?? `the rule ${id} forbids it`;
}

function idsOf(rules: readonly Rule[]): readonly string[] {
  return rules.map(({ id }) => id);
}

function deny(
  rules: readonly string[],
  reason: string,
  errors: readonly string[] = [],
): PolicyAnswer {
  return { verdict: "deny", rules, reason, errors };
}
