/** Rows as tables, the ratios the targets are stated in, and RESULTS.md. */
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import path from "node:path";

export interface Row {
  readonly system: string;
  readonly version: string;
  readonly durable: string;
  readonly turns: number;
  readonly runs: number;
  readonly msPerTurn: number;
  readonly msTurn10: number;
  readonly msTurnLast: number;
  readonly cpuMsPerTurn: number;
  readonly bytesPerTurn: number;
  readonly bytesWrittenPerTurn: number;
  readonly rssMb: number;
  readonly startupMs: number;
}

export type Extra = Readonly<Record<string, unknown>>;

export interface Ratio {
  readonly what: string;
  readonly target: string;
  /** Undefined when a side was not measured in this run. */
  readonly measured: string;
  readonly met: boolean | null;
}

/** What one tool result weighs plus its call's arguments and ids: the content of a turn, bytes. */
const CONTENT_BYTES = 1_024 + 45;

const OWN = "Bridle full idempotent";
const NORMAL = "Bridle normal idempotent";
const AI_SDK = "AI SDK generateText";

/** The targets against this run's figures. */
export function ratiosOf(rows: readonly Row[]): Ratio[] {
  const find = (system: string, turns: number, runs = 1): Row | undefined =>
    rows.find((row) => row.system === system && row.turns === turns && row.runs === runs);
  const perTurn = (system: string, turns: number, runs = 1): number | undefined =>
    find(system, turns, runs)?.msPerTurn;
  const own = perTurn(OWN, 500);
  const versus = (what: string, system: string, max: number): Ratio =>
    ratio(what, divide(own, perTurn(system, 500)), max);
  const mastra = divide(perTurn(OWN, 100), perTurn("Mastra durable agent + libSQL", 100));
  const warmRatio = (what: string, system: string, max: number): Ratio => {
    const value = divide(
      perTurn(`${system} (warm process)`, 500),
      perTurn(`${AI_SDK} (warm process)`, 500),
    );
    return ratio(`warm process: ${what} / AI SDK 7, N = 500`, value, max);
  };
  const long = find(OWN, 2000);
  return [
    versus("fsynced turn / AI SDK 7 without durability, N = 500", AI_SDK, 0.8),
    versus(
      "fsynced turn / LangGraph delta channel, FULL, N = 500",
      "LangGraph delta channel, FULL",
      1 / 8,
    ),
    versus(
      "fsynced turn / LangChain createAgent + SqliteSaver, N = 500",
      "LangChain createAgent + SqliteSaver",
      1 / 70,
    ),
    ratio("fsynced turn / Mastra durable, N = 500 (takes minutes)", undefined, 1 / 700),
    ratio("fsynced turn / Mastra durable, N = 100", mastra),
    ratio(
      "once turn / AI SDK 7, N = 500",
      divide(perTurn("Bridle full once", 500), perTurn(AI_SDK, 500)),
      1.5,
    ),
    ratio(
      "NORMAL turn / AI SDK 7, N = 500",
      divide(perTurn(NORMAL, 500), perTurn(AI_SDK, 500)),
      0.25,
    ),
    ratio(
      "fsynced turn / floor (bare loop, 1 commit), N = 500",
      divide(own, perTurn("bare loop + SQLite full, 1 commit a turn", 500)),
    ),
    ratio("turn 2,000 / turn 10", divide(long?.msTurnLast, long?.msTurn10), 1.3),
    ratio(
      "bytes on disk / content bytes, N = 2,000",
      divide(long?.bytesPerTurn, CONTENT_BYTES),
      1.6,
    ),
    ratio(
      "kB (1,000 bytes) written a turn, N = 2,000",
      divide(long?.bytesWrittenPerTurn, 1000),
      10,
    ),
    ratio("peak memory, 500 turns after the 20 of the warm-up, MB", find(OWN, 500)?.rssMb, 80),
    ratio("peak memory, 500 turns alone, MB", find(`${OWN} (fresh process)`, 500)?.rssMb, 80),
    warmRatio("fsynced turn", OWN, 0.8),
    warmRatio("once turn", "Bridle full once", 1.5),
    warmRatio("NORMAL turn", NORMAL, 0.25),
    ...manyRuns(perTurn, 100),
    ...manyRuns(perTurn, 500),
  ];
}

