import { randomFillSync } from "node:crypto";

/** Ids as a port: a test hands in a counter. */
export type NewId = (nowMs: number) => string;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

const pool = new Uint8Array(1024);
let used = pool.length;

/**
 * A sortable id: 48 bits of time and 80 random bits in Crockford base 32, lower case
 * (the layout of a ULID). Two made in the same millisecond sort arbitrarily.
 */
export const newId: NewId = (nowMs) => {
  if (used + 16 > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  let text = "";
  let time = nowMs;
  for (let i = 0; i < 10; i++) {
    text = (ALPHABET[time % 32] ?? "0") + text;
    time = Math.floor(time / 32);
  }
  for (let i = 0; i < 16; i++) text += ALPHABET[(pool[used + i] ?? 0) & 31] ?? "0";
  used += 16;
  return text;
};
