/**
 * Names of tools as they stand in the conversation. Providers refuse a history in which a call
 * has a name that no tool may have, so a name like that is rewritten, and never into one that
 * could be a tool's.
 */

import { RESERVED_PREFIX } from "../tools/tool.ts";

/** What providers accept (OpenAI and Anthropic: letters, digits, `_`, `-`, up to 64). */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** The name under which a call is kept. */
export function keptName(written: string): string {
  if (NAME.test(written)) return written;
  return (RESERVED_PREFIX + written.replaceAll(/[^A-Za-z0-9_-]/g, "_")).slice(0, 64);
}

/** As near to what the model wrote as the kept name tells. */
export function wroteName(kept: string): string {
  return kept.startsWith(RESERVED_PREFIX) ? kept.slice(RESERVED_PREFIX.length) : kept;
}
