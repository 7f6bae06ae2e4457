/** Pages where an answer was expected: what a proxy, a CDN or a sign-in page says. */

/** A page is told by its beginning; nothing behind this is read. Characters. */
const PAGE_CHARS = 8192;
const WORDS_CHARS = 160;

const MARKUP =
  /^\s*<(?:!doctype|html|head|body|center|title|meta|h1|div|p|pre|script|\?xml|error)\b/i;
const TITLE = /<(title|h1)[^>]*>([^<]{1,300})/gi;
const UNSEEN = /<(?:script|style)\b[\s\S]*?<\/(?:script|style)>|<!--[\s\S]*?-->/gi;
const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&nbsp;": " ",
};

export function isMarkup(text: string): boolean {
  return MARKUP.test(text.slice(0, 200).replace(/^\uFEFF/, ""));
}

/** The page's title, else its first words; never a tag. */
export function wordsOfMarkup(page: string): string {
  const head = page.slice(0, PAGE_CHARS);
  for (const [, , title = ""] of head.matchAll(TITLE)) {
    const told = plain(title);
    if (told !== "") return told;
  }
  return plain(head.replaceAll(UNSEEN, " ").replaceAll(/<[^>]*>?/g, " "));
}

function plain(text: string): string {
  return text
    .replaceAll(/&[#\w]{2,6};/g, (entity) => ENTITIES[entity] ?? " ")
    .replaceAll(/[<>]/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, WORDS_CHARS);
}
