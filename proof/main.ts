/** `npm run prove`: lists the proofs, or runs one. */
import { errorMessage } from "../src/std/error.ts";
import { readArguments, type Arguments } from "./arguments.ts";
import { helpText, listText, tableText } from "./print.ts";
import { ProofUsageError, type ProofReport } from "./proof.ts";
import { proofs } from "./registry.ts";

const HELD = 0;
const BROKE = 1;
const WRONG_USAGE = 2;

/** How long a proof that is stopped may tidy up, ms. */
const GRACE_MS = 3_000;

async function main(argv: readonly string[]): Promise<number> {
  const given = readArguments(argv, proofs);
  switch (given.kind) {
    case "list":
      say(listText(proofs));
      return HELD;
    case "help":
      say(given.proof === null ? listText(proofs) : helpText(given.proof));
      return HELD;
    case "usage":
      return refuse(given.message);
    case "run":
      return runProof(given);
    default:
      return WRONG_USAGE;
  }
}

async function runProof(given: Extract<Arguments, { kind: "run" }>): Promise<number> {
  const { proof, quick, json, options } = given;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      stop.abort(new Error(`stopped by ${signal}`));
      // A proof that waits for something else is not waited for: its children die with this exit.
      setTimeout(() => process.exit(BROKE), GRACE_MS).unref();
    });
  }
  try {
    const report = await proof.run({ quick, options, signal: stop.signal, progress: whisper });
    tell(proof.name, report, json);
    return report.broken.length === 0 ? HELD : BROKE;
  } catch (thrown) {
    if (thrown instanceof ProofUsageError) return refuse(thrown.message);
    whisper(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
    const error = errorMessage(thrown);
    if (json) say(JSON.stringify({ proof: proof.name, holds: false, error }));
    return BROKE;
  }
}

/** Under `--json` the table goes to stderr, so that stdout is the one line and nothing else. */
function tell(name: string, report: ProofReport, json: boolean): void {
  const { table, result, broken } = report;
  const print = json ? whisper : say;
  print(`\n${tableText(table)}\n`);
  for (const sentence of broken) print(`broken: ${sentence}`);
  if (broken.length === 0) print("The guarantee held.");
  if (json) say(JSON.stringify({ ...result, proof: name, holds: broken.length === 0 }));
}

function refuse(message: string): number {
  whisper(`${message}\nList the proofs with: npm run prove`);
  return WRONG_USAGE;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function whisper(text: string): void {
  process.stderr.write(`${text}\n`);
}

process.exitCode = await main(process.argv.slice(2));
