import { sha256 } from "../../std/hash.ts";
import type { Dialect } from "./dialect.ts";

/** What became of an id: kept as it was, or replaced for one of two reasons. */
export interface GivenId {
  readonly id: string;
  readonly why: "kept" | "id" | "duplicate_id";
}

/**
 * Ids of calls, unique in one conversation. A new id follows from the call's place among the
 * calls alone, so the same history gets the same ids on every machine and in every turn.
 */
export class CallIds {
  readonly #dialect: Dialect;
  readonly #used = new Set<string>();
  #calls = 0;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  isUsed(id: string): boolean {
    return this.#used.has(id);
  }

  /** An id that stays as it is, because the provider looks it up. */
  reserve(id: string): void {
    this.#used.add(id);
  }

  /** The id of the next call. `allowed` null: a new one in any case. */
  give(asked: string, allowed: RegExp | null): GivenId {
    const position = this.#calls;
    this.#calls += 1;
    const isAllowed = allowed?.test(asked) === true;
    const isFree = !this.#used.has(asked);
    const id = isAllowed && isFree ? asked : this.#mint(position);
    this.#used.add(id);
    if (id === asked) return { id, why: "kept" };
    return { id, why: isAllowed ? "duplicate_id" : "id" };
  }

  #mint(position: number): string {
    const { idPrefix, idChars } = this.#dialect;
    for (let attempt = 0; ; attempt++) {
      // Hexadecimal digits are allowed wherever ids are limited at all.
      const id = idPrefix + sha256(`call ${position} ${attempt}`).slice(0, idChars);
      if (!this.#used.has(id)) return id;
    }
  }
}
