import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject, parseJson } from "../std/json.ts";

/** The folder of this package: two above, in the sources and when compiled. */
export const packageRoot: string = join(import.meta.dirname, "..", "..");

export function packageVersion(): string {
  const parsed = parseJson(readFileSync(join(packageRoot, "package.json"), "utf8"));
  const version = parsed.ok && isJsonObject(parsed.value) ? parsed.value["version"] : undefined;
  return typeof version === "string" ? version : "unknown";
}

/** What a project writes as its dependency on this package: a folder when it is a checkout. */
export function dependencyOnThis(): string {
  return packageRoot.includes("node_modules") ? `^${packageVersion()}` : `file:${packageRoot}`;
}
