/**
 * Another set of policies tried on what was decided before: what would it have stopped, in runs
 * that went wrong and in runs that went well. Nothing is run and nobody is asked.
 *
 * The past is counted from the decisions themselves, in the order of their times, over the calls
 * that ran and that the set under trial would have let run too.
 */
import type { PolicySet } from "./policy/load.ts";
import { tallyAmount, tallyValue, type TallyWanted } from "./policy/tally.ts";
import { requestOf, type RecordedDecision } from "./recorded.ts";

export interface Trial {
  readonly decision: RecordedDecision;
  readonly verdict: "allow" | "deny" | "ask";
  readonly rules: readonly string[];
  readonly reason: string;
  /** Something it was not shown then: the verdict is a no for want of it. */
  readonly errors: readonly string[];
}

/** Decisions of one agent, in any order. Costs, per decision, the earlier ones a tally looks at. */
export function trySet(set: PolicySet, decisions: readonly RecordedDecision[]): readonly Trial[] {
  const past: RecordedDecision[] = [];
  const trials: Trial[] = [];
  for (const decision of decisions.toSorted((a, b) => a.at - b.at)) {
    const tallies = talliesOf(set.tallies, decision, past);
    const { verdict, rules, reason, errors } = set.decide(requestOf(decision, tallies));
    trials.push({ decision, verdict, rules, reason, errors });
    if (decision.hasRun && verdict !== "deny") past.push(decision);
  }
  return trials;
}

function talliesOf(
  wanted: readonly TallyWanted[],
  decision: RecordedDecision,
  past: readonly RecordedDecision[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(wanted.map((tally) => [tally.name, countFor(tally, decision, past)]));
}

function countFor(
  tally: TallyWanted,
  decision: RecordedDecision,
  past: readonly RecordedDecision[],
): number {
  const since = decision.at - tally.withinMs;
  const own = past.filter(
    (each) =>
      each.at > since && tally.tools.includes(each.tool) && isOneOf(tally.by, each, decision),
  );
  switch (tally.operator) {
    case "count":
      return own.length;
    case "sum":
      return own.reduce((sum, each) => sum + tallyAmount(tally, each.input), 0);
    case "distinct":
    default: {
      const itself = tally.tools.includes(decision.tool) ? [decision] : [];
      const values = [...own, ...itself].map((each) =>
        JSON.stringify(tallyValue(tally, each.input)),
      );
      return new Set(values).size;
    }
  }
}

function isOneOf(by: TallyWanted["by"], one: RecordedDecision, other: RecordedDecision): boolean {
  if (by === "run") return one.runId === other.runId;
  const isTenant = (one.principal?.tenant ?? "") === (other.principal?.tenant ?? "");
  return by === "tenant" ? isTenant : isTenant && one.principal?.id === other.principal?.id;
}
