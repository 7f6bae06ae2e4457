/** Counting semaphores by name: how many calls of one tool run at once in this process. */
export class Slots {
  readonly #used = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Takes a slot if one is free. */
  tryTake(name: string, max: number): boolean {
    const used = this.#used.get(name) ?? 0;
    if (used >= max) return false;
    this.#used.set(name, used + 1);
    return true;
  }

  /** Waits for a slot, first come first served. */
  async take(name: string, max: number): Promise<void> {
    if (this.tryTake(name, max)) return;
    await new Promise<void>((resolve) => {
      const queue = this.#waiting.get(name) ?? [];
      queue.push(resolve);
      this.#waiting.set(name, queue);
    });
  }

  /** Gives a slot to the next in line, or back. */
  free(name: string): void {
    const next = this.#waiting.get(name)?.shift();
    if (next !== undefined) {
      next();
      return;
    }
    this.#used.set(name, Math.max(0, (this.#used.get(name) ?? 0) - 1));
  }
}
