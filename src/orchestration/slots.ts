import type { ToolDefinition } from "../tools/tool.ts";

/** What is counted: one tool as its author wrote it, whichever agents use it. */
interface Limited {
  readonly definition: ToolDefinition;
  readonly concurrency: number;
}

interface Waiting {
  readonly admit: () => void;
}

/** How many calls of one tool run at once in this process. */
export class Slots {
  readonly #used = new Map<ToolDefinition, number>();
  readonly #waiting = new Map<ToolDefinition, Set<Waiting>>();

  /** Takes a slot if one is free. */
  tryTake({ definition, concurrency }: Limited): boolean {
    const used = this.#used.get(definition) ?? 0;
    if (used >= concurrency) return false;
    this.#used.set(definition, used + 1);
    return true;
  }

  /** Waits for a slot, first come first served. False when the signal aborted first. */
  async take(tool: Limited, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.tryTake(tool)) return true;
    return new Promise<boolean>((resolve) => {
      const queue = this.#queue(tool.definition);
      const waiting: Waiting = {
        admit: () => {
          signal.removeEventListener("abort", leave);
          resolve(true);
        },
      };
      const leave = (): void => {
        queue.delete(waiting);
        resolve(false);
      };
      queue.add(waiting);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  /** Gives a slot to the next in line, or back. */
  free({ definition }: Limited): void {
    const queue = this.#waiting.get(definition);
    const [next] = queue ?? [];
    if (queue !== undefined && next !== undefined) {
      queue.delete(next);
      next.admit();
      return;
    }
    const used = (this.#used.get(definition) ?? 0) - 1;
    if (used > 0) this.#used.set(definition, used);
    else this.#used.delete(definition);
  }

  #queue(definition: ToolDefinition): Set<Waiting> {
    const known = this.#waiting.get(definition);
    if (known !== undefined) return known;
    const made = new Set<Waiting>();
    this.#waiting.set(definition, made);
    return made;
  }
}
