/**
 * Sentences that claim a deed in a tool's own phrases. A model that wants to be believed finds
 * the words that such a search passes over, so it errs on the side of a claim: a denial that is
 * not recognised costs one more round, a claim that is taken for a denial costs the guarantee.
 */

export interface ClaimingSentence {
  readonly sentence: string;
  readonly phrase: string;
}

/** The sentences of a text that claim one of these phrases, as they were written. */
export function claimingSentences(
  text: string,
  phrases: readonly string[],
): readonly ClaimingSentence[] {
  const wanted = phrases.map((phrase) => ({ phrase, form: formOf(phrase) }));
  const found: ClaimingSentence[] = [];
  for (const sentence of sentencesOf(text)) {
    const plain = plainText(sentence).replace(IDIOMS, " ");
    const claimed = wanted.find(({ form }) => claims(plain, form));
    if (claimed !== undefined) found.push({ sentence, phrase: claimed.phrase });
  }
  return found;
}

function claims(plain: string, form: RegExp): boolean {
  if (plain.endsWith("?") && ASKS.test(plain)) return false;
  for (const match of plain.matchAll(form)) {
    const before = plain.slice(Math.max(0, match.index - NEAR_CHARS), match.index);
    const clause = before.split(CLAUSE_ENDS).at(-1) ?? "";
    const end = match.index + match[0].length;
    const rest = plain.slice(end, end + NEAR_CHARS);
    if (!isDenied(plain, clause, rest)) return true;
  }
  return false;
}

/** A phrase is denied by what stands before it in its own clause, or by what follows at once. */
function isDenied(plain: string, clause: string, rest: string): boolean {
  const near = clause.split(" ").slice(-NEAR_WORDS).join(" ");
  if (DENIES.test(near) || MAY_COME.test(clause) || DENIES_AFTER.test(rest)) return true;
  return IS_CONDITION.test(clause) || (IS_CONDITION.test(plain) && WILL_COME.test(clause));
}

/** The phrase as whole words: "paid" is not in "unpaid". */
function formOf(phrase: string): RegExp {
  const words = plainText(phrase).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}])${words.replace(/ /g, "\\s+")}(?![\\p{L}\\p{N}])`, "gu");
}

function sentencesOf(text: string): readonly string[] {
  // A line that only breaks within a sentence goes on in small letters.
  return text.replace(/\r?\n(?=\p{Ll})/gu, " ").split(/(?<=[.!?])\s+|[\r\n]+/);
}

/** Letters of other alphabets that look like Latin ones, in both strings at the same place. */
const ALIKE_FROM = "асеорхуіјѕһԁӏкмтвнгαορτνικεηυχ";
const ALIKE_TO = "aceopxyijshdlkmtbhraoptvikenux";

/** As a person would read it: small, without emphasis, spacing tricks and look-alikes (T4). */
function plainText(text: string): string {
  const small = text.normalize("NFKC").toLowerCase();
  const bare = small.replace(/\p{Default_Ignorable_Code_Point}|[*_~`]/gu, "").replace(/’/g, "'");
  const latin = Array.from(bare, (letter) => {
    const at = ALIKE_FROM.indexOf(letter);
    return at < 0 ? letter : (ALIKE_TO[at] ?? letter);
  });
  return latin.join("").replace(/\s+/g, " ").trim();
}

/** What denies in form and not in meaning. */
const IDIOMS = anyOf("g", [
  "no (?:problems?|worries|doubt|issues?|trouble|need to worry)",
  "not (?:only|just|to worry)",
  "never (?:mind|fear)",
]);

const CLAUSE_ENDS = /[,;:()!?]|\s[-–—]+\s|[–—]|\b(?:but|and|however|though|yet|so(?! that)|then)\b/;

/** No clause is looked at further than this: a report may be one endless sentence. */
const NEAR_CHARS = 300;

/** A denial further away than so many words speaks of something else. */
const NEAR_WORDS = 8;

const DENIES = anyOf("", [
  "(?:not|no|never|cannot|nothing|none|nobody|neither|nor)",
  "\\w+n't",
  "(?:unable|unwilling|failed|fails|refused|declined) to",
  "(?:instead of|rather than|without being|without having)",
]);

/** "could have been", "can only be", "is to be": right before the phrase, or it is no such form. */
const MAY_COME =
  /\b(?:would|could|can|may|might|should|must|to)(?: \w+){0,2} (?:be|been|get|have)(?: \w+)? ?$/;

const WILL_COME = /\b(?:will|would|shall|can) (?:\w+ )?(?:be|get|have) ?$/;

const IS_CONDITION = /^ ?(?:if|unless|until|as soon as|before (?:it|they|this|that|anything))\b/;

/** "Refunded: none." */
const DENIES_AFTER = /^ ?(?:[:=–—-] ?)?(?:none|nothing|not yet|nowhere|0\b(?!\.\d)|no(?=[.!]?$))/;

const ASKS =
  /^(?:shall|should|do|does|did|would|could|can|may|is|are|was|were|has|have|what|which|why|how)\b/;

/** Any of these as whole words. */
function anyOf(flags: "" | "g", forms: readonly string[]): RegExp {
  return new RegExp(`(?:${forms.map((form) => `\\b${form}\\b`).join("|")})`, flags);
}
