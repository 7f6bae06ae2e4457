import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { parseModule, type Module } from "./module.ts";

export interface TextFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** Every text file of a project, the modules among them parsed once. */
export interface Tree {
  readonly files: readonly TextFile[];
  readonly modules: readonly Module[];
}

const MODULE = /\.[cm]?[jt]sx?$/;
const CODE = /\.([cm]?[jt]sx?|css|html|sql|sh|cedar)$/;
const NOT_OURS = new Set(["node_modules", "dist", "coverage", ".git"]);

/** Reads the files that git tracks, and those it would on the next `git add`. */
export function readTree(root: string): Tree {
  const files: TextFile[] = [];
  for (const path of listFiles(root).toSorted()) {
    const place = join(root, path);
    if (!existsSync(place) || !statSync(place).isFile()) continue;
    const text = readFileSync(place, "utf8");
    if (text.includes("\0")) continue;
    files.push({ path, text, lines: text.replace(/\n$/, "").split("\n") });
  }
  return { files, modules: files.filter((file) => MODULE.test(file.path)).map(parseModule) };
}

/** True for a file people write by hand and a machine runs: not documents, not data. */
export function isCode(file: TextFile): boolean {
  return CODE.test(basename(file.path)) || file.text.startsWith("#!");
}

/** A checkout is listed by git. An unpacked archive or a planted tree has none: walk it. */
function listFiles(root: string): string[] {
  if (!existsSync(join(root, ".git"))) return walk(root, "");
  const listed = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
    { cwd: root, encoding: "utf8", env: withoutGit(process.env), maxBuffer: 64 * 1024 * 1024 },
  );
  return listed.split("\0").filter((path) => path !== "");
}

/** Inside a git hook GIT_DIR is set, and git would list another directory than `cwd`. */
function withoutGit(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("GIT_")));
}

function walk(root: string, below: string): string[] {
  return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (NOT_OURS.has(entry.name)) return [];
    return entry.isDirectory() ? walk(root, path) : [path];
  });
}
