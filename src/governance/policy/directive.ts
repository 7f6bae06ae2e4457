/**
 * What a policy file says beside its policies, in comments that Cedar's own tools pass over:
 * `//@ draft`, `//@ tally …`, and examples: `//@ allow {…}`, `//@ deny {…}`, `//@ ask {…}`.
 */
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../std/json.ts";
import { didYouMean } from "../../std/suggest.ts";
import { faultAt, type PolicyFault } from "./fault.ts";
import type { PolicyText } from "./source.ts";

export interface Directives {
  readonly isDraft: boolean;
  readonly tallies: readonly { readonly line: number; readonly text: string }[];
  readonly examples: readonly Example[];
  readonly faults: readonly PolicyFault[];
}

/** One call and what the policies must say to it. */
export interface Example {
  readonly expected: "allow" | "deny" | "ask";
  readonly file: string;
  readonly line: number;
  /** In a draft file: decided by the drafts too. */
  readonly isDraft: boolean;
  readonly tool: string | null;
  /** Set when a model is asked in place of a tool. */
  readonly model: string | null;
  readonly input: Json;
  readonly user: JsonObject;
  readonly resource: JsonObject | null;
  readonly tallies: JsonObject;
  readonly facts: JsonObject;
  readonly untrusted: boolean;
  readonly doubtful: readonly string[];
  readonly approved: boolean;
  /** The rule that must be among those that decide. */
  readonly by: string | null;
}

const MARK = /^\s*\/\/@(.*)$/;
const WORDS = ["draft", "tally", "allow", "deny", "ask"];

export function readDirectives({ name: file, text }: PolicyText): Directives {
  const lines = text.split(/\r?\n/).flatMap((row, i) => {
    const said = MARK.exec(row)?.[1];
    return said === undefined ? [] : [{ line: i + 1, said: said.trim() }];
  });
  const isDraft = lines.some(({ said }) => said === "draft");
  const tallies: { line: number; text: string }[] = [];
  const examples: Example[] = [];
  const faults: PolicyFault[] = [];
  for (const { line, said } of lines) {
    const [, word = "", rest = ""] = /^(\S*)\s*(.*)$/.exec(said) ?? [];
    if (word === "draft" && rest === "") continue;
    if (word === "tally") tallies.push({ line, text: rest });
    else if (word === "allow" || word === "deny" || word === "ask") {
      const read = readExample(rest, { expected: word, file, line, isDraft });
      if ("expected" in read) examples.push(read);
      else faults.push(read);
    } else {
      const hint = word === "draft" ? "Write //@ draft and nothing more." : didYouMean(word, WORDS);
      faults.push(faultAt({ file, line }, `the directive "${said}" is unknown`, hint));
    }
  }
  return { isDraft, tallies, examples, faults };
}

type Heading = Pick<Example, "expected" | "file" | "line" | "isDraft">;

/** What each member of an example must be. */
const members: Readonly<Record<string, (value: unknown) => boolean>> = {
  tool: isText,
  model: isText,
  input: () => true,
  user: isJsonObject,
  resource: isJsonObject,
  tallies: isJsonObject,
  facts: isJsonObject,
  untrusted: isFlag,
  doubtful: isTextList,
  approved: isFlag,
  by: isText,
};

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function readExample(text: string, heading: Heading): Example | PolicyFault {
  const refuse = (why: string, hint: string): PolicyFault =>
    faultAt(heading, `an example it cannot read: ${why}`, hint);
  const form = `Write //@ ${heading.expected} {"tool": "…", "input": {…}} on one line.`;
  const parsed = parseJson(text);
  if (!parsed.ok) return refuse(parsed.reason, form);
  const { value } = parsed;
  if (!isJsonObject(value)) return refuse("it is no JSON object", form);
  for (const [name, member] of Object.entries(value)) {
    const isFit = Object.hasOwn(members, name) ? members[name] : undefined;
    if (isFit === undefined) {
      return refuse(`it has no member "${name}"`, didYouMean(name, Object.keys(members)));
    }
    if (!isFit(member)) return refuse(`"${name}" is ${JSON.stringify(member)}`, form);
  }
  const { tool, model, by, untrusted, doubtful, approved } = value;
  if (isText(tool) === isText(model)) return refuse("it names no tool", form);
  return {
    ...heading,
    tool: isText(tool) ? tool : null,
    model: isText(model) ? model : null,
    input: value["input"] ?? {},
    user: objectIn(value, "user") ?? {},
    resource: objectIn(value, "resource"),
    tallies: objectIn(value, "tallies") ?? {},
    facts: objectIn(value, "facts") ?? {},
    untrusted: untrusted === true,
    doubtful: isTextList(doubtful) ? doubtful : [],
    approved: approved === true,
    by: isText(by) ? by : null,
  };
}

function objectIn(value: JsonObject, name: string): JsonObject | null {
  const member = value[name];
  return isJsonObject(member) ? member : null;
}
