import type { Module, Sighting } from "./module.ts";
import type { Tree } from "./tree.ts";
import type { Constraint } from "./walls.ts";

export interface Verdict {
  /** How many items the rule looked at. A rule that looked at none has proved nothing. */
  readonly looked: number;
  /** One line per breach: the place, then what is wrong and what to do. */
  readonly faults: readonly string[];
}

export interface Rule {
  /** A fact about the house, in the present tense. */
  readonly title: string;
  readonly check: (tree: Tree, walls: readonly Constraint[]) => Verdict;
}

/** A verdict over items of one sort: every item is looked at, and may have faults. */
export function judge<T>(items: readonly T[], faultsOf: (item: T) => readonly string[]): Verdict {
  return { looked: items.length, faults: items.flatMap(faultsOf) };
}

/** One fault for each sighting of these kinds. */
export function faultsAt(
  module: Module,
  kind: Sighting["kind"],
  advice: string,
): readonly string[] {
  return module.sightings
    .filter((seen) => seen.kind === kind)
    .map((seen) => `${module.path}:${seen.line} ${firstLine(seen.text)}: ${advice}`);
}

export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

export function isInSrc(file: { readonly path: string }): boolean {
  return file.path.startsWith("src/");
}
