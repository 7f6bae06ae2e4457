/**
 * The beginning and the end of a text, with a sentence between them that says what is missing.
 * The whole has at most `charsMax` characters; a text that has no more comes back as it is.
 */
export function cutText(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  // The number is never longer than that of the whole text, so the sentence fits its room.
  const room = charsMax - sentence(text.length).length;
  if (room <= 0) return text.slice(0, wholeEnd(text, charsMax));
  const head = wholeEnd(text, Math.ceil((room * 2) / 3));
  const tail = wholeStart(text, text.length - Math.floor(room / 3));
  return text.slice(0, head) + sentence(tail - head) + text.slice(tail);
}

function sentence(chars: number): string {
  const count = String(chars).replaceAll(/\B(?=(\d{3})+$)/g, ",");
  // Nothing in it needs escaping, so a text inside JSON does not grow by being cut.
  return ` [… ${count} characters left out to fit; the whole is in the run's journal …] `;
}

/** Half of a surrogate pair is no text. */
function wholeEnd(text: string, end: number): number {
  return splitsPair(text, end) ? end - 1 : end;
}

function wholeStart(text: string, start: number): number {
  return splitsPair(text, start) ? start + 1 : start;
}

function splitsPair(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
