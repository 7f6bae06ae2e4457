import { BridleError, isBridleError } from "../std/error.ts";

/** What a person typed wrong is told as such. */
export async function asUsage<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    if (!isBridleError(thrown, "input_invalid")) throw thrown;
    const hint = thrown.hint ?? "See `--help`.";
    throw new BridleError("usage", thrown.message, { hint, cause: thrown });
  }
}
