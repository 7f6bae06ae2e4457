/**
 * What a proof is: a program that tries to break one guarantee with real processes, and says in
 * figures whether it held. `registry.ts` lists them; `main.ts` runs one.
 */
import type { JsonObject } from "../src/std/json.ts";

/** One command-line option of a proof, beside `--quick`, `--json` and `--help`, which all have. */
export interface ProofOption {
  /** Without dashes: `data` is written `--data`. */
  readonly name: string;
  readonly kind: "flag" | "text" | "number";
  /** What stands for the value in the help, for example `PATH`. */
  readonly placeholder?: string;
  /** The only values that are taken; another is a usage error that suggests the nearest. */
  readonly choices?: readonly string[];
  readonly summary: string;
}

/** The options as given: text and numbers by name, `true` for a flag; absent when not given. */
export type OptionValues = Readonly<Record<string, string | number | true | undefined>>;

export interface ProofContext {
  /** A sample in seconds in place of everything in minutes; never another rule. */
  readonly quick: boolean;
  readonly options: OptionValues;
  /** Aborted by Ctrl-C: end your processes and return or throw. */
  readonly signal: AbortSignal;
  /** One line for whoever watches, on stderr. */
  readonly progress: (line: string) => void;
}

export interface ProofReport {
  /** The figures, in the order they are to be read: the one line of JSON. */
  readonly result: JsonObject;
  /** The same for people; the first row holds the column names. */
  readonly table: readonly (readonly string[])[];
  /** One sentence for each way in which the guarantee broke. Empty means that it held. */
  readonly broken: readonly string[];
}

export interface Proof {
  /** What follows `npm run prove --`. */
  readonly name: string;
  /** The guarantee it attacks, for example `G2 No side effect happens twice`. */
  readonly guarantee: string;
  /** One line: what it does to break it. */
  readonly summary: string;
  readonly options: readonly ProofOption[];
  /** What follows the name in the help's examples. */
  readonly examples: readonly string[];
  /** Throws only when the proof could not be carried out, which never counts as held. */
  run(context: ProofContext): Promise<ProofReport>;
}

/** Thrown by `run` when an option's value makes no sense: a usage error, exit code 2. */
export class ProofUsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ProofUsageError";
  }
}
