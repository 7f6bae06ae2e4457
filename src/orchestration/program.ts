import type { Advance } from "./engine.ts";
import type { Session } from "./session.ts";

/** What a run executes: the agent loop, or a workflow. The harness knows only this. */
export interface Program {
  readonly name: string;
  /** Carries the run on until it ends, waits, or must stop. */
  advance(session: Session): Promise<Advance>;
}
