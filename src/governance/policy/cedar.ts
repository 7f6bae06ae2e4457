/**
 * Cedar's own engine, loaded with the first policy: it weighs megabytes.
 *
 * It is WebAssembly with a small stack. A text that nests too deep (from 126 brackets on, with
 * 4.13) traps, and an instance that has trapped answers nothing ever after. So what people wrote
 * is read in one instance, which can be thrown away, and only what was read well is evaluated in
 * the other, whose sets live as long as the process.
 */
import type * as engine from "@cedar-policy/cedar-wasm/nodejs";
import { createRequire } from "node:module";

export type Cedar = typeof engine;

type Role = "reader" | "engine";

const load = createRequire(import.meta.url);
const instances = new Map<Role, Cedar>();

/** One instance of each role per process. */
export function openCedar(role: Role): Cedar {
  const known = instances.get(role);
  if (known !== undefined) return known;
  const path = load.resolve("@cedar-policy/cedar-wasm/nodejs");
  // Only a module that is loaded anew has a memory of its own.
  delete load.cache[path];
  // The package's own types describe what this path exports.
  const fresh = load(path) as Cedar;
  instances.set(role, fresh);
  return fresh;
}

/** What a task over the reader came to; undefined when Cedar gave up on it. */
export function withReader<T>(task: (cedar: Cedar) => T): T | undefined {
  try {
    return task(openCedar("reader"));
  } catch (thrown) {
    if (!isTrap(thrown)) throw thrown;
    instances.delete("reader");
    return undefined;
  }
}

/** WebAssembly's own error, or the end of the stack it shares with JavaScript. */
function isTrap(thrown: unknown): boolean {
  return (
    thrown instanceof RangeError || (thrown instanceof Error && thrown.name === "RuntimeError")
  );
}
