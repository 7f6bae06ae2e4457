/**
 * The benchmark's workload and its clock, the same file for every system measured.
 *
 * Why it exists: ratios are worth quoting only when both sides did the same work under the same
 * clock. An adapter supplies `open` and `prepare`; everything counted is counted here.
 *
 * - W1 One run is `turns` calls of `lookup({n})`, one per model call, then the text "done".
 * - W2 The scripted model costs a counter: it keeps no prompt and reads no history.
 * - W3 A turn lasts from one model call to the next, so it holds all that a system does between.
 * - W4 A measurement in which a model call, a tool call or the final text is missing is thrown
 *   away with an error; so is a durable one which left nothing on the disk.
 * - W5 Opening the store is timed apart (`msOpen`), and `open` leaves nothing for a run to create.
 *
 * Only `node:` built-ins are imported here, so that any package can import the file.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

/** What a finished turn survives: nothing, a killed process, or a power cut (fsynced). */
export type Durable = "none" | "process" | "power";

/** Turn `n` of a script: the call to emit, or undefined when the model should say "done". */
export interface Turn {
  readonly n: number;
  readonly callId: string;
}

/** One run's scripted model and tool; made by `createScript`, one per run, never shared. */
export interface Script {
  readonly turns: number;
  /** The user's message. */
  readonly prompt: string;
  /** Called at the entry of every model call: takes its time, and tells what to answer. */
  readonly next: () => Turn | undefined;
  /** The tool's body: 1,024 bytes that differ for each `n`. */
  readonly lookup: (n: number) => string;
  /** The moments of the model calls, in milliseconds; `turns` + 1 of them after a whole run. */
  readonly marksMs: readonly number[];
  /** How many times the tool was called. */
  readonly lookups: () => number;
}

/** An opened system. `prepare` builds the agent outside the clock; the function it returns runs. */
export interface OpenSystem {
  /** The returned function answers with the run's final text. */
  readonly prepare: (script: Script, runName: string) => Promise<() => Promise<string>>;
  /** Called once after the last run; it must leave everything written on the disk. */
  readonly close: () => Promise<void>;
}

/** One system to measure. */
export interface Adapter {
  readonly system: string;
  readonly version: string;
  readonly durable: Durable;
  /** Opens the system's store in `dir`, an empty directory of its own. */
  readonly open: (dir: string) => Promise<OpenSystem>;
}

/**
 * The command line of an adapter: `--turns N --dir DIR [--runs R] [--warm W]`; the rest is its own.
 */
export interface BenchArgs {
  readonly turns: number;
  readonly runs: number;
  /** Turns before the measured ones, so that the code is compiled; 0: none. */
  readonly warm: number;
  readonly dir: string;
  readonly rest: readonly string[];
}

/** One measurement: the JSON line that an adapter prints. Times in ms, sizes in bytes. */
export interface Measurement {
  readonly system: string;
  readonly version: string;
  readonly durable: Durable;
  readonly turns: number;
  readonly runs: number;
  /** From the first run's start to the last run's end; neither opening nor closing. */
  readonly msTotal: number;
  /** `msTotal` / (`turns` × `runs`): with many runs, the inverse of the throughput. */
  readonly msPerTurn: number;
  /** Median of turns 6 to 15, over all runs. */
  readonly msTurn10: number;
  /** Median of the last ten turns, over all runs. */
  readonly msTurnLast: number;
  /** Processor time (user and system, all threads) for each turn. */
  readonly cpuMsPerTurn: number;
  readonly msOpen: number;
  /** Size of the files left after closing. */
  readonly bytesOnDisk: number;
  readonly bytesPerTurn: number;
  /** From /proc/self/io, opened to closed store; null where there is no such file. */
  readonly bytesWritten: BytesWritten | null;
  readonly rssPeakMb: number;
  /** From the process's start until the libraries are loaded. */
  readonly startupMs: number;
}

/** `wchar` is what was passed to write calls, `writeBytes` what went towards a disk. */
export interface BytesWritten {
  readonly wchar: number;
  readonly writeBytes: number;
}

/** Size of one tool result, in bytes (all of them ASCII). */
export const RESULT_BYTES = 1024;
export const TOOL_NAME = "lookup";
export const TOOL_DESCRIPTION =
  "Looks up one number. Reads only; the same number, the same answer.";
export const INSTRUCTIONS = "Look up every number, one at a time, then say done.";
export const FINAL_TEXT = "done";
/** The warm-up is made of runs of at most this many turns. */
const WARM_RUN_TURNS = 500;
const TURNS_MAX = 100_000;
const RUNS_MAX = 1_000;

const PAD = seededPad(RESULT_BYTES * 2);

/** Letters and digits from a fixed linear congruential generator: the same in every process. */
function seededPad(length: number): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  let state = 20_261_120;
  let pad = "";
  while (pad.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    pad += alphabet[(state >>> 16) % alphabet.length];
  }
  return pad;
}

/** Makes the scripted model and tool of one run. */
export function createScript(turns: number): Script {
  const marksMs: number[] = [];
  let lookups = 0;
  return {
    turns,
    prompt: `Look up the numbers 1 to ${turns}.`,
    next: () => {
      marksMs.push(performance.now());
      const n = marksMs.length;
      return n <= turns ? { n, callId: `call_${n}` } : undefined;
    },
    lookup: (n) => {
      lookups += 1;
      const head = `${n}:`;
      const start = n % RESULT_BYTES;
      return head + PAD.slice(start, start + RESULT_BYTES - head.length);
    },
    marksMs,
    lookups: () => lookups,
  };
}

