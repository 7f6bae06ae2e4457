/** Damage to bytes, seeded: the same seed does the same damage. */
import type { Random } from "../../src/std/random.ts";

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

function at(length: number, random: Random): number {
  return Math.floor(random() * (length + 1));
}

function join(...pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

/** A stretch of up to an eighth of the whole. */
function stretch(bytes: Uint8Array, random: Random): readonly [number, number] {
  const from = at(bytes.length, random);
  return [from, Math.min(bytes.length, from + 1 + at(bytes.length / 8, random))];
}

/** What parsers are known to stumble over. */
const ODDITIES = [
  "\n",
  "\n\n",
  "\r",
  "\r\n\r\n",
  "data: ",
  "data:\n\n",
  "data: [DONE]\n\n",
  "event: x\n",
  "{",
  "}",
  "[",
  "]",
  '"',
  "\\",
  "null",
  "0",
  "-1",
  "1e999",
  '""',
  "{}",
  ":",
  ",",
  "\u0000",
  "\uFEFF",
  "\\ud800",
  "\\u0000",
  '"__proto__":{"a":1},',
  "<html>",
].map((text) => new TextEncoder().encode(text));

const BROKEN_UTF8 = new Uint8Array([0xc3, 0x28, 0xf0, 0x9f, 0xff, 0xfe, 0x80]);

const mutations: Readonly<Record<string, Mutation>> = {
  flip: (bytes, random) => {
    const flipped = bytes.slice();
    const place = at(bytes.length - 1, random);
    flipped[place] = (flipped[place] ?? 0) ^ (1 << at(7, random));
    return flipped;
  },
  insert: (bytes, random) => {
    const place = at(bytes.length, random);
    const odd = random() < 0.1 ? BROKEN_UTF8 : ODDITIES[at(ODDITIES.length - 1, random)];
    return join(bytes.subarray(0, place), odd ?? BROKEN_UTF8, bytes.subarray(place));
  },
  delete: (bytes, random) => {
    const [from, to] = stretch(bytes, random);
    return join(bytes.subarray(0, from), bytes.subarray(to));
  },
  duplicate: (bytes, random) => {
    const [from, to] = stretch(bytes, random);
    return join(bytes.subarray(0, to), bytes.subarray(from));
  },
  truncate: (bytes, random) => bytes.slice(0, at(bytes.length, random)),
  swap: (bytes, random) => {
    const [from, to] = stretch(bytes, random);
    const end = Math.min(bytes.length, to + 1 + at(bytes.length / 8, random));
    const [first, second] = [bytes.subarray(from, to), bytes.subarray(to, end)];
    return join(bytes.subarray(0, from), second, first, bytes.subarray(end));
  },
  swapLines: (bytes, random) => {
    const lines = Buffer.from(bytes).toString("latin1").split("\n\n");
    const [one, two] = [at(lines.length - 1, random), at(lines.length - 1, random)];
    const kept = lines[one] ?? "";
    lines[one] = lines[two] ?? "";
    lines[two] = kept;
    return new Uint8Array(Buffer.from(lines.join("\n\n"), "latin1"));
  },
  dropEvent: (bytes, random) => {
    const events = Buffer.from(bytes).toString("latin1").split("\n\n");
    events.splice(at(events.length - 1, random), 1);
    return new Uint8Array(Buffer.from(events.join("\n\n"), "latin1"));
  },
  /** One value in the JSON in place of another: what is no damage to a parser, but to a reader. */
  revalue: (bytes, random) => {
    const text = Buffer.from(bytes).toString("latin1");
    const values = [
      ...text.matchAll(/(?<=[:[,] ?)(?:"(?:[^"\\]|\\.)*"|-?\d[\d.]*|null|true|false)/g),
    ];
    const value = values[at(values.length - 1, random)];
    if (value === undefined) return bytes;
    const odd = REVALUES[at(REVALUES.length - 1, random)] ?? "null";
    const end = value.index + value[0].length;
    const changed = text.slice(0, value.index) + odd + text.slice(end);
    return new Uint8Array(Buffer.from(changed, "latin1"));
  },
};

const REVALUES = [
  "null",
  "0",
  "-1",
  "1.5",
  "1e400",
  "9007199254740993",
  '""',
  "[]",
  "{}",
  "true",
  '"\\ud800"',
  '"\\u0000"',
  "[null]",
  '{"a":{"a":{"a":[]}}}',
  '"stop"',
  '"tool_calls"',
  '"length"',
  '"__proto__"',
  '" "',
  '"error"',
  '"pause_turn"',
];

/**
 * Mostly one kind of damage, so that what follows it is still read; at most eight. `other` is what
 * is spliced in.
 */
export function mutate(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let damaged = bytes;
  const kinds = Object.values(mutations);
  for (let left = random() < 0.6 ? 1 : 1 + at(7, random); left > 0; left--) {
    // Half of all damage is to values: it is what gets past a parser.
    const kind = random() < 0.5 ? mutations["revalue"] : kinds[at(kinds.length - 1, random)];
    damaged = kind?.(damaged, random) ?? damaged;
  }
  if (random() >= 0.1) return damaged;
  return join(
    damaged.subarray(0, at(damaged.length, random)),
    other.subarray(at(other.length, random)),
  );
}

/** The same bytes in packets of any size; every third time one byte each at the beginning. */
export function packetsOf(bytes: Uint8Array, random: Random): readonly Uint8Array[] {
  const packets: Uint8Array[] = [];
  const sizeMax = 1 + at(random() < 0.3 ? 8 : 2_000, random);
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + 1 + at(sizeMax, random));
    packets.push(bytes.subarray(from, to));
    from = to;
  }
  return packets;
}
