import type { Call } from "../journal/run.ts";
import type { Json } from "../std/json.ts";
import type { Tool } from "../tools/tool.ts";

/** A call whose arguments are validated and frozen. */
export interface Checked {
  readonly call: Call;
  readonly tool: Tool;
  readonly input: Json;
  readonly argsHash: string;
  /** Tried a moment ago: it has its room, and takes a token of its rate by itself. */
  readonly isRetry?: boolean;
}

export interface Denied {
  readonly kind: "deny";
  readonly rules: readonly string[];
  /** For the model and for people. */
  readonly reason: string;
  /** The reason may hold words from outside: of a record, of an error. */
  readonly quotes?: true;
}

export function denied(rule: string, reason: string): Denied {
  return { kind: "deny", rules: [rule], reason };
}

/** A no whose reason is not the harness's own words, nor those of a person or a policy. */
export function deniedQuoting(rule: string, reason: string): Denied {
  return { ...denied(rule, reason.slice(0, REASON_CHARS_MAX)), quotes: true };
}

const REASON_CHARS_MAX = 500;
