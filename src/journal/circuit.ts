/**
 * What all runs and workers of one store know about a dependency (a model, a tool): whether it is
 * to be left alone for now. The rules of change are `generation/breaker.ts`; a store only keeps
 * the newest row of each scope.
 *
 * O1 `swapCircuit` replaces a row only when its version is the expected one (0: there is none),
 *    and the new version is one higher. Of two writers one gets through, whichever process.
 * O2 It hands back the row that stands afterwards, so that who lost sees what won.
 * O3 A row that was handed back survives the process that wrote it.
 */
export interface Circuit {
  /** `model/openai/gpt-5.2`, `tool/payments`. */
  readonly scope: string;
  readonly version: number;
  /** In a row, since the last success, by anybody. */
  readonly failures: number;
  /** How often in a row it was opened: each time for longer. */
  readonly opens: number;
  /** Left alone until then, ms since the epoch; then one probe decides. 0: closed. */
  readonly openUntil: number;
  /** The provider asked for quiet until then, ms since the epoch. 0: it did not. */
  readonly restUntil: number;
  /** Who tries it while everybody else waits, and until when the others wait for that. */
  readonly probe: { readonly holder: string; readonly until: number } | null;
  /** What went wrong last, in one sentence. */
  readonly reason: string;
  /**
   * Milliseconds since the epoch by the clock of whoever wrote this version: each version has its
   * own, so that readers whose clocks differ can tell how long a time in it was meant to be.
   */
  readonly changedAt: number;
}

export interface CircuitStore {
  circuit(scope: string): Promise<Circuit | undefined>;
  /** All that are known, newest change first; at most 1,000. */
  circuits(): Promise<readonly Circuit[]>;
  /** O1 to O3. `next.version` is ignored: the store counts. */
  swapCircuit(next: Circuit, expectedVersion: number): Promise<Swapped>;
}

export interface Swapped {
  /** Whether it is the row that was handed in. */
  readonly won: boolean;
  readonly row: Circuit;
}

/** Rows that `circuits()` hands back at most. */
export const CIRCUITS_MAX = 1_000;

export function closedCircuit(scope: string): Circuit {
  return {
    scope,
    version: 0,
    failures: 0,
    opens: 0,
    openUntil: 0,
    restUntil: 0,
    probe: null,
    reason: "",
    changedAt: 0,
  };
}
