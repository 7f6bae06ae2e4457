/**
 * What is kept of an output. The effect has happened by the time there is an output, so nothing
 * here may throw: what cannot be kept is replaced by a note that says so.
 */
import { errorMessage } from "../std/error.ts";
import { canonicalJson, parseJson, type Json } from "../std/json.ts";

export interface KeptOutput {
  readonly output: Json;
  /** Why the real output is not kept and `output` stands in for it; null when it is kept. */
  readonly dropped: string | null;
}

/** A copy as JSON, so that later changes cannot reach it; `undefined` becomes null. */
export function keepOutput(output: unknown, bytesMax: number): KeptOutput {
  // Characters bound bytes: most outputs need no measuring.
  if (typeof output === "string" && output.length * 3 < bytesMax) return { output, dropped: null };
  try {
    const text = canonicalJson(output ?? null);
    if (text.length * 3 >= bytesMax) {
      const bytes = Buffer.byteLength(text);
      if (bytes > bytesMax) return tooLarge(bytes, bytesMax);
    }
    const parsed = parseJson(text);
    return parsed.ok ? { output: parsed.value, dropped: null } : unfit(parsed.reason);
  } catch (thrown) {
    return unfit(errorMessage(thrown));
  }
}

function tooLarge(bytes: number, bytesMax: number): KeptOutput {
  const dropped = `The result had ${bytes} bytes; at most ${bytesMax} are kept.`;
  return { output: `The call ran to its end. ${dropped} Ask for less at once.`, dropped };
}

function unfit(reason: string): KeptOutput {
  const dropped = `The result could not be kept: ${reason}.`;
  return { output: `The call ran to its end. ${dropped}`, dropped };
}
