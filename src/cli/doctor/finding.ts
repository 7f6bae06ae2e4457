/** One thing the doctor saw. `problem`: broken · `note`: works, but something is undeclared. */
export interface Finding {
  readonly kind: "ok" | "note" | "problem";
  /** What it is about: `node`, `store`, `agent desk`, `tool desk.refund`. */
  readonly about: string;
  readonly message: string;
  readonly hint?: string;
}

interface Hint {
  readonly hint?: string;
}

export function ok(about: string, message: string): Finding {
  return { kind: "ok", about, message };
}

export function note(about: string, message: string, rest: Hint = {}): Finding {
  return { kind: "note", about, message, ...rest };
}

export function problem(about: string, message: string, rest: Hint = {}): Finding {
  return { kind: "problem", about, message, ...rest };
}
