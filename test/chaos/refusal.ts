import { isBridleError } from "../../src/std/error.ts";

/** What an `input_invalid` says, message and hint; anything else is thrown on. */
export function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    if (!isBridleError(thrown, "input_invalid")) throw thrown;
    return `${thrown.message} ${thrown.hint}`;
  }
  throw new Error("nothing was refused");
}
