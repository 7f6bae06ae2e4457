/** Why a request was decided as it was, for a person who did not write the rules. */
import { compileTest, EvaluationFault } from "./evaluate.ts";
import type { Expression } from "./expression.ts";
import type { PolicySet } from "./load.ts";
import { phrase, valueText, wish } from "./phrase.ts";
import { readRequest, type Ask, type Known, type PolicyRequest } from "./request.ts";
import type { Condition, EntityScope, Rule } from "./rule.ts";
import { coversAction } from "./judge.ts";
import type { PolicyAnswer } from "./verdict.ts";

/** Rules that might have permitted it, told at most. */
const NEAR_MAX = 10;

/** Lines of plain English: the verdict, what held with its values, what would have to differ. */
export function explainDecision(set: PolicySet, request: PolicyRequest): readonly string[] {
  const given = set.decide(request);
  const ask = readRequest(request, set.parts.reading);
  const what = request.kind === "model" ? `asking ${request.model}` : request.tool;
  const lines = [headline(what, given)];
  if (given.shadow !== undefined) lines.push(shadowLine(given.shadow, set.mode));
  if ("misfit" in ask) return lines;
  const decided = given.shadow === undefined ? given.rules : given.shadow.rules;
  const verdict = given.shadow?.verdict ?? given.verdict;
  const rules = set.parts.rules.filter(({ id }) => decided.includes(id));
  for (const rule of rules) lines.push(...ruleLines(rule, ask));
  if (given.errors.length > 0) {
    lines.push("A rule that cannot be evaluated is a no: mend the rule or the value it met.");
  } else if (verdict === "allow") lines.push("No rule forbids it.");
  else if (rules.length > 0) lines.push(...rules.flatMap((rule) => wayOut(rule, ask)));
  else lines.push(...nearPermits(set.parts.rules, ask));
  return lines;
}

function headline(what: string, { verdict, rules, reason }: PolicyAnswer): string {
  const by = rules.length === 0 ? "" : ` by ${rules.join(", ")}`;
  switch (verdict) {
    case "allow":
      return `Allowed: ${what}${by}.`;
    case "ask":
      return `A person must approve ${what}${by}: ${reason}`;
    case "deny":
    default:
      return `Denied: ${what}${by}: ${reason}`;
  }
}

function shadowLine({ verdict, rules }: NonNullable<PolicyAnswer["shadow"]>, mode: string): string {
  const by = rules.length === 0 ? "" : ` by ${rules.join(", ")}`;
  const when = mode === "observe" ? "If the set were enforced" : "If the drafts were in force";
  return `${when}, it would be ${verdict}${by}.`;
}

function ruleLines(rule: Rule, ask: Ask): readonly string[] {
  const place = rule.isBuiltIn ? "always there" : `${rule.file}:${rule.line}`;
  const facts = rule.conditions.flatMap((condition) =>
    conjunctsOf(condition).map((each) => tell(each, ask)),
  );
  const held = facts.length === 0 ? "it has no conditions" : facts.join("; ");
  return [`${rule.id} (${place}): ${held}.`];
}

/** One thing that must be so for a rule to hold. */
interface Conjunct {
  readonly body: Expression;
  readonly wanted: boolean;
}

/** Everything a condition asks for, taken apart as far as that goes. */
function conjunctsOf({ kind, body }: Condition): readonly Conjunct[] {
  return split(body, kind === "when");
}

function split(body: Expression, wanted: boolean): readonly Conjunct[] {
  if (body.kind === "unary" && body.operator === "!") return split(body.of, !wanted);
  const joint = wanted ? "&&" : "||";
  if (body.kind === "binary" && body.operator === joint) {
    return [...split(body.left, wanted), ...split(body.right, wanted)];
  }
  return [{ body, wanted }];
}

/** As it is, whatever was wanted. */
function tell({ body, wanted }: Conjunct, ask: Ask): string {
  const outcome = holds(body, ask);
  if (typeof outcome === "string") return `${phrase(body, ask, wanted)}: ${outcome}`;
  return phrase(body, ask, outcome);
}

function holds(body: Expression, ask: Ask): boolean | string {
  try {
    return compileTest(body)(ask);
  } catch (thrown) {
    if (thrown instanceof EvaluationFault) return thrown.message;
    throw thrown;
  }
}

/** What would take a forbid away: one of its conditions no longer so. */
function wayOut(rule: Rule, ask: Ask): readonly string[] {
  if (rule.effect === "permit") return [];
  const needs = rule.conditions.flatMap(conjunctsOf);
  const asked = rule.question === null ? "" : " a person says yes, or";
  if (needs.length === 0) return [`${rule.id} has no way out but another scope.`];
  const ways = needs.map(({ body, wanted }) => wish(body, ask, !wanted));
  return [`${rule.id} would not stand in the way if${asked} ${ways.join(", or ")}.`];
}

/** What each permit of this action lacks. */
function nearPermits(rules: readonly Rule[], ask: Ask): readonly string[] {
  const near = rules.filter(
    ({ effect, action, isDraft }) =>
      effect === "permit" && !isDraft && coversAction(action, ask.action),
  );
  if (near.length === 0) return [`No rule permits ${valueText(ask.action.ref)} at all.`];
  const lines = near.slice(0, NEAR_MAX).map((rule) => {
    const scope = [
      ...scopeLacks(rule.principal, { name: "the user", known: ask.principal }),
      ...scopeLacks(rule.resource, { name: "the resource", known: ask.resource }),
    ];
    const lacks = rule.conditions.flatMap(conjunctsOf).flatMap(({ body, wanted }) => {
      if (holds(body, ask) === wanted) return [];
      return [wish(body, ask, wanted)];
    });
    return `${rule.id} would permit it if ${[...scope, ...lacks].join(", and if ")}.`;
  });
  const more = near.length - lines.length;
  return more > 0 ? [...lines, `So would ${more} other rules under their own conditions.`] : lines;
}

function scopeLacks(
  scope: EntityScope,
  { name, known }: { readonly name: string; readonly known: Known },
): readonly string[] {
  const here = valueText(known.ref);
  const isIn = (key: string): boolean => known.ref.key === key || known.ancestors.has(key);
  switch (scope.kind) {
    case "equals":
      if (scope.entity.key === known.ref.key) return [];
      return [`${name} were ${valueText(scope.entity)}, not ${here}`];
    case "in":
      if (isIn(scope.entity.key)) return [];
      return [`${name} were in ${valueText(scope.entity)}, which ${here} is not`];
    case "is": {
      const isType = scope.type === known.ref.type;
      if (isType && (scope.within === null || isIn(scope.within.key))) return [];
      const place = scope.within === null ? "" : ` in ${valueText(scope.within)}`;
      return [`${name} were of the type ${scope.type}${place}, not ${here}`];
    }
    case "any":
    default:
      return [];
  }
}
