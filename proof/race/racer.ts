/** A process that races, as its parent holds it: stopped, woken, asked for its report. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isJsonObject, type Json, type JsonObject } from "../../src/std/json.ts";
import { startChild } from "../child.ts";
import type { World } from "../world.ts";
import { stallPoints, type StallPoint } from "./clerk.ts";
import type { Ack } from "./watched-store.ts";

export interface Stalled {
  readonly runId: string;
  readonly epoch: number;
  readonly point: StallPoint;
  /** The file that lets one process at a time stall so; whoever wakes it removes the file. */
  readonly slot: string;
}

export interface RacerReport {
  readonly acks: readonly Ack[];
  readonly fenced: number;
  readonly conflicts: number;
  readonly leasesLost: number;
}

export interface Racer {
  readonly ready: Promise<void>;
  /** It has said that it stops itself, and not yet that it woke. */
  readonly isStalling: () => boolean;
  /** Resolves when it stands still. */
  untilStopped(): Promise<void>;
  /** Stops it wherever it is. */
  stop(): void;
  /** Undoes `stop`; one that stalls meanwhile sleeps on. */
  resume(): void;
  /** Wakes it from its own stall. */
  wake(): Promise<void>;
  /** Ends it in order. Throws when it did not end so, or reported nothing. */
  finish(): Promise<RacerReport>;
}

/** A woken process says so within this, ms. */
const WAKES_MS = 20_000;

/** A process that was told to stop and has not ended by then will not, ms. */
const FINISH_MS = 20_000;

const PROCESS = fileURLToPath(new URL("process.ts", import.meta.url));

export interface RacerOptions {
  /** So many processes at once may stop themselves at each stall point. */
  readonly slots: number;
  readonly onStalled: (stalled: Stalled, by: Racer) => void;
}

export function startRacer(world: World, { slots, onStalled }: RacerOptions): Racer {
  const ready = Promise.withResolvers<void>();
  let report: RacerReport | null = null;
  let isStalling = false;
  const args = [world.folder, world.modelRoot, world.ledger.url, String(slots)];
  const child = startChild(PROCESS, args, {
    cacheFolder: join(world.folder, "compiled"),
    onLine: (line) => {
      if (!isJsonObject(line)) return;
      if (line["ready"] === true) ready.resolve();
      if (line["acks"] !== undefined) report = reportOf(line);
      const stalled = stalledOf(line["stalled"]);
      if (line["woken"] === true) isStalling = false;
      if (stalled === null) return;
      isStalling = true;
      onStalled(stalled, racer);
    },
  });
  const died = child.ended.then(({ stderr }) => new Error(`A racing process ended: ${stderr}`));
  void died.then((error) => ready.reject(error));
  const racer: Racer = {
    ready: ready.promise,
    isStalling: () => isStalling,
    untilStopped: async () => {
      while (processState(child.pid) !== "T") await sleep(5);
    },
    stop: () => child.kill("SIGSTOP"),
    resume: () => {
      if (!isStalling) child.kill("SIGCONT");
    },
    wake: async () => {
      // Stopped from outside just before it stopped itself, it needs waking twice.
      const deadline = Date.now() + WAKES_MS;
      do {
        child.kill("SIGCONT");
        await sleep(20);
      } while (racer.isStalling() && Date.now() < deadline);
      if (racer.isStalling()) throw new Error("A racing process did not wake");
    },
    finish: async () => {
      child.tell("stop");
      const late = setTimeout(() => child.kill("SIGKILL"), FINISH_MS);
      const { code, signal, stderr } = await child.ended;
      clearTimeout(late);
      if (report !== null && code === 0) return report;
      throw new Error(`A racing process ended with ${code ?? signal}: ${stderr}`);
    },
  };
  return racer;
}

/** The third field of proc(5)'s stat: R, S, D, T (stopped), Z … */
function processState(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[0] ?? "";
}

function stalledOf(value: Json | undefined): Stalled | null {
  if (!isJsonObject(value)) return null;
  const { runId, epoch, point, slot } = value;
  const known = stallPoints.find((candidate) => candidate === point);
  if (typeof runId !== "string" || typeof slot !== "string" || known === undefined) return null;
  return { runId, epoch: Number(epoch), point: known, slot };
}

function reportOf(line: JsonObject): RacerReport {
  const acks = Array.isArray(line["acks"]) ? line["acks"] : [];
  return {
    acks: acks.map(ackOf),
    fenced: Number(line["fenced"]),
    conflicts: Number(line["conflicts"]),
    leasesLost: Number(line["leasesLost"]),
  };
}

function ackOf(value: Json): Ack {
  const { runId, first, head, hash } = isJsonObject(value) ? value : {};
  if (typeof runId !== "string" || typeof hash !== "string") throw new Error("Not an ack");
  return { runId, first: Number(first), head: Number(head), hash };
}