/** Reads an adapter's command line; a missing or senseless value throws. */
export function readArgs(argv: readonly string[] = process.argv.slice(2)): BenchArgs {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      turns: { type: "string" },
      runs: { type: "string", default: "1" },
      warm: { type: "string", default: "20" },
      dir: { type: "string" },
    },
    allowPositionals: true,
  });
  const turns = Number(values.turns);
  const runs = Number(values.runs);
  assert(Number.isInteger(turns) && turns >= 1 && turns <= TURNS_MAX, "--turns: 1 to 100000");
  assert(Number.isInteger(runs) && runs >= 1 && runs <= RUNS_MAX, "--runs: 1 to 1000");
  const warm = Number(values.warm);
  assert(Number.isInteger(warm) && warm >= 0 && warm <= TURNS_MAX, "--warm: 0 to 100000");
  assert(values.dir, "--dir: a directory for this measurement alone");
  return { turns, runs, warm, dir: path.resolve(values.dir), rest: positionals };
}

/** Whole life of an adapter's process: read arguments, warm up, measure, print one line, exit. */
export async function main(adapter: Adapter, args: BenchArgs = readArgs()): Promise<void> {
  const startupMs = performance.now();
  for (let left = args.warm; left > 0; left -= WARM_RUN_TURNS) {
    const turns = Math.min(left, WARM_RUN_TURNS);
    await measure(adapter, { ...args, turns, runs: 1, dir: path.join(args.dir, `warm-${left}`) });
  }
  const measured = await measure(adapter, { ...args, dir: path.join(args.dir, "run") });
  writeSync(1, `${JSON.stringify({ ...measured, startupMs: round(startupMs) })}\n`);
  // A library's idle timers must not keep the process, nor its time, alive.
  process.exit(0);
}

/** Runs the workload once in an empty `args.dir` and checks that all of it was done (W4). */
export async function measure(
  adapter: Adapter,
  args: BenchArgs,
): Promise<Omit<Measurement, "startupMs">> {
  mkdirSync(args.dir, { recursive: true });
  assert.equal(readdirSync(args.dir).length, 0, `${args.dir} is not empty`);
  const openMs = performance.now();
  const opened = await adapter.open(args.dir);
  const msOpen = performance.now() - openMs;
  const scripts = Array.from({ length: args.runs }, () => createScript(args.turns));
  const starts = await Promise.all(
    scripts.map((script, index) => opened.prepare(script, `run-${index + 1}`)),
  );
  const written = readBytesWritten();
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const texts = await Promise.all(starts.map((start) => start()));
  const msTotal = performance.now() - startMs;
  const spent = process.cpuUsage(cpu);
  await opened.close();
  const bytesWritten = bytesSince(written);
  const bytesOnDisk = sizeOf(args.dir);
  scripts.forEach((script, index) => checkWhole(script, texts[index]));
  assert(adapter.durable === "none" || bytesOnDisk > 0, "durable, and nothing is on the disk");
  const turnsAll = args.turns * args.runs;
  return {
    system: adapter.system,
    version: adapter.version,
    durable: adapter.durable,
    turns: args.turns,
    runs: args.runs,
    msTotal: round(msTotal),
    msPerTurn: round(msTotal / turnsAll),
    msTurn10: round(median(scripts.flatMap((script) => turnsMs(script).slice(5, 15)))),
    msTurnLast: round(median(scripts.flatMap((script) => turnsMs(script).slice(-10)))),
    cpuMsPerTurn: round((spent.user + spent.system) / 1000 / turnsAll),
    msOpen: round(msOpen),
    bytesOnDisk,
    bytesPerTurn: Math.round(bytesOnDisk / turnsAll),
    bytesWritten,
    rssPeakMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

function checkWhole(script: Script, text: string | undefined): void {
  assert.equal(text, FINAL_TEXT, "the run's final text");
  assert.equal(script.marksMs.length, script.turns + 1, "model calls");
  assert.equal(script.lookups(), script.turns, "tool calls");
}

/** Each turn's time: from one model call's entry to the next one's (W3). */
export function turnsMs(script: Script): readonly number[] {
  return script.marksMs.slice(1).map((mark, index) => mark - (script.marksMs[index] ?? mark));
}

/** The middle value, or the mean of the two in the middle; 0 for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[(sorted.length - 1) >> 1] ?? 0;
  const high = sorted[sorted.length >> 1] ?? 0;
  return (low + high) / 2;
}

/** What this process has written until now, or null where the system does not tell. */
export function readBytesWritten(): BytesWritten | null {
  if (process.platform !== "linux") return null;
  const io = readFileSync("/proc/self/io", "utf8");
  const field = (name: string): number => Number(io.match(`(?:^|\n)${name}: (\\d+)`)?.[1] ?? 0);
  return { wchar: field("wchar"), writeBytes: field("write_bytes") };
}

function bytesSince(before: BytesWritten | null): BytesWritten | null {
  const after = readBytesWritten();
  if (before === null || after === null) return null;
  return {
    wchar: after.wchar - before.wchar,
    writeBytes: after.writeBytes - before.writeBytes,
  };
}

function sizeOf(dir: string): number {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);
}

/** The version of an installed package, from its package.json beside or above `fromUrl`. */
export function versionOf(packageName: string, fromUrl: string): string {
  const file = new URL(`node_modules/${packageName}/package.json`, fromUrl);
  const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
  assert(typeof manifest === "object" && manifest !== null && "version" in manifest);
  return String(manifest.version);
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
