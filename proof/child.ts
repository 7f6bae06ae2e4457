/** A child process that speaks in lines of JSON and can be killed at any moment. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { parseJson, type Json } from "../src/std/json.ts";

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last of what it wrote to stderr. */
  readonly stderr: string;
}

export interface Child {
  readonly pid: number;
  readonly ended: Promise<ChildEnd>;
  kill(signal: NodeJS.Signals): void;
  /** Writes one line of JSON to its stdin. */
  tell(message: Json): void;
}

export interface ChildOptions {
  readonly onLine: (line: Json) => void;
  /** Where Node keeps compiled modules, so that the hundredth child starts faster. */
  readonly cacheFolder: string;
}

const STDERR_CHARS = 4_000;

/** Children that still live; none survives this process. */
const living = new Set<Child>();
process.once("exit", () => void endChildren());

/** Kills every child that still lives, stopped ones included, and waits until they are gone. */
export async function endChildren(): Promise<void> {
  const all = [...living];
  for (const child of all) child.kill("SIGKILL");
  await Promise.all(all.map((child) => child.ended));
}

/** Starts `node script …args` with this process's own Node. Its stdin ends with this process. */
export function startChild(script: string, args: readonly string[], options: ChildOptions): Child {
  const spawned = spawn(process.execPath, [script, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: options.cacheFolder },
  });
  let stderr = "";
  spawned.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARS);
  });
  // Writing to a child that was just killed is no error here.
  spawned.stdin.on("error", () => undefined);
  createInterface({ input: spawned.stdout }).on("line", (line) => {
    const parsed = parseJson(line);
    if (parsed.ok) options.onLine(parsed.value);
  });
  const ended = new Promise<ChildEnd>((resolve) => {
    spawned.once("error", (error) => resolve({ code: null, signal: null, stderr: error.message }));
    spawned.once("close", (code, signal) => resolve({ code, signal, stderr }));
  });
  const child: Child = {
    pid: spawned.pid ?? -1,
    ended,
    kill: (signal) => void spawned.kill(signal),
    tell: (message) => void spawned.stdin.write(`${JSON.stringify(message)}\n`),
  };
  living.add(child);
  void ended.then(() => living.delete(child));
  return child;
}
