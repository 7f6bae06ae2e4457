/**
 * Values that look like something else, and links inside text. Both are judged by their bytes
 * alone, so an answer never depends on what else the run has seen.
 */

/** Formatting and control characters, lone surrogates, and letters that are drawn as nothing. */
const HIDDEN = /[\p{Cf}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Scripts with letters that are drawn alike; a word mixes at most one of them. */
const LOOKALIKES: readonly RegExp[] = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
];

/** Why a value may not be what it looks like; null when it is plain. */
export function disguiseOf(value: string): string | null {
  if (HIDDEN.test(value)) return "it holds characters that nobody sees";
  if (value !== value.normalize("NFKC")) return "it is written in another form than it reads";
  for (const word of value.split(/[^\p{L}\p{N}]+/u)) {
    const scripts = LOOKALIKES.filter((script) => script.test(word)).length;
    if (scripts > 1) return "one of its words mixes alphabets";
  }
  return null;
}

/** Endings of file names that are no top-level domains. */
const FILE_ENDINGS = new Set(
  "txt pdf doc docx xls xlsx ppt pptx csv tsv png jpg jpeg gif svg json xml html htm log".split(
    " ",
  ),
);

const WITH_SCHEME = /\b[a-z][a-z0-9+.-]*:\/\/[^\s<>"'`]+/giu;
const OTHER_SCHEME = /\b(?:javascript|data|mailto|tel|file):[^\s<>"'`]+/giu;
const BARE_HOST = new RegExp(
  String.raw`(?<![\p{L}\p{N}_@.-]|:\/\/)(?:[\p{L}\p{N}_-]+\.)+(\p{L}{2,}|xn--[a-z0-9-]+)` +
    "(?:[:/?#][^\\s<>\"'`]*)?",
  "giu",
);
const ADDRESS = /(?<![\p{N}.])\d{1,3}(?:\.\d{1,3}){3}(?:[:/?#][^\s<>"'`]*)?/gu;
const TRAILING = /[.,;:!?)\]}]+$/u;

/** No text is searched for links beyond this; what is longer counts as one link. */
export const LINK_TEXT_MAX = 100_000;

/**
 * Everything in a text that a reader's program could make a link of. Written in words ("evil dot
 * com") it is not found: this is a fence around clicks, not around meaning.
 */
export function linksIn(text: string): readonly string[] {
  if (text.length > LINK_TEXT_MAX) return ["(a text too long to search)"];
  const plain = text.normalize("NFKC").replace(/\p{Cf}/gu, "");
  const links = new Set<string>();
  for (const pattern of [WITH_SCHEME, OTHER_SCHEME, ADDRESS]) {
    for (const [link] of plain.matchAll(pattern)) links.add(link.replace(TRAILING, ""));
  }
  for (const [link, ending = ""] of plain.matchAll(BARE_HOST)) {
    if (!FILE_ENDINGS.has(ending.toLowerCase())) links.add(link.replace(TRAILING, ""));
  }
  return [...links];
}
