import type { Call } from "../journal/run.ts";
import type { Json } from "../std/json.ts";
import type { Tool } from "../tools/tool.ts";

/** A call whose arguments are validated and frozen. */
export interface Checked {
  readonly call: Call;
  readonly tool: Tool;
  readonly input: Json;
  readonly argsHash: string;
}

export interface Denied {
  readonly kind: "deny";
  readonly rules: readonly string[];
  /** For the model and for people. */
  readonly reason: string;
}

export function denied(rule: string, reason: string): Denied {
  return { kind: "deny", rules: [rule], reason };
}
