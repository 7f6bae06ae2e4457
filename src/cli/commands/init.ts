import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { BridleError } from "../../std/error.ts";
import { exitCodes } from "../exit-code.ts";
import { shortPath } from "../config.ts";
import { createOutput } from "../output.ts";
import { dependencyOnThis } from "../package-root.ts";
import { starterFiles } from "../starter.ts";

export interface InitOptions {
  readonly json?: boolean;
}

/** Writes a working project into a new or empty folder; never over anything. */
export async function initProject(named: string, options: InitOptions): Promise<number> {
  const folder = resolve(named);
  checkEmpty(folder, named);
  const name = packageName(basename(folder));
  const files = starterFiles({ name, dependency: dependencyOnThis() });
  mkdirSync(folder, { recursive: true });
  for (const file of files) writeFileSync(join(folder, file.name), file.text, { flag: "wx" });
  const output = createOutput();
  if (options.json === true) {
    output.json({ folder, files: files.map((file) => file.name) });
    return exitCodes.ok;
  }
  const place = shortPath(folder);
  output.out(`A project is ready in ${place}: ${files.map((file) => file.name).join(", ")}`);
  output.out("");
  if (place !== "") output.out(`  cd ${place}`);
  output.out("  npm install");
  output.out('  npx bridle run refund-desk --text "Please refund order A-1001."');
  output.out("");
  output.out(
    "Its model is simulated, so it runs without a key; README.md says how to use a real one.",
  );
  return exitCodes.ok;
}

function checkEmpty(folder: string, named: string): void {
  if (!existsSync(folder)) return;
  const hint = "Name a new folder: bridle init my-agents";
  if (!statSync(folder).isDirectory()) {
    throw new BridleError("usage", `${named} is a file`, { hint });
  }
  const [first] = readdirSync(folder).filter((entry) => entry !== ".git");
  if (first === undefined) return;
  throw new BridleError("usage", `${named} is not empty: it has ${first}. Nothing was written.`, {
    hint,
  });
}

/** A name npm accepts. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "");
  return name === "" || name === "bridle" ? "my-agents" : name;
}
