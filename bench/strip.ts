/**
 * The adapters as plain JavaScript beside their sources (ignored by git): Node's type stripper
 * would otherwise add its own memory and start-up time to every system measured.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";

const folders = [import.meta.dirname, path.join(import.meta.dirname, "peers")];

/** Writes a `.js` for every `.ts` of the benchmark. */
export function stripAdapters(): void {
  for (const folder of folders) {
    for (const name of readdirSync(folder)) {
      if (name.endsWith(".ts") && !name.endsWith(".d.ts")) strip(path.join(folder, name));
    }
  }
}

function strip(file: string): void {
  const code = stripTypeScriptTypes(readFileSync(file, "utf8"), { mode: "strip" });
  const linked = code
    .replaceAll(/from "(\.\/[^"]+)\.ts"/g, 'from "$1.js"')
    .replaceAll(/from "\.\.\/src\/([^"]+)\.ts"/g, 'from "../dist/$1.js"');
  writeFileSync(file.replace(/\.ts$/, ".js"), linked);
}
