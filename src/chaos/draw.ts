import { BridleError } from "../std/error.ts";

/** Throws `input_invalid` for a rate or a seed that nothing can be drawn by. */
export function checkDraw(rate: number, seed: number): void {
  if (!(rate >= 0 && rate <= 1)) {
    throw new BridleError("input_invalid", "A rate of faults is a number from 0 to 1.", {
      hint: "0.05 is one request in twenty.",
    });
  }
  if (Number.isSafeInteger(seed)) return;
  throw new BridleError("input_invalid", "A seed is a whole number.", { hint: "1 will do." });
}
