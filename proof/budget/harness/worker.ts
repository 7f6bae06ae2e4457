/** A worker as the proof holds it: killed, or stopped long enough to lose its runs. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isJsonObject } from "../../../src/std/json.ts";
import { startChild, type Child } from "../../child.ts";

export interface WorkerOptions {
  readonly folder: string;
  readonly url: string;
  readonly runs: number;
  /** Runs it advances at once. */
  readonly share: number;
  readonly leaseMs: number;
}

export interface Worker {
  readonly child: Child;
  readonly ready: Promise<void>;
  readonly problems: readonly string[];
  kill(): Promise<void>;
  /** Set when it ended and nobody killed it. */
  failure(): string | null;
}

const PROCESS = fileURLToPath(new URL("process.ts", import.meta.url));

export function startWorker(options: WorkerOptions): Worker {
  const { folder, url, runs, share, leaseMs } = options;
  const ready = Promise.withResolvers<void>();
  // Whoever is killed before it is ready has nobody who waits for it.
  ready.promise.catch(() => undefined);
  const problems: string[] = [];
  let isKilled = false;
  let failure: string | null = null;
  const child = startChild(PROCESS, [folder, url, String(runs), String(share), String(leaseMs)], {
    cacheFolder: join(folder, "compiled"),
    onLine: (line) => {
      if (!isJsonObject(line)) return;
      if (line["ready"] === true) ready.resolve();
      else problems.push(JSON.stringify(line["problem"]));
    },
  });
  const ended = child.ended.then(({ code, signal, stderr }) => {
    if (!isKilled) failure = `A worker ended with ${code ?? signal}: ${stderr}`;
    ready.reject(new Error(`A worker never was ready: ${stderr}`));
  });
  return {
    child,
    ready: ready.promise,
    problems,
    kill: async () => {
      isKilled = true;
      child.kill("SIGKILL");
      await ended;
    },
    failure: () => failure,
  };
}
