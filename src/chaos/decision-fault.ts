import type { Random } from "../std/random.ts";

/** Every way a decision can go wrong, in the order in which draws and marks count them. */
export const FAULT_KINDS = [
  /** Arguments that break off half-way, under a finish reason that claims they are whole. */
  "malformed_arguments",
  /** A tool that does not exist. */
  "unknown_tool",
  /** Arguments that no schema of the tool accepts: a field missing, or of the wrong type. */
  "invalid_arguments",
  /** Arguments that the schema accepts and that mean something else. */
  "wrong_value",
  /** The final text before the work is done. */
  "early_done",
  /** A write that was answered already, once more. */
  "repeated_write",
  /** A write that nobody asked for. */
  "extra_write",
  /** A sentence that announces the call in place of the call. */
  "prose",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];
export type DecisionKind = "right" | FaultKind;
export type FaultMix = Readonly<Record<FaultKind, number>>;
export type FaultCounts = Readonly<Record<FaultKind, number>>;

/**
 * How errors are shared out, as weights. Wrong arguments, early stops and extra writes dominate in
 * the 200 recorded gpt-4o runs that tau-bench publishes; shares are not known, so these numbers are
 * an assumption, to be swept before a claim rests on one.
 */
export const DEFAULT_FAULT_MIX: FaultMix = {
  malformed_arguments: 0.1,
  unknown_tool: 0.1,
  invalid_arguments: 0.2,
  wrong_value: 0.25,
  early_done: 0.15,
  repeated_write: 0.05,
  extra_write: 0.1,
  prose: 0.05,
};

/** One kind among those that may be drawn, by weight; undefined when nothing has any weight. */
export function drawFaultKind(
  mix: FaultMix,
  mayDraw: (kind: FaultKind) => boolean,
  random: Random,
): FaultKind | undefined {
  const kinds = FAULT_KINDS.filter((kind) => mix[kind] > 0 && mayDraw(kind));
  let rest = random() * kinds.reduce((sum, kind) => sum + mix[kind], 0);
  for (const kind of kinds) {
    rest -= mix[kind];
    if (rest < 0) return kind;
  }
  // Rounding can leave a crumb over.
  return kinds.at(-1);
}

export function countFaults(faults: Iterable<DecisionKind>): FaultCounts {
  const counts = new Map<DecisionKind, number>();
  for (const kind of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const count = (kind: FaultKind): number => counts.get(kind) ?? 0;
  return {
    malformed_arguments: count("malformed_arguments"),
    unknown_tool: count("unknown_tool"),
    invalid_arguments: count("invalid_arguments"),
    wrong_value: count("wrong_value"),
    early_done: count("early_done"),
    repeated_write: count("repeated_write"),
    extra_write: count("extra_write"),
    prose: count("prose"),
  };
}
