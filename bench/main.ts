/**
 * `npm run bench`: every system in child processes, interleaved rounds, medians, ratios from the
 * same run. Options: `--peers` (installs and measures the peers too), `--json` (rows on stdout),
 * `--quick` (up to 100 turns, one round), `--rounds N`, `--only TEXT`, `--write` (RESULTS.md).
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { listCases, type Case } from "./cases.ts";
import { runChild } from "./child.ts";
import { median } from "./peers/workload.ts";
import { stripAdapters } from "./strip.ts";
import { ratiosOf, renderResults, writeResults, type Extra, type Row } from "./results.ts";

const { values } = parseArgs({
  options: {
    help: { type: "boolean", short: "h" },
    json: { type: "boolean" },
    only: { type: "string" },
    peers: { type: "boolean" },
    quick: { type: "boolean" },
    rounds: { type: "string" },
    write: { type: "boolean" },
  },
});

const HELP = `npm run bench -- [options]

  --peers       measure the peers too (installs bench/peers once)
  --rounds N    interleaved rounds, the median counts (default 5; 1 with --quick)
  --quick       up to 100 turns only
  --only TEXT   systems whose name contains TEXT
  --json        one JSON row a line on stdout, ratios last
  --write       write bench/RESULTS.md

Examples
  npm run bench -- --quick
  npm run -s bench -- --json --peers --write
`;

/** Slow systems are not asked as often: their ratio is large, their noise small beside it. */
const SLOW_MS = 5_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function prepare(): void {
  const root = path.join(import.meta.dirname, "..");
  if (!existsSync(path.join(root, "dist/index.js"))) run("npm", ["run", "-s", "build"], root);
  stripAdapters();
  const peersDir = path.join(import.meta.dirname, "peers");
  if (values.peers === true && !existsSync(path.join(peersDir, "node_modules"))) {
    say("installing the peers …");
    run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], peersDir);
  }
}

function run(command: string, args: readonly string[], cwd: string): void {
  const done = spawnSync(command, args, { cwd, stdio: ["ignore", 2, 2] });
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")} failed in ${cwd}`);
}

async function measureCase(measured: Case): Promise<Row | string> {
  const { turns, runs, modes, warm } = measured;
  const size = ["--turns", String(turns), "--runs", String(runs), "--warm", String(warm)];
  const result = await runChild(measured.file, size.concat(modes));
  if (!result.ok) return `${measured.name}, ${turns} turns, ${runs} runs: ${result.error}`;
  const number = (key: string): number => Number(result.row[key] ?? Number.NaN);
  const written = result.row["bytesWritten"];
  const wchar =
    typeof written === "object" && written !== null && "wchar" in written
      ? Number(written.wchar)
      : Number.NaN;
  return {
    system: measured.name,
    version: String(result.row["version"]),
    durable: String(result.row["durable"]),
    turns,
    runs,
    msPerTurn: number("msPerTurn"),
    msTurn10: number("msTurn10"),
    msTurnLast: number("msTurnLast"),
    cpuMsPerTurn: number("cpuMsPerTurn"),
    bytesPerTurn: number("bytesPerTurn"),
    bytesWrittenPerTurn: Math.round(wchar / (turns * runs)),
    rssMb: number("rssPeakMb"),
    startupMs: number("startupMs"),
  };
}

async function measureAll(cases: readonly Case[], rounds: number): Promise<Row[]> {
  const samples = new Map<Case, Row[]>();
  const failed = new Set<string>();
  for (let round = 1; round <= rounds; round++) {
    for (const [index, measured] of cases.entries()) {
      const known = samples.get(measured) ?? [];
      const slow = known[0] !== undefined && known[0].msPerTurn * measured.turns > SLOW_MS;
      if (slow || failed.has(keyOf(measured))) continue;
      say(`round ${round}/${rounds}, ${index + 1}/${cases.length}: ${keyOf(measured)}`);
      const row = await measureCase(measured);
      if (typeof row === "string") {
        failed.add(keyOf(measured));
        say(`  failed: ${row}`);
      } else samples.set(measured, [...known, row]);
    }
  }
  if (failed.size > 0) process.exitCode = 1;
  return [...samples.values()].flatMap((rows) => (rows[0] === undefined ? [] : [middle(rows)]));
}

function keyOf({ name, turns, runs }: Case): string {
  return `${name}, ${turns} turns, ${runs} runs`;
}

/** Each figure's own median over the rounds. */
function middle(rows: readonly Row[]): Row {
  const [first] = rows;
  if (first === undefined) throw new Error("no rows to take the middle of");
  const of = (key: keyof Row): number => median(rows.map((row) => Number(row[key])));
  return {
    ...first,
    msPerTurn: round4(of("msPerTurn")),
    msTurn10: round4(of("msTurn10")),
    msTurnLast: round4(of("msTurnLast")),
    cpuMsPerTurn: round4(of("cpuMsPerTurn")),
    bytesPerTurn: Math.round(of("bytesPerTurn")),
    bytesWrittenPerTurn: Math.round(of("bytesWrittenPerTurn")),
    rssMb: Math.round(of("rssMb")),
    startupMs: Math.round(of("startupMs")),
  };
}

function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

async function measureExtras(): Promise<Extra[]> {
  const extras: Extra[] = [];
  for (const args of [
    ["--kind", "resume"],
    ["--kind", "parked", "--count", "1000"],
  ]) {
    const result = await runChild("recovery.ts", args);
    if (result.ok) extras.push(result.row);
    else say(`  failed: recovery ${args.join(" ")}: ${result.error}`);
  }
  for (const count of ["9", "1000", "10000"]) {
    const result = await runChild("policy.ts", ["--count", count]);
    if (result.ok) extras.push(result.row);
    else say(`  failed: policy decision ${count}: ${result.error}`);
  }
  const decision = await runChild("decision.ts", []);
  if (decision.ok) extras.push(decision.row);
  else say(`  failed: full decision: ${decision.error}`);
  const startup = await runChild("startup.ts", []);
  if (startup.ok) extras.push(startup.row);
  return extras;
}

if (values.help === true) {
  process.stdout.write(HELP);
} else {
  prepare();
  const quick = values.quick === true;
  const all = listCases({ peers: values.peers === true, quick });
  const cases = all.filter(({ name }) => values.only === undefined || name.includes(values.only));
  const rows = await measureAll(cases, Number(values.rounds ?? (quick ? 1 : 5)));
  const extras = values.only === undefined ? await measureExtras() : [];
  const ratios = ratiosOf(rows);
  if (values.json === true) {
    for (const row of [...rows, ...extras, { ratios }]) {
      process.stdout.write(`${JSON.stringify(row)}\n`);
    }
  } else process.stdout.write(renderResults(rows, extras, ratios));
  if (values.write === true) writeResults(rows, extras, ratios);
  if (rows.length === 0) {
    say("nothing was measured");
    process.exitCode = 1;
  }
}
