/**
 * When a value counts as written in a text.
 *
 * LI1 Exact code units, no folding of case or of Unicode forms.
 * LI2 Whole tokens: `connor@a.com` is not in a text that says `sarah.connor@a.com`, `12` not in
 *     one that says `12.50`, `a.com` not in one that says `a.com.evil.org`.
 * LI3 A number is in a text that writes the same number, in whatever plain form: 12, 12.00.
 */

const QUOTES = "\"'`“”‘’«»";
const BEFORE = new Set(`${QUOTES}([{<,;:=|`);
const AFTER = new Set(`${QUOTES})]}>,;|`);
/** Ends a sentence when nothing of the same token follows. */
const STOPS = new Set(".!?:");
const APOSTROPHES = new Set("'’");

/** True when the value stands in the text as whole tokens. */
export function occursIn(text: string, value: string): boolean {
  if (value === "" || value.trim() !== value) return false;
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + 1)) {
    if (beginsAt(text, at) && endsAt(text, at + value.length)) return true;
  }
  return false;
}

function beginsAt(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text[at - 1] ?? "";
  if (isBlank(before)) return true;
  if (!BEFORE.has(before)) return false;
  const further = text[at - 2] ?? "";
  // Inside a word (O'Brien), a number (1,000) or a time (10:30) these are no borders.
  if (APOSTROPHES.has(before)) return !isWordy(further);
  return !(isDigit(further) && isDigit(text[at] ?? ""));
}

function endsAt(text: string, end: number): boolean {
  if (end >= text.length) return true;
  const after = text[end] ?? "";
  const further = text[end + 1] ?? "";
  if (isBlank(after)) return true;
  if (after === ",") return !isDigit(further);
  if (AFTER.has(after)) return true;
  return STOPS.has(after) && (further === "" || isBlank(further) || AFTER.has(further));
}

function isBlank(char: string): boolean {
  return /\s/u.test(char);
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

function isWordy(char: string): boolean {
  return /[\p{L}\p{N}]/u.test(char);
}

/**
 * True when the words of `wanted` follow one another in the text, whatever stands between them and
 * whatever the case: for choosing among trusted names, never for trusting a value.
 */
export function containsWords(text: string, wanted: string): boolean {
  const words = wordsOf(wanted);
  return words !== "" && ` ${wordsOf(text)} `.includes(` ${words} `);
}

function wordsOf(text: string): string {
  return (text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).join(" ");
}

const NUMBER_IN_TEXT =
  /(?<![\p{L}\p{N}_\-/:@.,#])-?\d[\d,]*(?:\.\d+)?(?![\p{L}\p{N}_\-/@])(?![.:,]\d)/gu;
const GROUPED = /^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const PLAIN = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
/** More digits than a double holds exactly are text, never a number. */
const DIGITS_MAX = 15;

/** The numbers that a text writes as tokens of their own. Dates, times and codes are none. */
export function numbersIn(text: string): ReadonlySet<number> {
  const found = new Set<number>();
  for (const [written] of text.matchAll(NUMBER_IN_TEXT)) {
    const number = numberOf(written.replace(/,$/, ""));
    if (number !== null) found.add(number);
  }
  return found;
}

/** The number that a text plainly is; null for anything else. */
export function numberOf(written: string): number | null {
  const plain = GROUPED.test(written) ? written.replaceAll(",", "") : written;
  if (!PLAIN.test(plain) || plain.replace(/\D/g, "").length > DIGITS_MAX) return null;
  return Number(plain);
}
