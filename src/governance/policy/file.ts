/** One policy file, taken apart: its policies with their ids and lines, its directives. */
import type { DetailedError, PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { Cedar } from "./cedar.ts";
import { readDirectives, type Directives } from "./directive.ts";
import { EXPRESSION_DEPTH_MAX, TooDeep } from "./expression.ts";
import { faultAt, type Place, type PolicyFault } from "./fault.ts";
import { readRule, type Rule, type RuleSource } from "./rule.ts";
import type { PolicyText } from "./source.ts";

export interface PolicyFile {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly directives: Directives;
  readonly faults: readonly PolicyFault[];
}

/** Ids of this kind are Bridle's own. */
export const BUILT_IN_PREFIX = "bridle/";

export function readPolicyFile(cedar: Cedar, source: PolicyText): PolicyFile {
  const { name, text } = source;
  const directives = readDirectives(source);
  const faults: PolicyFault[] = [...directives.faults];
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === "failure") {
    faults.push(...parts.errors.map((error) => syntaxFault(error, source)));
    return { name, rules: [], directives, faults };
  }
  for (const template of parts.policy_templates) {
    const place = { file: name, line: lineOf(text, Math.max(0, text.indexOf(template))) };
    const hint = "Write principal and resource out in place of ?principal and ?resource.";
    faults.push(faultAt(place, "templates have no place in a policy file", hint));
  }
  if (parts.policies.length === 0 && faults.length === 0) {
    const hint = "A file without a policy would guard nothing: write one, or take it out.";
    faults.push(faultAt({ file: name, line: 0 }, "it holds no policy", hint));
  }
  const rules: Rule[] = [];
  for (const place of placed(parts.policies, text)) {
    const read = readPolicy(cedar, { ...place, file: name, isDraft: directives.isDraft });
    if ("message" in read) faults.push(read);
    else rules.push(read);
  }
  return { name, rules, directives, faults };
}

interface Placed {
  readonly text: string;
  readonly line: number;
}

/**
 * Cedar numbers policies as they stand, and hands them back sorted by that number as text (0, 1,
 * 10, 11, 2). Put back in their order, each is found after the one before it.
 */
function placed(policies: readonly string[], text: string): readonly Placed[] {
  const numbers = policies.map((_, i) => i).sort((a, b) => (`${a}` < `${b}` ? -1 : 1));
  const ordered: string[] = [];
  for (const [place, number] of numbers.entries()) ordered[number] = policies[place] ?? "";
  let line = 1;
  let counted = 0;
  let from = 0;
  return ordered.map((policy) => {
    // A text that is not where it is looked for costs a wrong line number, never a policy.
    const found = text.indexOf(policy, from);
    const at = found === -1 ? counted : found;
    line += newlines(text, counted, at);
    counted = at;
    from = found === -1 ? from : found + policy.length;
    return { text: policy, line };
  });
}

type PolicySource = Pick<RuleSource, "file" | "text" | "line" | "isDraft">;

function readPolicy(cedar: Cedar, source: PolicySource): Rule | PolicyFault {
  const answer = cedar.policyToJson(source.text);
  if (answer.type === "failure") {
    const why = answer.errors.map(({ message }) => message).join("; ");
    return faultAt(source, why, "Mend the policy's syntax.");
  }
  const est = answer.json;
  const id = est.annotations?.["id"] ?? "";
  const wrong = annotationFault(id, est, source);
  if (wrong !== null) return wrong;
  try {
    return readRule(est, { ...source, id, isBuiltIn: false });
  } catch (thrown) {
    if (!(thrown instanceof TooDeep)) throw thrown;
    const place = { ...source, rule: id };
    return faultAt(
      place,
      `its conditions nest over ${EXPRESSION_DEPTH_MAX} levels`,
      "Cut it in two.",
    );
  }
}

const ID = /^[A-Za-z0-9][A-Za-z0-9_./-]{0,99}$/;

function annotationFault(id: string, est: PolicyJson, source: Place): PolicyFault | null {
  if (id === "") {
    return faultAt(source, "a policy has no id", 'Write @id("a-name") before it.');
  }
  const place = { ...source, rule: id };
  if (!ID.test(id)) {
    const hint = "Use letters, digits, dot, slash, _ and -, at most 100 of them.";
    return faultAt(place, `${JSON.stringify(id)} is no id`, hint);
  }
  if (id.startsWith(BUILT_IN_PREFIX)) {
    return faultAt(place, `"${id}" is a name of Bridle's own rules`, "Choose another prefix.");
  }
  const question = est.annotations?.["ask"];
  if (question !== undefined && est.effect === "permit") {
    const hint = "Ask in a forbid: it stands until a person says yes.";
    return faultAt(place, `"${id}" is a permit with @ask`, hint);
  }
  if (question === "") {
    return faultAt(place, `"${id}" asks nothing`, 'Write @ask("the question").');
  }
  return null;
}

function syntaxFault(error: DetailedError, { name, text }: PolicyText): PolicyFault {
  const [at] = error.sourceLocations ?? [];
  const line = at === undefined ? 0 : lineOfByte(text, at.start);
  const label = at?.label ?? null;
  const hint = error.help ?? label ?? "Mend the policy's syntax.";
  return faultAt({ file: name, line }, `Cedar cannot read it: ${error.message}`, hint);
}

/** From 1. */
export function lineOf(text: string, offset: number): number {
  return 1 + newlines(text, 0, offset);
}

/** Cedar counts bytes of UTF-8. */
export function lineOfByte(text: string, offset: number): number {
  const before = Buffer.from(text, "utf8").subarray(0, offset).toString("utf8");
  return 1 + newlines(before, 0, before.length);
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) {
    count += 1;
  }
  return count;
}
