/**
 * Where a value came from and who may see it.
 *
 * LB1 Joining is associative, commutative and idempotent; the join is never more trusted and never
 *     has more readers than either side.
 * LB2 What nobody vouched for is untrusted.
 */

/**
 * From the most to the least trusted. `operator` wrote the instructions, `user` is the person the
 * run acts for, `platform` issued it itself (ids, ledger entries), `directory` is an entry of a
 * list that the organisation keeps (colleagues, channels), everything else is `untrusted`.
 */
export const integrities = ["operator", "user", "platform", "directory", "untrusted"] as const;

export type Integrity = (typeof integrities)[number];

/** Names of those who may see a value, as destinations are written. */
export type Readers = readonly string[] | "anyone";

export interface Label {
  readonly integrity: Integrity;
  /** Who said it: a tool's name for what a tool returned. */
  readonly source: string;
  readonly readers: Readers;
}

/** A joined label names no more sources than this, the first in order. */
export const SOURCES_MAX = 8;

const BETWEEN_SOURCES = " + ";

/** The label of what was derived from both. */
export function joinLabels(one: Label, other: Label): Label {
  return {
    integrity: leastTrusted(one.integrity, other.integrity),
    source: joinSources(one.source, other.source),
    readers: joinReaders(one.readers, other.readers),
  };
}

/** Only those who may see both. */
export function joinReaders(one: Readers, other: Readers): Readers {
  if (one === "anyone") return other;
  if (other === "anyone") return one;
  const allowed = new Set(other);
  return [...new Set(one)].filter((reader) => allowed.has(reader)).sort();
}

export function isTrusted(integrity: Integrity): boolean {
  return integrity !== "untrusted";
}

function leastTrusted(one: Integrity, other: Integrity): Integrity {
  return integrities.indexOf(one) >= integrities.indexOf(other) ? one : other;
}

function joinSources(one: string, other: string): string {
  if (one === other) return one;
  const all = new Set([...one.split(BETWEEN_SOURCES), ...other.split(BETWEEN_SOURCES)]);
  return [...all].sort().slice(0, SOURCES_MAX).join(BETWEEN_SOURCES);
}
