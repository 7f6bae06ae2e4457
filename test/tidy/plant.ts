import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readTree, type Tree } from "./tree.ts";

/** Paths with their text, as they would lie in a project. */
export type Planted = Readonly<Record<string, string>>;

/** Writes the files to a directory of their own, reads them as the house is read, and clears up. */
export function plant(files: Planted): Tree {
  const root = mkdtempSync(join(tmpdir(), "bridle-tidy-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return readTree(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
