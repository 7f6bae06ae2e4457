/** Checked rules made ready to decide, and tried on their own examples before anything else. */
import type { Example } from "./directive.ts";
import { exampleRequest, judgeExample, missingExamples, unexercised } from "./example.ts";
import { walk, type Expression } from "./expression.ts";
import type { PolicyFault } from "./fault.ts";
import type { PolicyFile } from "./file.ts";
import { createForeign, isForeign, type Foreign } from "./foreign.ts";
import { createJudge, type Judge } from "./judge.ts";
import type { PolicyRequest, Reading } from "./request.ts";
import type { Rule } from "./rule.ts";
import { decideRequest, type Bench, type PolicyMode } from "./verdict.ts";

export interface PreparedExample {
  readonly example: Example;
  readonly request: PolicyRequest;
}

/** The attribute names that any rule could look at. */
export function mentionedBy(rules: readonly Rule[]): ReadonlySet<string> {
  const bodies = rules.flatMap(({ conditions }) => conditions.map(({ body }) => body));
  return new Set(bodies.flatMap((body) => [...walk(body)].flatMap(namesIn)));
}

function namesIn(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case "attribute":
      return [expression.name];
    case "has":
      return expression.path;
    case "record":
      return expression.members.map(([name]) => name);
    case "foreign":
      return foreignNames(expression.est);
    case "literal":
    case "variable":
    case "unary":
    case "binary":
    case "like":
    case "is":
    case "if":
    case "set":
    default:
      return [];
  }
}

/** Inside what is not read as a tree, every text counts as a name: one too many does no harm. */
function foreignNames(est: unknown): readonly string[] {
  if (typeof est === "string") return [est];
  if (typeof est !== "object" || est === null) return [];
  return Object.entries(est).flatMap(([name, inner]) => [name, ...foreignNames(inner)]);
}

export interface Armed {
  readonly bench: Bench;
  readonly foreign: readonly Foreign[];
}

export interface Arms {
  readonly reading: Reading;
  readonly rules: readonly Rule[];
  readonly hash: string;
  readonly mode: PolicyMode;
}

/** Enforced rules decide; drafts are judged beside them, in the shadow. */
export function armRules({ reading, rules, hash, mode }: Arms): Armed {
  const foreign: Foreign[] = [];
  const judgeOf = (chosen: readonly Rule[], name: string): Judge => {
    const strangers = chosen.filter(isForeign);
    if (strangers.length === 0) return createJudge(chosen, null);
    const textsOf = (wanted: Rule["effect"]): Record<string, string> =>
      Object.fromEntries(
        strangers.filter(({ effect }) => effect === wanted).map(({ id, text }) => [id, text]),
      );
    const texts = { permit: textsOf("permit"), forbid: textsOf("forbid") };
    const engine = createForeign(texts, `${hash}:${name}`);
    foreign.push(engine);
    return createJudge(chosen, engine);
  };
  const enforced = rules.filter(({ isDraft }) => !isDraft);
  const hasDrafts = enforced.length < rules.length;
  const bench: Bench = {
    reading,
    mode,
    enforced: judgeOf(enforced, "enforced"),
    drafted: hasDrafts ? judgeOf(rules, "drafted") : null,
  };
  return { bench, foreign };
}

export function runExamples(
  files: readonly PolicyFile[],
  { bench }: Armed,
  agent: string,
): { readonly prepared: readonly PreparedExample[]; readonly faults: readonly PolicyFault[] } {
  const prepared: PreparedExample[] = [];
  const faults: PolicyFault[] = files.flatMap(missingExamples);
  const decided = new Set<string>();
  for (const example of files.flatMap(({ directives }) => directives.examples)) {
    const request = exampleRequest(example, { reading: bench.reading, agent });
    if ("message" in request) {
      faults.push(request);
      continue;
    }
    prepared.push({ example, request });
    const enforced = bench.enforced;
    const judge = example.isDraft ? (bench.drafted ?? enforced) : enforced;
    const answer = decideRequest(request, { ...bench, mode: "enforce", enforced: judge });
    for (const id of answer.rules) decided.add(id);
    const wrong = judgeExample(example, answer);
    if (wrong !== null) faults.push(wrong);
  }
  if (faults.length > 0) return { prepared, faults };
  const rules = files.flatMap((file) => file.rules);
  return { prepared, faults: unexercised(rules, decided) };
}
