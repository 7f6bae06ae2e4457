import type { ToolDefinition } from "../tools/tool.ts";

/** What is counted: one tool as its author wrote it, whichever agents use it. */
interface Limited {
  readonly definition: ToolDefinition;
  readonly concurrency: number;
}

interface Waiting {
  readonly admit: () => void;
}

/** So many calls of a tool that nobody has seen work yet may be on their way. */
const WINDOW_AT_FIRST = 10;

/**
 * How many calls of one tool run at once in this process: at most what its author says, and no
 * more than it has shown to bear. Each success makes room for one more, each failure halves it:
 * a service that is down is not met by every run at once.
 */
export class Slots {
  readonly #used = new Map<ToolDefinition, number>();
  readonly #window = new Map<ToolDefinition, number>();
  readonly #waiting = new Map<ToolDefinition, Set<Waiting>>();

  /** Takes a slot if one is free. */
  tryTake(tool: Limited): boolean {
    const { definition } = tool;
    const used = this.#used.get(definition) ?? 0;
    if (used >= this.#room(tool)) return false;
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
  free(tool: Limited): void {
    const { definition } = tool;
    const used = (this.#used.get(definition) ?? 0) - 1;
    if (used > 0) this.#used.set(definition, used);
    else this.#used.delete(definition);
    this.#admit(tool);
  }

  /** A call worked. */
  widen(tool: Limited): void {
    const { definition, concurrency } = tool;
    const window = this.#window.get(definition) ?? WINDOW_AT_FIRST;
    if (window >= concurrency) return;
    this.#window.set(definition, window + 1);
    this.#admit(tool);
  }

  /** The service behind the tool failed. */
  narrow({ definition, concurrency }: Limited): void {
    const window = Math.min(concurrency, this.#window.get(definition) ?? WINDOW_AT_FIRST);
    this.#window.set(definition, Math.max(1, Math.floor(window / 2)));
  }

  #room({ definition, concurrency }: Limited): number {
    // Whoever switched the breaker off knows what the service bears.
    if (definition.breaker === false) return concurrency;
    return Math.min(concurrency, this.#window.get(definition) ?? WINDOW_AT_FIRST);
  }

  /** Lets in who waits, as far as there is room. */
  #admit(tool: Limited): void {
    const queue = this.#waiting.get(tool.definition);
    for (const next of queue ?? []) {
      if (!this.tryTake(tool)) return;
      queue?.delete(next);
      next.admit();
    }
  }

  #queue(definition: ToolDefinition): Set<Waiting> {
    const known = this.#waiting.get(definition);
    if (known !== undefined) return known;
    const made = new Set<Waiting>();
    this.#waiting.set(definition, made);
    return made;
  }
}
