/** The demo's child processes: started from the file beside this one, gone when it is gone. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { BridleError } from "../../std/error.ts";
import { isJsonObject, parseJson, type JsonObject } from "../../std/json.ts";

/** `.ts` from the sources, `.js` when built. */
const EXTENSION: string = import.meta.url.endsWith(".ts") ? "ts" : "js";

export interface Child {
  readonly pid: number;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly hasEnded: () => boolean;
  /** What it said first. Rejects when it ends before it says anything. */
  readonly ready: Promise<JsonObject>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** Starts `./<name>` with its options as one argument of JSON. Its stderr is ours. */
export function startChild(name: "payments" | "worker", options: JsonObject): Child {
  const file = new URL(`./${name}.${EXTENSION}`, import.meta.url);
  const child = fork(file, [JSON.stringify(options)], {
    // Not this process's own flags: a debugger's port, say, is taken.
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = endOf(child);
  const ready = firstWord(child, ended, name);
  // Whoever does not wait for the first word learns of the end from `ended`.
  ready.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    ready,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

async function endOf(child: ChildProcess): Promise<number | string> {
  const ended: unknown[] = await once(child, "exit");
  const [code, signal] = ended;
  return typeof code === "number" ? code : String(signal);
}

async function firstWord(
  child: ChildProcess,
  ended: Promise<number | string>,
  name: string,
): Promise<JsonObject> {
  const died = ended.then((how): never => {
    throw new BridleError("aborted", `The demo's ${name} process ended early (${how})`, {
      hint: "See what it printed above.",
    });
  });
  const [word]: unknown[] = await Promise.race([once(child, "message"), died]);
  return isJsonObject(word) ? word : {};
}

/** In a child: the options it was started with. From here on it ends with its parent. */
export function childOptions(): JsonObject {
  const parsed = parseJson(process.argv[2] ?? "");
  if (!parsed.ok || !isJsonObject(parsed.value)) {
    throw new BridleError("usage", "This file is part of the demo and not started by hand", {
      hint: "Run `bridle demo`.",
    });
  }
  process.once("disconnect", () => process.exit(0));
  return parsed.value;
}

/** In a child: says the first word. */
export function reportReady(word: JsonObject): void {
  process.send?.(word);
}