type PerTurn = (system: string, turns: number, runs?: number) => number | undefined;

/** 64 runs in one process; the longer they are, the more a peer that grows with its history loses. */
function manyRuns(perTurn: PerTurn, turns: number): Ratio[] {
  const many = perTurn(OWN, turns, 64);
  const what = `64 runs of ${turns} turns`;
  return [
    atLeast(`${what}: fsynced turns a second`, divide(1000, many), 20_000),
    atLeast(`${what}: turns against AI SDK 7`, divide(perTurn(AI_SDK, turns, 64), many), 5),
  ];
}

function divide(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}

function ratio(what: string, value: number | undefined, max?: number): Ratio {
  return {
    what,
    target: max === undefined ? "" : `≤ ${show(max)}`,
    measured: value === undefined ? "not measured" : show(value),
    met: value === undefined || max === undefined ? null : value <= max,
  };
}

function atLeast(what: string, value: number | undefined, min: number): Ratio {
  return {
    what,
    target: `≥ ${show(min)}`,
    measured: value === undefined ? "not measured" : show(value),
    met: value === undefined ? null : value >= min,
  };
}

function show(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

/** Everything as Markdown tables. */
export function renderResults(
  rows: readonly Row[],
  extras: readonly Extra[],
  ratios: readonly Ratio[],
): string {
  const lines = [
    "| system | version | survives | turns | runs | ms/turn | turn 10 | last | CPU ms | B on disk | B written | RSS MB | start ms |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ...rows.map(renderRow),
    "",
    "| target | asked | measured | met |",
    "|---|---|---|---|",
    ...ratios.map(({ what, target, measured, met }) => {
      const verdict = met === null ? "" : met ? "yes" : "**no**";
      return `| ${what} | ${target} | ${measured} | ${verdict} |`;
    }),
    "",
    ...extras.map((extra) => `- \`${JSON.stringify(extra)}\``),
    "",
  ];
  return lines.join("\n");
}

/** bench/RESULTS.md: the tables with the machine and the day. */
export function writeResults(
  rows: readonly Row[],
  extras: readonly Extra[],
  ratios: readonly Ratio[],
): void {
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const text = `# Benchmark

One agent, one tool with 1,024-byte results, one call a turn, a scripted model in the process that
costs a counter. Every system runs in child processes of its own, in interleaved rounds on one
machine, after 20 turns; "fresh process" has none before it, "warm process" 1,500, so that its code
is compiled; each figure is the median over the rounds. Trust the ratios: the machine is small and
shared. The content of a turn is counted as ${CONTENT_BYTES} bytes: the result, the arguments and the ids.
"survives": \`none\`, \`process\` (its death) or \`power\` (fsynced). B written counts what was
passed to write calls. Reproduce with \`npm run bench -- --peers --write\`.

${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${machine}, ${process.platform}.

${renderResults(rows, extras, ratios)}`;
  writeFileSync(path.join(import.meta.dirname, "RESULTS.md"), text);
}

function renderRow(row: Row): string {
  const { system, version, durable, turns, runs, msPerTurn, msTurn10, msTurnLast } = row;
  const { cpuMsPerTurn, bytesPerTurn, bytesWrittenPerTurn, rssMb, startupMs } = row;
  const what = [system, version, durable, turns, runs];
  const times = [msPerTurn, msTurn10, msTurnLast, cpuMsPerTurn];
  return `| ${[...what, ...times, bytesPerTurn, bytesWrittenPerTurn, rssMb, startupMs].join(" | ")} |`;
}
