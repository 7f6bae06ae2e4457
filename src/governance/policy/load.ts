/**
 * Policies from their files to a set that decides.
 *
 * O1 A set is armed whole or not at all: one fault in one file refuses it, with the place and the
 *    mend.
 * O2 What decides is what was checked: the same texts, the same tools, one hash over both.
 */
import { hashJson } from "../../std/hash.ts";
import type { JsonObject } from "../../std/json.ts";
import { armRules, mentionedBy, runExamples, type Armed, type PreparedExample } from "./arm.ts";
import { builtInRules } from "./built-in.ts";
import { openCedar, withReader } from "./cedar.ts";
import { cedarSchema } from "./cedar-schema.ts";
import { readDirectives } from "./directive.ts";
import { findContradictions, validateRules } from "./check.ts";
import { faultAt, policyError, type PolicyFault } from "./fault.ts";
import { lineOf, readPolicyFile, type PolicyFile } from "./file.ts";
import { NESTING_MAX, tooDeepAt } from "./nesting.ts";
import { knownActions, type PolicyRequest, type Reading } from "./request.ts";
import type { Rule } from "./rule.ts";
import type { Invisible } from "./shape.ts";
import { readSources, type PolicySources, type PolicyText } from "./source.ts";
import { readTally, type TallyWanted } from "./tally.ts";
import { decideRequest, type PolicyAnswer, type PolicyMode } from "./verdict.ts";
import { readVocabulary, type PolicyTool, type Vocabulary } from "./vocabulary.ts";

export interface PolicySetting {
  /** The agent's name. */
  readonly agent: string;
  readonly tools: readonly PolicyTool[];
  /** JSON Schema of further facts, seen as `context.facts`. */
  readonly facts?: JsonObject;
  /** Default "enforce". */
  readonly mode?: PolicyMode;
}

/** Policies that were checked and are ready to decide. */
export interface PolicySet {
  /** Of the texts, the tools and the mode: equal sets decide alike. */
  readonly hash: string;
  readonly ids: readonly string[];
  readonly mode: PolicyMode;
  /** What must be counted for `tallies` of each request. */
  readonly tallies: readonly TallyWanted[];
  /** In microseconds, and never throws for a request of this form. */
  readonly decide: (request: PolicyRequest) => PolicyAnswer;
  /** Decisions for which Cedar's own engine had to be asked. */
  readonly wasmDecisions: () => number;
  readonly parts: PolicyParts;
}

/** What a set is made of, for explaining it and for trying to break it. */
export interface PolicyParts {
  readonly reading: Reading;
  readonly rules: readonly Rule[];
  readonly examples: readonly PreparedExample[];
}

/** Everything there is to say of some policies; the set is null when anything is at fault. */
export interface Inspection {
  readonly files: readonly PolicyFile[];
  readonly faults: readonly PolicyFault[];
  readonly warnings: readonly PolicyFault[];
  readonly invisible: readonly Invisible[];
  readonly set: PolicySet | null;
}

/** Throws `policy_invalid` with the first fault's place and mend. */
export async function loadPolicies(
  sources: PolicySources,
  setting: PolicySetting,
): Promise<PolicySet> {
  const { set, faults } = await inspectPolicies(sources, setting);
  if (set === null) throw policyError(faults);
  return set;
}

/** Throws `policy_invalid` only for what cannot be looked at: missing files, untypable tools. */
export async function inspectPolicies(
  sources: PolicySources,
  setting: PolicySetting,
): Promise<Inspection> {
  const texts = await readSources(sources);
  const vocabulary = readVocabulary(setting.tools, setting.facts);
  const files = texts.map((text) => readFile(text));
  const found = { files, warnings: [], invisible: vocabulary.invisible, set: null };
  const own = files.flatMap(({ rules }) => rules);
  const { tallies, faults: wrongTallies } = readTallies(files, vocabulary);
  const early = [
    ...files.flatMap(({ faults }) => faults),
    ...wrongTallies,
    ...repeatedIds(own),
    ...tooMany(own),
  ];
  if (early.length > 0) return { ...found, faults: early };
  const names = tallies.map(({ name }) => name);
  const actions = knownActions(vocabulary);
  const schema = cedarSchema(vocabulary, names);
  const checked = withReader((cedar) => validateRules(cedar, own, schema)) ?? gaveUp;
  const { warnings } = checked;
  const typed = [...checked.faults, ...findContradictions(own, actions)];
  if (typed.length > 0) return { ...found, warnings, faults: typed };
  const rules = [...builtInRules(openCedar("reader"), own), ...own];
  const reading: Reading = { vocabulary, tallies: names, mentioned: mentionedBy(rules), actions };
  const hash = hashSet(texts, setting, rules);
  const armed = armRules({ reading, rules, hash, mode: setting.mode ?? "enforce" });
  const { prepared, faults } = runExamples(files, armed, setting.agent);
  if (faults.length > 0) return { ...found, warnings, faults };
  const parts: PolicyParts = { reading, rules, examples: prepared };
  return { ...found, warnings, faults, set: createSet({ hash, tallies, parts, armed }) };
}

