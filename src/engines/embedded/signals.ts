/**
 * A process that is told to stop: it takes no more work, finishes what runs or leaves it at a
 * boundary, closes the store and exits. What is left goes on in the next process.
 */
import type { Harness } from "../../orchestration/harness.ts";

export interface DrainOptions {
  /** The longest wait for what runs, ms. Default 30,000. */
  readonly drainMs?: number;
  /** Default SIGTERM and SIGINT. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Called at the first signal, before the drain begins. */
  readonly onSignal?: (signal: NodeJS.Signals) => void;
  /** Called after the drain; what it returns is the exit code. Default 0. */
  readonly onDrained?: (drained: { readonly left: number }) => number | Promise<number>;
}

/** The exit code of a process that was told twice. */
export const SECOND_SIGNAL_CODE = 130;

/**
 * Drains at the first signal and exits 0 (or as `onDrained` says); a second signal exits at once
 * with 130, which loses nothing either: the journal holds what happened. Returns how to stop
 * listening.
 */
export function drainOnSignals(harness: Harness, options: DrainOptions = {}): () => void {
  const { signals = ["SIGTERM", "SIGINT"], onSignal, onDrained = () => 0 } = options;
  let isDraining = false;
  const stop = async (): Promise<never> => {
    try {
      const drained = await harness.drain(options.drainMs);
      const code = await onDrained(drained);
      await harness.store.close();
      process.exit(code);
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      process.stderr.write(`bridle: the drain failed: ${message}\n`);
      process.exit(1);
    }
  };
  const listener = (signal: NodeJS.Signals): void => {
    if (isDraining) process.exit(SECOND_SIGNAL_CODE);
    isDraining = true;
    onSignal?.(signal);
    void stop();
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.removeListener(signal, listener);
  };
}
