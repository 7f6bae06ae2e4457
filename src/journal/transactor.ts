import type { Json } from "../std/json.ts";

/**
 * The business database of a `transactional` effect: it keeps Bridle's receipt beside the effect,
 * in one transaction, so that looking tells the truth after any crash.
 *
 * T1 `run` commits what `work` did and its output together, or neither.
 * T2 `run` with a key that has committed before does nothing and returns the stored output.
 * T3 `find` answers from committed data only.
 */
export interface Transactor<Tx> {
  run(
    key: string,
    work: (tx: Tx) => Json | Promise<Json>,
  ): Promise<{ readonly output: Json; readonly replayed: boolean }>;
  find(key: string): Promise<{ readonly output: Json } | undefined>;
}
