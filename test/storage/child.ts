import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A program of `programs/` in a process of its own. */
export interface Child {
  readonly process: ChildProcess;
  /** Every line it has printed so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line that begins so, printed already or not. */
  readonly line: (start: string) => Promise<string>;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export function program(name: string): string {
  return join(import.meta.dirname, "programs", `${name}.ts`);
}

/** Runs `command`, by default Node on a program; it is killed when the test ends before it. */
export function startChild(
  args: readonly string[],
  options: SpawnOptions & { readonly command?: string } = {},
): Child {
  const { command = process.execPath, ...spawning } = options;
  const child = spawn(command, args, { ...spawning, stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  const ended = once(child, "close").then(([code, signal]: readonly unknown[]) =>
    typeof code === "number" ? code : String(signal),
  );
  if (child.stdout === null) throw new Error("the child has no output");
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const watcher of watchers) watcher();
  });
  const line = (start: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find((each) => each.startsWith(start));
        if (found === undefined) return;
        watchers.delete(look);
        resolve(found);
      };
      watchers.add(look);
      look();
      void ended.then((code) => reject(new Error(`it ended (${code}) without saying "${start}"`)));
    });
  return { process: child, lines, line, ended };
}
