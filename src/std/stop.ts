/**
 * A wish to stop that is cheap to hold: what `AbortController` is, but its signal (an event
 * target, which costs more than the rest of a short call) exists only for whoever asks for it.
 */
export class Stop {
  /** Nearly always there is one listener; only a second one needs a set. */
  #listener: (() => void) | undefined;
  #others: Set<() => void> | undefined;
  #controller: AbortController | undefined;
  #aborted = false;
  #reason: unknown;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** The same wish as an `AbortSignal`, for code outside. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Only the first wish counts. */
  abort(reason?: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#listener?.();
    this.#listener = undefined;
    for (const listener of this.#others ?? []) listener();
    this.#others = undefined;
  }

  /** Calls back once, at once when it is already stopped. The function returned lets go. */
  onAbort(listener: () => void): () => void {
    if (this.#aborted) {
      listener();
      return () => undefined;
    }
    if (this.#listener === undefined) this.#listener = listener;
    else (this.#others ??= new Set()).add(listener);
    return () => {
      if (this.#listener === listener) this.#listener = undefined;
      else this.#others?.delete(listener);
    };
  }
}
