import { randomFillSync } from "node:crypto";

/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/** Cryptographic bits from the operating system: for ids and jitter. */
export const systemRandom: Random = () => {
  const word = new Uint32Array(1);
  randomFillSync(word);
  return (word[0] ?? 0) / 2 ** 32;
};

/**
 * A seeded generator (mulberry32): the same seed gives the same stream on every machine.
 * For simulations and tests only, never for ids or keys.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A 32-bit seed from a string (FNV-1a), so that streams can be keyed by names. */
export function seedFrom(text: string): number {
  let seed = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    seed = Math.imul(seed ^ text.charCodeAt(i), 0x01000193);
  }
  return seed >>> 0;
}

/** One item, uniformly; undefined only for an empty list. */
export function pick<T>(items: readonly T[], random: Random): T | undefined {
  return items[Math.floor(random() * items.length)];
}
