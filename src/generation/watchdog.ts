/** Ends a stream in which nothing arrives. */
import { afterAbout } from "../std/coarse-timer.ts";
import type { Stop } from "../std/stop.ts";

/** Which wait came to its limit; `classifyFault` reads it. */
export type TimeoutPhase = "connect" | "first_byte" | "idle" | "total";

export function timeoutError(phase: TimeoutPhase, ms: number): Error {
  const what = {
    connect: "no connection",
    first_byte: "the answer did not begin",
    idle: "nothing more of the answer came",
    total: "no whole answer",
  }[phase];
  const error = new DOMException(`${what} within ${ms} ms`, "TimeoutError");
  return Object.assign(error, { phase });
}

/**
 * One timer for a whole stream: each part only notes the time, and the timer looks how long ago
 * that was.
 */
export class Watchdog {
  readonly #limits: { readonly firstByteMs: number; readonly idleMs: number };
  readonly #stop: Stop;
  #fedAt = performance.now();
  #hasBegun = false;
  #endTimer: () => void;

  constructor(limits: { readonly firstByteMs: number; readonly idleMs: number }, stop: Stop) {
    this.#limits = limits;
    this.#stop = stop;
    this.#endTimer = afterAbout(limits.firstByteMs, () => this.#look());
  }

  /** Something arrived. */
  fed(): void {
    this.#fedAt = performance.now();
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#endTimer();
    this.#endTimer = afterAbout(this.#limits.idleMs, () => this.#look());
  }

  end(): void {
    this.#endTimer();
  }

  #look(): void {
    const { firstByteMs, idleMs } = this.#limits;
    const limitMs = this.#hasBegun ? idleMs : firstByteMs;
    const leftMs = limitMs - (performance.now() - this.#fedAt);
    if (leftMs > 0) this.#endTimer = afterAbout(leftMs, () => this.#look());
    else this.#stop.abort(timeoutError(this.#hasBegun ? "idle" : "first_byte", limitMs));
  }
}
