/**
 * What the conversation so far shows, as data: readings of words by fixed patterns. One that does
 * not match is a fact that is absent, and a rule that needs the fact then denies or asks.
 */
import type { Said } from "../tau/recorded.ts";
import { plain, saysWords } from "./said.ts";

/** Any of these, as whole words; a part may be a pattern. */
function anyOf(...parts: readonly string[]): RegExp {
  return new RegExp(String.raw`\b(?:${parts.join("|")})\b`);
}

const AGREES = anyOf(
  "yes|yep|yeah|sure|confirm(?:ed)?|proceed|go ahead|correct|agreed?|okay|ok|fine|perfect",
  "(?:sounds|looks) (?:good|great|fine|perfect|right)|(?:that )?works(?: for me)?",
  "please (?:do|book|cancel|change|update|upgrade|add|make|use|go)|let's do|do it",
  "absolutely|definitely|of course|certainly",
);
const WITHHOLDS = anyOf(
  "not sure|before i (?:confirm|agree)",
  "(?:don't|do not|won't|not) (?:confirm|proceed|agree|go ahead)",
);

/** The customer's latest words agree to what was put to them. */
export function hasAgreed(talk: readonly Said[]): boolean {
  const last = lastOf(talk, "customer");
  if (last === undefined || !talk.some(({ by }) => by === "agent")) return false;
  return AGREES.test(last) && !WITHHOLDS.test(last);
}

const REASONS: Readonly<Record<string, RegExp>> = {
  health: anyOf(
    String.raw`sick\w*|ill|illness|unwell|health|medical|doctor|hospital\w*|injur\w+|surgery`,
    "fever|flu|covid|disease",
  ),
  weather: anyOf(String.raw`weather|storms?|hurricane|snow\w*|blizzard|flood\w*|typhoon|tornado`),
  airline: anyOf("(?:airline|you|flight (?:was|is|got|has been)) (?:has |have )?cancell?ed"),
  plans: anyOf(
    "change of plans?|(?:my )?plans? (?:has |have )?changed|no longer (?:need|want|able)",
    "can't make|cannot make|meeting|conflict",
  ),
};

/** The kinds of reason for cancelling that the customer has named in their own words. */
export function reasonsGiven(talk: readonly Said[]): readonly string[] {
  const words = wordsOf(talk, "customer");
  return Object.keys(REASONS).filter((kind) => REASONS[kind]?.test(words) === true);
}

/** What people say before a reason, or in place of what they give up. */
const GIVES_REASON = /\b(because|since|due to|the reason|so (that )?i|as i|instead)\b/;

/** A reason was given in whatever words, or the agent asked for one and was answered. */
export function isReasonKnown(talk: readonly Said[]): boolean {
  if (reasonsGiven(talk).length > 0 || GIVES_REASON.test(wordsOf(talk, "customer"))) return true;
  return talk.some(
    ({ by, text }, at) =>
      by === "agent" && /\b(reason|why)\b/.test(plain(text)) && isAnswered(talk, at),
  );
}

/** The agent brought this word up, or the customer did. */
export function isRaised(talk: readonly Said[], word: string): boolean {
  return talk.some(({ text }) => saysWords(plain(text), word));
}

const ASKS_COMPENSATION = anyOf(
  String.raw`compensat\w+|voucher|goodwill|gesture|reimburs\w+|something (?:for|in return)`,
  "make (?:it|this|that) (?:up|right)|for (?:the|my|this) (?:trouble|inconvenience)",
);

/** The customer asked to be made good, in their own words. */
export function asksCompensation(talk: readonly Said[]): boolean {
  return ASKS_COMPENSATION.test(wordsOf(talk, "customer"));
}

/** Everything one side has said, in plain text. */
export function wordsOf(talk: readonly Said[], by: Said["by"]): string {
  return talk
    .filter((said) => said.by === by)
    .map(({ text }) => plain(text))
    .join(" \n ");
}

function lastOf(talk: readonly Said[], by: Said["by"]): string | undefined {
  const last = talk.findLast((said) => said.by === by);
  return last === undefined ? undefined : plain(last.text);
}

function isAnswered(talk: readonly Said[], at: number): boolean {
  return talk.slice(at + 1).some(({ by }) => by === "customer");
}
