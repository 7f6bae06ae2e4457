/** How deep a policy text nests, seen before Cedar's engine, which does not survive too much. */

/** Brackets of any kind inside each other. Cedar's engine gives up at twice as many. */
export const NESTING_MAX = 60;

/** The line, from 1, on which a text first nests deeper than that; null when it never does. */
export function tooDeepAt(text: string): number | null {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (OPENING.has(token)) depth += 1;
    else if (CLOSING.has(token)) depth -= 1;
    if (depth > NESTING_MAX) return text.slice(0, index).split("\n").length;
  }
  return null;
}

/** Strings and comments are passed over whole: brackets in them nest nothing. */
const TOKEN = /"(?:[^"\\]|\\[^])*"|\/\/[^\n]*|[()[\]{}]/g;
const OPENING = new Set(["(", "[", "{"]);
const CLOSING = new Set([")", "]", "}"]);
