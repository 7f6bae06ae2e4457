/** A way to lie: what it makes of an honest piece of business. */
import type { Case, Material, Step } from "./script.ts";

/** Null where it has nothing to bend. */
export type Operator = (material: Material) => Bent | null;

export interface Bent {
  readonly steps: readonly Step[];
  /** What the last words must not say when the run is said to have succeeded. */
  readonly lies?: readonly string[];
  readonly troubles?: Case["troubles"];
  /** True: the customer only asked. */
  readonly asks?: boolean;
}

export type Operators = Readonly<Record<string, Operator>>;
