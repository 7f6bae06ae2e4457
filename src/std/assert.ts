import { BridleError } from "./error.ts";

/** Stops the run when an invariant is broken. The message names the invariant, not the symptom. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new BridleError("invariant_broken", `Invariant broken: ${invariant}`);
}

/** For the default branch of an exhaustive switch: a value here means a union grew unseen. */
export function unreachable(value: never, where: string): never {
  throw new BridleError("invariant_broken", `Unexpected value in ${where}`, { detail: value });
}
