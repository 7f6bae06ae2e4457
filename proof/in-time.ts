/** Waiting for a run's end, no longer than a proof has patience. */
import { BridleError } from "../src/std/error.ts";

/** A run that has not ended by then is not going to. */
const PATIENCE_MS = 30 * 60_000;

/** Null when it did not end in time. Rejects when the proof is stopped. */
export async function inTime<Value>(
  ending: Promise<Value>,
  signal: AbortSignal,
): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  const late = new Promise<null>((resolve, reject) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
    stop = (): void => reject(new BridleError("aborted", "The proof was stopped"));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([ending, late]);
  } finally {
    clearTimeout(timer);
    if (stop !== undefined) signal.removeEventListener("abort", stop);
  }
}
