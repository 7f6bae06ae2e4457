import type { Constraint } from "./walls.ts";

/**
 * Reads the `constraints:` list of a decision record's front matter. Each constraint is one list
 * item in JSON form, which is YAML too: a YAML reader gets the same list, and this one needs none.
 */
export function readConstraints(record: string): readonly Constraint[] {
  const front = /^---\n([\s\S]*?)\n---\n/.exec(record)?.[1] ?? "";
  const list = /^constraints:\n((?: {2}- .*\n?)+)/m.exec(`${front}\n`)?.[1] ?? "";
  return list
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line.slice("  - ".length)));
}
