/** Waiting that ends: a time limit and a caller's wish to stop, in one. */
import { afterAbout } from "./coarse-timer.ts";
import { Stop } from "./stop.ts";

/** The longest timer Node keeps; a longer one would fire at once. Milliseconds. */
export const TIMER_MAX_MS: number = 2 ** 31 - 1;

export interface Deadline {
  /** Aborts after the time limit, or with the outer wish and its reason. */
  readonly stop: Stop;
  /** Frees the timer and lets go of the outer wish. Call it in any case. */
  end(): void;
}

/** A wish of its own for one piece of work, so that nothing piles up on the outer one. */
export function startDeadline(ms: number, outer: Stop | AbortSignal): Deadline {
  const stop = new Stop();
  const forward = (): void => stop.abort(outer.reason);
  const endTimer = afterAbout(ms, () => {
    stop.abort(new DOMException(`no answer within ${ms} ms`, "TimeoutError"));
  });
  const letGo = outer instanceof Stop ? outer.onAbort(forward) : listen(outer, forward);
  return {
    stop,
    end: () => {
      endTimer();
      letGo();
    },
  };
}

function listen(signal: AbortSignal, forward: () => void): () => void {
  signal.addEventListener("abort", forward, { once: true });
  if (signal.aborted) forward();
  return () => signal.removeEventListener("abort", forward);
}

/**
 * Settles as `work` does, or rejects with the reason as soon as the wish to stop comes, whether or
 * not the work heeds it. What the work does later is dropped, a rejection too.
 */
export function untilAborted<T>(work: PromiseLike<T>, stop: Stop): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const letGo = stop.onAbort(() => reject(reasonOf(stop.reason)));
    work.then(
      (value) => {
        letGo();
        resolve(value);
      },
      (thrown: unknown) => {
        letGo();
        reject(thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }));
      },
    );
  });
}

function reasonOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}
