/** What is wrong before any request: types, rules that never match, contradictions. */
import type { SchemaJson, ValidationError } from "@cedar-policy/cedar-wasm/nodejs";
import type { Cedar } from "./cedar.ts";
import { lineOfByte } from "./file.ts";
import { faultAt, type PolicyFault } from "./fault.ts";
import { coversAction } from "./judge.ts";
import type { Known } from "./request.ts";
import type { EntityScope, Rule } from "./rule.ts";

export interface Checked {
  readonly faults: readonly PolicyFault[];
  readonly warnings: readonly PolicyFault[];
}

/** Cedar's strict validation. What Cedar only warns of as impossible is refused here. */
export function validateRules(
  cedar: Cedar,
  rules: readonly Rule[],
  schema: SchemaJson<string>,
): Checked {
  const texts = Object.fromEntries(rules.map(({ id, text }) => [id, text]));
  const answer = cedar.validate({ schema, policies: { staticPolicies: texts } });
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  if (answer.type === "failure") {
    const why = answer.errors.map(({ message }) => message).join("; ");
    const hint = "Cedar refuses the tools' types: see the message.";
    return { faults: [faultAt({ file: "", line: 0 }, why, hint)], warnings: [] };
  }
  const faults = answer.validationErrors.map((error) => ruleFault(error, byId));
  const broken = new Set(faults.map(({ rule }) => rule));
  const warnings: PolicyFault[] = [];
  for (const warning of answer.validationWarnings) {
    const { message } = warning.error;
    if (!message.includes("impossible")) {
      // That no action applies is said again as "impossible".
      if (message.includes("applicable action")) continue;
      warnings.push({ ...ruleFault(warning, byId), hint: "See that it says what it seems to." });
    } else if (!broken.has(warning.policyId)) faults.push(neverMatches(byId, warning.policyId));
  }
  return { faults, warnings: [...warnings, ...rules.flatMap(silent)] };
}

function ruleFault({ policyId, error }: ValidationError, byId: ReadonlyMap<string, Rule>) {
  const rule = byId.get(policyId);
  const [at] = error.sourceLocations ?? [];
  const inside = rule === undefined || at === undefined ? 0 : lineOfByte(rule.text, at.start) - 1;
  const place = { file: rule?.file ?? "", line: (rule?.line ?? 0) + inside, rule: policyId };
  const message = error.message.replaceAll(`for policy \`${policyId}\`, `, "");
  const help = error.help?.replaceAll(`for policy \`${policyId}\`, `, "") ?? "";
  return faultAt(place, `"${policyId}": ${message}`, help === "" ? WHAT_EXISTS : sentence(help));
}

const WHAT_EXISTS = "`bridle policy check` lists what policies can look at.";

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(first) ? first : `${first}.`;
}

function neverMatches(byId: ReadonlyMap<string, Rule>, id: string): PolicyFault {
  const rule = byId.get(id);
  const place = { file: rule?.file ?? "", line: rule?.line ?? 0, rule: id };
  const hint =
    "Its scope and conditions leave no request: check the action, the resource type and the " +
    'conditions. A group is written action in Action::"write", not ==.';
  return faultAt(place, `"${id}" can never match`, hint);
}

function silent({ id, file, line, effect, reason, question }: Rule): readonly PolicyFault[] {
  if (effect === "permit" || reason !== null || question !== null) return [];
  const hint = 'Write @reason("…") in words a person understands.';
  return [faultAt({ file, line, rule: id }, `"${id}" forbids without a reason`, hint)];
}

/** A permit under a forbid that always holds where the permit does: one of them is a mistake. */
export function findContradictions(
  rules: readonly Rule[],
  actions: ReadonlyMap<string, Known>,
): readonly PolicyFault[] {
  const bans = rules.filter(
    ({ effect, question, conditions, isDraft }) =>
      effect === "forbid" && question === null && !isDraft && conditions.every(isAlwaysTrue),
  );
  if (bans.length === 0) return [];
  return rules.flatMap((rule) => {
    if (rule.effect !== "permit" || rule.isDraft) return [];
    const ban = bans.find((each) => isWithin(rule, each, actions));
    if (ban === undefined) return [];
    const { id, file, line } = rule;
    const hint = `Narrow "${ban.id}" (${ban.file}:${ban.line}), or take the permit out.`;
    const message = `"${id}" permits nothing: "${ban.id}" forbids all of it`;
    return [faultAt({ file, line, rule: id }, message, hint)];
  });
}

function isAlwaysTrue({ kind, body }: Rule["conditions"][number]): boolean {
  return body.kind === "literal" && body.value === (kind === "when");
}

function isWithin(inner: Rule, outer: Rule, actions: ReadonlyMap<string, Known>): boolean {
  if (!covers(outer.principal, inner.principal)) return false;
  if (!covers(outer.resource, inner.resource)) return false;
  const named = [...actions.values()].filter((action) => coversAction(inner.action, action));
  return named.length > 0 && named.every((action) => coversAction(outer.action, action));
}

function covers(outer: EntityScope, inner: EntityScope): boolean {
  switch (outer.kind) {
    case "any":
      return true;
    case "equals":
      return inner.kind === "equals" && inner.entity.key === outer.entity.key;
    case "in": {
      if (inner.kind === "is") return inner.within?.key === outer.entity.key;
      return inner.kind !== "any" && inner.entity.key === outer.entity.key;
    }
    case "is":
    default: {
      const isType =
        (inner.kind === "is" && inner.type === outer.type) ||
        (inner.kind === "equals" && inner.entity.type === outer.type);
      if (outer.within === null) return isType;
      return isType && covers({ kind: "in", entity: outer.within }, inner);
    }
  }
}
