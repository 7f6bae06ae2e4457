/** Policy texts from files, globs and strings, in one order on every machine. */
import { glob, readFile, stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { BridleError, errorMessage } from "../../std/error.ts";

export interface PolicySources {
  /** Paths or globs, relative to `cwd`. A glob that finds nothing is an error. */
  readonly files?: readonly string[];
  /** Default: the process's folder. */
  readonly cwd?: string;
  readonly texts?: readonly PolicyText[];
}

export interface PolicyText {
  /** The file as people know it: relative to `cwd`, with forward slashes. */
  readonly name: string;
  readonly text: string;
}

/** One file may be this long, and there may be this many, before somebody made a mistake. */
const CHARS_MAX = 16 * 1024 * 1024;
const FILES_MAX = 1_000;

/** Throws `policy_invalid`. */
export async function readSources(sources: PolicySources): Promise<readonly PolicyText[]> {
  const cwd = resolve(sources.cwd ?? ".");
  const paths = new Set<string>();
  for (const pattern of sources.files ?? []) {
    for (const path of await matches(pattern, cwd)) paths.add(path);
  }
  const texts: PolicyText[] = [...(sources.texts ?? [])];
  for (const path of paths) texts.push(await readText(path, cwd));
  texts.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  checkTexts(texts);
  return texts;
}

function checkTexts(texts: readonly PolicyText[]): void {
  if (texts.length === 0) {
    throw new BridleError("policy_invalid", "No policy file was named", {
      hint: 'Name one, for example policies: "./policies/*.cedar".',
    });
  }
  if (texts.length > FILES_MAX) {
    throw new BridleError("policy_invalid", `${texts.length} policy files: over ${FILES_MAX}`, {
      hint: "Narrow the pattern.",
    });
  }
  for (const [i, { name, text }] of texts.entries()) {
    if (texts[i - 1]?.name === name) {
      throw new BridleError("policy_invalid", `Two policy texts are named ${name}`, {
        hint: "Give each a name of its own.",
      });
    }
    if (text.length <= CHARS_MAX) continue;
    throw new BridleError("policy_invalid", `${name} is over ${CHARS_MAX} characters long`, {
      hint: "Cut it into several files.",
    });
  }
}

const GLOB = /[*?[\]{}]/;

async function matches(pattern: string, cwd: string): Promise<readonly string[]> {
  if (!GLOB.test(pattern)) return [resolve(cwd, pattern)];
  const found: string[] = [];
  for await (const path of glob(pattern, { cwd })) {
    const full = resolve(cwd, path);
    if ((await stat(full)).isFile()) found.push(full);
  }
  if (found.length > 0) return found;
  throw new BridleError("policy_invalid", `No policy file matches ${pattern} in ${cwd}`, {
    hint: "A pattern that finds nothing would guard nothing: mend it, or take it out.",
  });
}

async function readText(path: string, cwd: string): Promise<PolicyText> {
  const name = relative(cwd, path).replaceAll("\\", "/");
  try {
    return { name, text: await readFile(path, "utf8") };
  } catch (thrown) {
    throw new BridleError("policy_invalid", `${name} cannot be read: ${errorMessage(thrown)}`, {
      hint: "Check the path; it is relative to the config's folder.",
      cause: thrown,
    });
  }
}
