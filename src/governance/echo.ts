/**
 * Tools repeat what they were given: a title, a query, a whole request. A platform's field that
 * only says again what the call's own arguments said is no word of the platform's, whatever its
 * label, or else one call would wash what it carries for the next.
 */
import type { Json } from "../std/json.ts";
import { leavesOf, type FieldPath } from "./field-path.ts";

/** Of one call's arguments; what has more is taken to have said everything. */
export const SPOKEN_CHARS_MAX = 1_048_576;

/** The words of a call's arguments; `everything` when there are too many to keep. */
export type Spoken = ReadonlySet<string> | "everything";

/** Words of the values at paths that somebody has vouched for are left out, wherever they stand. */
export function spokenIn(
  input: Json,
  isVouched: (path: FieldPath) => boolean = () => false,
): Spoken {
  const words = new Set<string>();
  const vouched = new Set<string>();
  let chars = 0;
  for (const { path, value } of leavesOf(input)) {
    if (typeof value === "object") continue;
    const text = String(value);
    chars += text.length;
    if (chars > SPOKEN_CHARS_MAX) return "everything";
    const into = isVouched(path) ? vouched : words;
    for (const word of wordsOf(text)) into.add(word);
  }
  for (const word of vouched) words.delete(word);
  return words;
}

/** True when every word of the value stood in the arguments. */
export function isEcho(spoken: Spoken, value: string | number | boolean): boolean {
  if (spoken === "everything") return true;
  return wordsOf(String(value)).every((word) => spoken.has(word));
}

/**
 * What somebody who changed a call's arguments has said: whole texts of which no word stood there
 * before, and of the others the new words. What they left standing is still whoever's it was.
 */
export function addedWords(before: Json, after: Json): readonly string[] {
  const spoken = spokenIn(before);
  if (spoken === "everything") return [];
  const added: string[] = [];
  for (const { value } of leavesOf(after)) {
    if (typeof value !== "string" && typeof value !== "number") continue;
    const words = splitWords(String(value));
    const fresh = words.filter((word) => !spoken.has(word.toLowerCase()));
    if (fresh.length === words.length) added.push(String(value));
    else added.push(...fresh);
  }
  return added;
}

/** Cut at blanks and at what encloses or separates, so that an address or an id stays whole. */
function splitWords(text: string): readonly string[] {
  const words = text.split(/[\s"'`“”‘’«»()[\]{}<>,;|=:!?]+/u);
  return words.map((word) => word.replace(/\.+$/, "")).filter((word) => word !== "");
}

function wordsOf(text: string): readonly string[] {
  return splitWords(text.toLowerCase());
}
