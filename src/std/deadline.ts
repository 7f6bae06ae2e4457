/** Waiting that ends: a time limit and a caller's wish to stop, in one signal. */

/** The longest timer Node keeps; a longer one would fire at once. Milliseconds. */
export const TIMER_MAX_MS: number = 2 ** 31 - 1;

export interface Deadline {
  /** Aborts after the time limit, or with the outer signal and its reason. */
  readonly signal: AbortSignal;
  /** Frees the timer and lets go of the outer signal. Call it in any case. */
  end(): void;
}

/** A signal of its own for one piece of work, so that nothing piles up on the outer one. */
export function startDeadline(ms: number, outer: AbortSignal): Deadline {
  const stop = new AbortController();
  const forward = (): void => stop.abort(outer.reason);
  const expire = (): void => {
    stop.abort(new DOMException(`no answer within ${ms} ms`, "TimeoutError"));
  };
  const timer = setTimeout(expire, Math.min(ms, TIMER_MAX_MS));
  outer.addEventListener("abort", forward, { once: true });
  if (outer.aborted) forward();
  return {
    signal: stop.signal,
    end: () => {
      clearTimeout(timer);
      outer.removeEventListener("abort", forward);
    },
  };
}

/**
 * Settles as `work` does, or rejects with the signal's reason as soon as that aborts, whether or
 * not the work heeds the signal. What the work does later is dropped, a rejection too.
 */
export function untilAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(reasonOf(signal));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    work.then(
      (value) => {
        signal.removeEventListener("abort", stop);
        resolve(value);
      },
      (thrown: unknown) => {
        signal.removeEventListener("abort", stop);
        reject(thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }));
      },
    );
  });
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}
