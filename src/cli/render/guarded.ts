/**
 * Text that a person is about to approve, shown so that it cannot be read as something else.
 * Characters that are not seen, or that are seen as others, are shown as JSON escapes: what is
 * printed is still the same JSON.
 *
 * What looks alike is told by Unicode's scripts and compatibility forms and a short list of
 * letters; there are pairs that it does not know (`rn` and `m`, `0` and `O`).
 */
import { canonicalJson, isJsonObject, type Json } from "../../std/json.ts";
import { clip } from "./text.ts";

export interface Guarded {
  readonly text: string;
  /** What was shown otherwise and why, one sentence each. */
  readonly warnings: readonly string[];
}

/** A text above this is cut, with a warning. Characters of JSON. */
const JSON_CHARS_MAX = 20_000;
/** A string above this may hide its point in the middle. */
const STRING_CHARS_MAX = 1_000;
const WARNINGS_MAX = 20;

/** Controls, formats (direction, joiners, tags), fillers, private use, unassigned. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{DI}\u2800]/gu;
const ODD_SPACE = /(?! )\p{Zs}/gu;
/** A string as canonical JSON writes it. */
const STRING = /"(?:[^"\\]|\\.)*"/g;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const NOT_ASCII = /[^\p{ASCII}]/u;
const OTHER_DIGIT = /(?![0-9])\p{Nd}/u;

const SCRIPTS = [
  /\p{Script=Latin}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
  /\p{Script=Hebrew}/u,
  /\p{Script=Arabic}/u,
];

/** Letters that most fonts draw like Latin ones: Cyrillic, Greek, Armenian. */
const CYRILLIC =
  "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u04cf" +
  "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405";
const GREEK =
  "\u03bf\u03b1\u03bd\u03b9\u03ba\u03c1\u03c4\u03c5\u03c9" +
  "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7";
const ARMENIAN = "\u0585\u0578\u057d\u0581\u0570\u0555";
/** A word of these alone; a single letter is an ordinary word in some languages. */
const LATIN_LETTER = new RegExp(`^[\\p{Script=Latin}${CYRILLIC}${GREEK}${ARMENIAN}]$`, "u");
const LATIN_LOOK = new RegExp(`^[${CYRILLIC}${GREEK}${ARMENIAN}\\p{N}]{2,}$`, "u");

/** One line of plain text. */
export function guardText(text: string): string {
  return escapeIn(text.replace(/\r?\n/g, " ⏎ "), isOfItsScript(text));
}

/** A value as canonical JSON on one line, with what is wrong about each of its texts. */
export function guardJson(value: Json): Guarded {
  const warnings: string[] = [];
  eachText(value, "", (text, path) => {
    for (const what of faultsOf(text)) warnings.push(`${guardText(path || "it")} ${what}`);
  });
  const text = canonicalJson(value).replace(STRING, (literal) => {
    return escapeIn(literal, isOfItsScript(plainOf(literal)));
  });
  if (text.length > JSON_CHARS_MAX) {
    warnings.unshift("it is too long to be shown whole: read all of it with --json");
  }
  const more = warnings.length - WARNINGS_MAX;
  const told = warnings.slice(0, WARNINGS_MAX);
  return {
    text: clip(text, JSON_CHARS_MAX),
    warnings: more > 0 ? [...told, `and ${more} more like these`] : told,
  };
}

/** Every string in a value, member names among them. */
function eachText(value: Json, path: string, take: (text: string, path: string) => void): void {
  if (typeof value === "string") take(value, path);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) eachText(item, `${path}/${index}`, take);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    take(name, `the name ${path}/${name}`);
    if (member !== undefined) eachText(member, `${path}/${name}`, take);
  }
}

function faultsOf(text: string): readonly string[] {
  const faults: string[] = [];
  // Line ends and tabs are ordinary, and JSON shows them as escapes anyway.
  const hidden = text.replace(/[\n\r\t]/g, "").match(HIDDEN);
  if (hidden !== null) faults.push(`holds ${hidden.length} hidden characters, shown as escapes`);
  if (text.search(ODD_SPACE) >= 0) faults.push("holds unusual spaces, shown as escapes");
  const isOrdinary = isOfItsScript(text);
  if ((text.match(WORD) ?? []).some((word) => looksLikeOther(word, isOrdinary))) {
    faults.push("holds letters that look like others, shown as escapes");
  }
  if (text.length > STRING_CHARS_MAX) {
    faults.push(`has ${text.length} characters: read it to its end`);
  }
  return faults;
}

function plainOf(literal: string): string {
  const plain: unknown = JSON.parse(literal);
  return typeof plain === "string" ? plain : literal;
}

/** A text of another script throughout: there a word of lookalikes alone is an ordinary word. */
function isOfItsScript(text: string): boolean {
  if (/[A-Za-z]/.test(text)) return false;
  return (text.match(/\p{L}/gu) ?? []).some((letter) => !LATIN_LETTER.test(letter));
}

/** A word that can be taken for another: alphabets mixed, lookalikes alone, styled forms. */
function looksLikeOther(word: string, isOrdinary: boolean): boolean {
  if (!NOT_ASCII.test(word)) return false;
  if (word.normalize("NFKC") !== word.normalize("NFC") || OTHER_DIGIT.test(word)) return true;
  return (
    SCRIPTS.filter((script) => script.test(word)).length > 1 ||
    (!isOrdinary && LATIN_LOOK.test(word))
  );
}

function escapeIn(text: string, isOrdinary: boolean): string {
  return text
    .replace(WORD, (word) => (looksLikeOther(word, isOrdinary) ? escapeAll(word) : word))
    .replace(HIDDEN, escapeAll)
    .replace(ODD_SPACE, escapeAll);
}

/** Everything but ASCII, as JSON writes it. */
function escapeAll(text: string): string {
  let escaped = "";
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const isPlain = unit >= 0x20 && unit < 0x7f;
    escaped += isPlain ? text.charAt(at) : `\\u${unit.toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
