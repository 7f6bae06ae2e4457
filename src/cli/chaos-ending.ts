import type { CommonOptions } from "./chaos-options.ts";

/** A timer of Node's cannot be set for longer. */
const FOR_MS_MAX = 2_147_483_647;

export interface Ending {
  readonly over: Promise<void>;
  /** One more request is answered. */
  count(): void;
  stopListening(): void;
}

/**
 * When a command that serves comes to its end: at a signal, or when its time or its number of
 * requests is over. A second signal of the same kind ends the process.
 */
export function chaosEnding(options: Pick<CommonOptions, "for" | "requests">): Ending {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  const forMs = options.for === undefined ? undefined : Math.min(options.for * 1000, FOR_MS_MAX);
  const timer = forMs === undefined ? undefined : setTimeout(end, forMs);
  let answered = 0;
  return {
    over,
    count: () => {
      answered += 1;
      if (answered === options.requests) end();
    },
    stopListening: () => {
      clearTimeout(timer);
      process.off("SIGINT", end);
      process.off("SIGTERM", end);
    },
  };
}
