import { readFileSync } from "node:fs";
import { parseSync, type StaticExportEntry } from "oxc-parser";

/** The names a door exports, sorted. */
export interface Door {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

/** `{ types: "./dist/index.d.ts" }` is compiled from `src/index.ts`. */
export function sourceOf(target: unknown): string {
  const types = typeof target === "object" && target !== null ? Reflect.get(target, "types") : "";
  const inside = /^\.\/dist\/(.+)\.d\.ts$/.exec(String(types))?.[1];
  if (inside === undefined) throw new Error(`Not built from src: ${JSON.stringify(target)}`);
  return `src/${inside}.ts`;
}

/**
 * Reads a door's source. The text tells types from values, which the running module can't; a
 * star would hide the names, so a door may not have one.
 */
export function readDoor(path: string): Door {
  const { module, errors } = parseSync(path, readFileSync(path, "utf8"));
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const entries = module.staticExports.flatMap((statement) => statement.entries);
  return {
    values: namesOf(entries.filter(({ isType }) => !isType)),
    types: namesOf(entries.filter(({ isType }) => isType)),
  };
}

function namesOf(entries: readonly StaticExportEntry[]): string[] {
  return entries
    .map((entry) => {
      if (entry.exportName.name === null) throw new Error("A door names what it exports: no star");
      return entry.exportName.name;
    })
    .toSorted();
}
