/** Which boundaries of which run are tried: all of them, or a sample that leaves no class out. */
import type { Scenario } from "./scenario.ts";
import type { TrialPlan } from "./trial.ts";

/** The boundaries to kill at among those that unharmed runs passed, in order, each once. */
export function boundariesOf(runs: readonly (readonly string[])[]): string[] {
  return [...new Set(runs.flat())].filter((boundary) => isEveryTime(boundary));
}

/** How often a lease is extended depends on the machine; the first extension always comes. */
function isEveryTime(boundary: string): boolean {
  return !boundary.startsWith("extend ") || boundary.startsWith("extend 1 ");
}

/** The boundary of a class at which the most is at stake: the effect is there, its receipt not. */
export function vitalBoundary({ payClass, inDoubt, script }: Scenario): string {
  if (inDoubt === "park") return "settle parked 1 after";
  if (script === "lost answer") return "effect a 1 before";
  if (payClass === "read") return "read 1 after";
  return payClass === "transactional" ? "transaction 1 after" : "effect a 1 between";
}

/** The scenarios whose resume is killed as well: one for each effect class. */
export function isKilledTwice({ script, inDoubt }: Scenario): boolean {
  return script === "three payments" || script === "slow reads" || inDoubt === "park";
}

/** The vital boundary and `count` more, evenly spread. */
export function sample(boundaries: readonly string[], vital: string, count: number): string[] {
  const others = boundaries.filter((boundary) => boundary !== vital);
  const step = others.length / count;
  const picked = Array.from({ length: count }, (_, nth) => others[Math.floor((nth + 0.5) * step)]);
  const all = boundaries.includes(vital) ? [vital, ...picked] : picked;
  return [...new Set(all.filter((boundary) => boundary !== undefined))];
}

export function killOnce(scenario: Scenario, boundaries: readonly string[]): TrialPlan[] {
  return boundaries.map((boundary) => ({ scenario, stops: [boundary] }));
}

/** Killed at the vital boundary, and the process that resumes at each of these. */
export function killTwice(scenario: Scenario, boundaries: readonly string[]): TrialPlan[] {
  const vital = vitalBoundary(scenario);
  return boundaries.map((boundary) => ({ scenario, stops: [vital, boundary] }));
}
