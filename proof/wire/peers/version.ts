import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** `ai 7.0.173`, from the manifest of what is installed. */
export function versionOf(packageName: string): string {
  let folder = dirname(require.resolve(packageName));
  for (let levels = 0; levels < 10; levels++) {
    try {
      const manifest: { readonly name?: string; readonly version?: string } = JSON.parse(
        readFileSync(join(folder, "package.json"), "utf8"),
      );
      if (manifest.name === packageName) return `${packageName} ${manifest.version ?? "unknown"}`;
    } catch {
      // The folder has no manifest of its own.
    }
    folder = dirname(folder);
  }
  return packageName;
}
