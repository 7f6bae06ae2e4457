/**
 * The port of an engine: it calls `advance(runId)` at the right time and knows nothing else.
 *
 * G1 A wake is a hint: it carries no data and may come twice, late, or for a run that is done.
 * G2 At least once: a run that is ready is advanced sooner or later, also after a crash.
 * G3 One live advance per run in one process; between processes the lease and the fence decide.
 * G4 Every pass derives its next deadline anew from the journal and returns it.
 */
import type { JournalStore } from "../journal/store.ts";

export interface Wake {
  readonly runId: string;
  readonly lane: string;
}

export type Advance =
  | { readonly kind: "done" }
  /** Somebody else has it, or it waits without a deadline. */
  | { readonly kind: "idle" }
  /** Call again at this time, ms since the epoch. */
  | { readonly kind: "at"; readonly atMs: number };

export interface ServeOptions {
  readonly owner: string;
  readonly store: JournalStore;
  readonly now: () => number;
  /** `takeFromEpoch`: the lease of this epoch belongs to a worker that is known to be dead. */
  readonly advance: (runId: string, takeFromEpoch?: number) => Promise<Advance>;
  /** What could not be advanced, for the log; the engine tries again later. */
  readonly onProblem: (runId: string, thrown: unknown) => void;
}

export interface Serving {
  /** How many more runs could start now. */
  readonly room: () => number;
  readonly wake: (wake: Wake) => void;
  /** Stops taking work and waits for what runs, at most this long. Resolves when idle. */
  readonly drain: (ms: number) => Promise<{ readonly left: number }>;
}

export interface Engine {
  readonly name: string;
  serve(options: ServeOptions): Serving;
}
