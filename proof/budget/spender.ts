/**
 * What spends in the proof, in each of its processes. The proof itself knows only the store, the
 * counter outside, and this: how the runs are carried out can be exchanged.
 */
import type { JournalStore, Fence } from "../../src/journal/store.ts";

/** What was seen from inside, for the proof's claim that something was tried. */
export interface Tally {
  /** Denials by what had no room: `run`, `user`, `org`, `window`, `slot`. */
  readonly denied: Readonly<Record<string, number>>;
  /** Reservations that were there already: made by a process that died. */
  readonly repeats: number;
  readonly givenBack: number;
}

/** A run that this process has claimed and must bring to its end. */
export interface Claimed {
  readonly store: JournalStore;
  readonly fence: Fence;
  readonly head: number;
  readonly hash: string;
}

export interface Spender {
  /** Reserves before each act, spends outside, settles after, and finishes the run. */
  drive(run: Claimed): Promise<void>;
  tally(): Tally;
}
