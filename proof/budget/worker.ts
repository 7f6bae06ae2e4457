/** A process that spends, as the proof holds it: started, killed, and replaced. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isJsonObject, type JsonObject } from "../../src/std/json.ts";
import { startChild } from "../child.ts";
import type { Tally } from "./spender.ts";

export interface WorkerTally extends Tally {
  readonly takenOver: number;
}

export interface Worker {
  readonly name: string;
  /** Rejects when it ends before it is ready. */
  readonly ready: Promise<void>;
  /** The last that it said. */
  tally(): WorkerTally;
  /** Ends it by SIGKILL, whatever it is doing. */
  kill(): Promise<void>;
  /** Set when it ended and nobody killed it: the proof cannot go on. */
  failure(): string | null;
}

export interface WorkerOptions {
  readonly folder: string;
  readonly counterUrl: string;
  readonly runs: number;
  /** Runs it drives at once. */
  readonly share: number;
  readonly name: string;
  /** The workers that were killed; it takes the runs that are still theirs. */
  readonly dead: readonly string[];
}

const PROCESS = fileURLToPath(new URL("process.ts", import.meta.url));

export function startWorker(options: WorkerOptions): Worker {
  const { folder, counterUrl, runs, share, name, dead } = options;
  const ready = Promise.withResolvers<void>();
  let tally: WorkerTally = { denied: {}, repeats: 0, givenBack: 0, takenOver: 0 };
  let isKilled = false;
  let failure: string | null = null;
  const args = [folder, counterUrl, String(runs), String(share), name, dead.join()];
  const child = startChild(PROCESS, args, {
    cacheFolder: join(folder, "compiled"),
    onLine: (line) => {
      if (!isJsonObject(line)) return;
      if (line["ready"] === true) ready.resolve();
      else tally = tallyOf(line);
    },
  });
  const ended = child.ended.then(({ code, signal, stderr }) => {
    if (!isKilled) failure = `Worker ${name} ended with ${code ?? signal}: ${stderr}`;
    ready.reject(new Error(`Worker ${name} never was ready: ${stderr}`));
  });
  return {
    name,
    ready: ready.promise,
    tally: () => tally,
    kill: async () => {
      isKilled = true;
      child.kill("SIGKILL");
      await ended;
    },
    failure: () => failure,
  };
}

function tallyOf(line: JsonObject): WorkerTally {
  const denied = isJsonObject(line["denied"]) ? line["denied"] : {};
  const counts = Object.entries(denied).map(([why, count]) => [why, Number(count)] as const);
  return {
    denied: Object.fromEntries(counts),
    repeats: Number(line["repeats"]),
    givenBack: Number(line["givenBack"]),
    takenOver: Number(line["takenOver"]),
  };
}
