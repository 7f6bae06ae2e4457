/** What is measured: which child, with which arguments, at which sizes. */
import { peers } from "./peers/list.ts";

export interface Case {
  readonly name: string;
  /** Beside this file. */
  readonly file: string;
  readonly modes: readonly string[];
  readonly turns: number;
  readonly runs: number;
  /** Turns run before the measured ones; 0 measures a fresh process. */
  readonly warm: number;
}

const SIZES = [10, 100, 500, 2000] as const;
const RUNS = [16, 64] as const;
/** Turns before the measured ones: enough that every file is loaded. */
const WARM = 20;

/** The same case in a process of another age: new, or long at work with its code compiled. */
interface Variant {
  readonly suffix: string;
  readonly warm: number;
  readonly systems: readonly string[];
}

const variants: readonly Variant[] = [
  { suffix: "(fresh process)", warm: 0, systems: ["Bridle full idempotent"] },
  {
    suffix: "(warm process)",
    warm: 1500,
    systems: [
      "bare loop + SQLite full, 1 commit a turn",
      "Bridle full idempotent",
      "Bridle full once",
      "Bridle normal idempotent",
      "AI SDK generateText",
    ],
  },
];
/** Turns of each run when many run at once; the ratio to a peer that grows depends on them. */
const CONCURRENT_TURNS = [100, 500] as const;

interface System {
  readonly name: string;
  readonly file: string;
  readonly modes: readonly string[];
  readonly turnsMax: number;
  readonly concurrency: boolean;
}

const own: readonly System[] = [
  { ...one("bare loop"), file: "bare.ts", modes: ["memory"] },
  { ...one("bare loop + SQLite full, 1 commit a turn"), file: "bare.ts", modes: ["full"] },
  { ...one("Bridle full idempotent"), modes: ["full", "idempotent"], concurrency: true },
  { ...one("Bridle full read"), modes: ["full", "read"] },
  { ...one("Bridle full once"), modes: ["full", "once"] },
  { ...one("Bridle normal idempotent"), modes: ["normal", "idempotent"], concurrency: true },
];

function one(name: string): Omit<System, "modes"> {
  return { name, file: "bridle.ts", turnsMax: 2000, concurrency: false };
}

/** Every case of one round, peers beside us so that both see the same machine. */
export function listCases(options: {
  readonly peers: boolean;
  readonly quick: boolean;
}): readonly Case[] {
  const foreign = peers.map((peer) => ({ ...peer, file: `peers/${peer.file}`, modes: [] }));
  const systems: readonly System[] = options.peers ? [...own, ...foreign] : own;
  const sizes = options.quick ? SIZES.filter((turns) => turns <= 100) : SIZES;
  const sequential = systems.flatMap((entry) =>
    sizes
      .filter((turns) => turns <= entry.turnsMax)
      .map((turns) => ({ ...caseOf(entry), turns, runs: 1 })),
  );
  const concurrent = systems
    .filter((entry) => entry.concurrency)
    .flatMap((entry) =>
      CONCURRENT_TURNS.flatMap((turns) => RUNS.map((runs) => ({ ...caseOf(entry), turns, runs }))),
    );
  const aged = variants.flatMap(({ suffix, warm, systems: named }) =>
    systems
      .filter((entry) => named.includes(entry.name))
      .map((entry) => {
        return { ...caseOf(entry), name: `${entry.name} ${suffix}`, turns: 500, runs: 1, warm };
      }),
  );
  return [...sequential, ...concurrent, ...(options.quick ? [] : aged)];
}

function caseOf(entry: System): Pick<Case, "name" | "file" | "modes" | "warm"> {
  return { name: entry.name, file: entry.file, modes: entry.modes, warm: WARM };
}