interface Made extends Pick<PolicySet, "hash" | "tallies" | "parts"> {
  readonly armed: Armed;
}

function createSet({ armed, ...made }: Made): PolicySet {
  return {
    ...made,
    ids: made.parts.rules.map(({ id }) => id),
    mode: armed.bench.mode,
    decide: (request) => decideRequest(request, armed.bench),
    wasmDecisions: () => armed.foreign.reduce((sum, foreign) => sum + foreign.count(), 0),
  };
}

/** Bridle's own rules decide too: another version of them is another set. */
function hashSet(
  texts: readonly PolicyText[],
  setting: PolicySetting,
  rules: readonly Rule[],
): string {
  const { tools, facts = null, mode = "enforce" } = setting;
  const builtIn = rules.filter(({ isBuiltIn }) => isBuiltIn).map(({ text }) => text);
  return hashJson({ texts: texts.map(({ text }) => text), builtIn, tools, facts, mode });
}

const NEST_LESS =
  "Nest less deeply: a rule with many cases reads better as several, and many alternatives as " +
  "[…].contains(…).";

const gaveUp = {
  faults: [faultAt({ file: "", line: 0 }, "Cedar's engine gives up on the set", NEST_LESS)],
  warnings: [],
};

/** Marks that make a text show one thing and mean another. */
const REVERSING = /[\u202a-\u202e\u2066-\u2069]/;

function readFile(source: PolicyText): PolicyFile {
  const { name, text } = source;
  const refuse = (line: number, why: string, hint: string): PolicyFile => {
    const faults = [faultAt({ file: name, line }, why, hint)];
    return { name, rules: [], directives: readDirectives(source), faults };
  };
  const reversing = text.search(REVERSING);
  if (reversing !== -1) {
    const why = "a mark reverses the direction of writing";
    return refuse(lineOf(text, reversing), why, "Take it out: what is read must be what is meant.");
  }
  const deep = tooDeepAt(text);
  if (deep !== null) return refuse(deep, `over ${NESTING_MAX} brackets nest`, NEST_LESS);
  const file = withReader((cedar) => readPolicyFile(cedar, source));
  return file ?? refuse(0, "Cedar's engine gives up on it", NEST_LESS);
}

/** More rules than this were made by a mistake. */
const RULES_MAX = 100_000;

function tooMany({ length }: readonly Rule[]): readonly PolicyFault[] {
  if (length <= RULES_MAX) return [];
  const message = `${length} rules are more than ${RULES_MAX}`;
  return [faultAt({ file: "", line: 0 }, message, "Say it with fewer: conditions over facts.")];
}

function readTallies(
  files: readonly PolicyFile[],
  vocabulary: Vocabulary,
): { readonly tallies: readonly TallyWanted[]; readonly faults: readonly PolicyFault[] } {
  const tallies = new Map<string, TallyWanted>();
  const faults: PolicyFault[] = [];
  for (const { name: file, directives } of files) {
    for (const { line, text } of directives.tallies) {
      const tally = readTally(text, vocabulary);
      if ("problem" in tally) faults.push(faultAt({ file, line }, tally.problem, tally.hint));
      else if (tallies.has(tally.name)) {
        const message = `the tally ${tally.name} is there already`;
        faults.push(faultAt({ file, line }, message, "One line serves every file of the set."));
      } else tallies.set(tally.name, tally);
    }
  }
  return { tallies: [...tallies.values()], faults };
}

function repeatedIds(rules: readonly Rule[]): readonly PolicyFault[] {
  const seen = new Map<string, Rule>();
  return rules.flatMap((rule) => {
    const { id, file, line } = rule;
    const first = seen.get(id);
    seen.set(id, first ?? rule);
    if (first === undefined) return [];
    const message = `the id "${id}" is taken by ${first.file}:${first.line}`;
    return [faultAt({ file, line, rule: id }, message, "Give each policy an id of its own.")];
  });
}
