import { closedCircuit, type Circuit } from "../../journal/circuit.ts";
import type { JournalStore } from "../../journal/store.ts";
import { BridleError } from "../../std/error.ts";
import { didYouMean } from "../../std/suggest.ts";
import { exitCodes } from "../exit-code.ts";
import { openJournal } from "../journal.ts";
import { createOutput, type Output, type Paint } from "../output.ts";
import { clip, oneLine, timeText } from "../render/text.ts";

export interface BreakersOptions {
  readonly close?: string;
  readonly json?: boolean;
  readonly config?: string;
  readonly store?: string;
}

/**
 * open: nobody touches it · half-open: the next one tries it, or one is trying it · resting: the
 * provider asked for quiet · closed: in use, with its last failures.
 */
type Standing = "open" | "half-open" | "resting" | "closed";

interface Breaker {
  readonly scope: string;
  readonly state: Standing;
  readonly failures: number;
  readonly opens: number;
  readonly until: number | null;
  readonly reason: string;
  readonly changedAt: number;
}

/** What the store knows of models and tools, newest change first; or one of them closed by hand. */
export async function showBreakers(options: BreakersOptions): Promise<number> {
  const { store } = await openJournal(options);
  const output = createOutput();
  try {
    if (options.close === undefined) await list(store, options, output);
    else await close(store, { scope: options.close, isJson: options.json === true }, output);
  } finally {
    await store.close();
  }
  return exitCodes.ok;
}

async function list(store: JournalStore, options: BreakersOptions, output: Output): Promise<void> {
  const now = Date.now();
  const breakers = (await store.circuits()).map((circuit) => breakerOf(circuit, now));
  if (breakers.length === 0) output.say("no model and no tool has failed yet");
  else if (options.json === true) for (const breaker of breakers) output.json(breaker);
  else printTable(breakers, output);
}

/** The members are a promise to scripts. */
function breakerOf(circuit: Circuit, now: number): Breaker {
  const { scope, failures, opens, reason, changedAt } = circuit;
  return { scope, ...standingOf(circuit, now), failures, opens, reason, changedAt };
}

function standingOf(
  { openUntil, restUntil, probe }: Circuit,
  now: number,
): Pick<Breaker, "state" | "until"> {
  if (restUntil > now) return { state: "resting", until: restUntil };
  if (openUntil > now) return { state: "open", until: openUntil };
  if (openUntil === 0) return { state: "closed", until: null };
  // Until then the others wait for whoever tries it.
  return { state: "half-open", until: probe !== null && probe.until > now ? probe.until : null };
}

/** Another process may write the row at the same time; so often in a row it has not. */
const SWAPS_MAX = 20;

async function close(
  store: JournalStore,
  given: { readonly scope: string; readonly isJson: boolean },
  output: Output,
): Promise<void> {
  const { scope, isJson } = given;
  let known = await store.circuit(scope);
  if (known === undefined) throw await unknown(store, scope);
  for (let swaps = 0; swaps < SWAPS_MAX; swaps++) {
    const now = Date.now();
    const { state } = standingOf(known, now);
    const next: Circuit = { ...closedCircuit(scope), reason: known.reason, changedAt: now };
    const { won, row } = await store.swapCircuit(next, known.version);
    known = row;
    if (!won) continue;
    if (isJson) output.json(breakerOf(row, now));
    else output.out(`${oneLine(scope)} is closed; it was ${state}`);
    return;
  }
  throw new BridleError("breaker_contended", `${oneLine(scope)} is being written all the time`, {
    hint: "Whatever uses it fails again and again: stop that first.",
  });
}

async function unknown(store: JournalStore, scope: string): Promise<BridleError> {
  const known = (await store.circuits()).map((circuit) => circuit.scope);
  const hint = known.length === 0 ? "None has failed yet." : didYouMean(scope, known);
  return new BridleError("breaker_unknown", `There is no breaker "${oneLine(scope)}"`, { hint });
}

const REASON_CHARS_MAX = 120;

function printTable(breakers: readonly Breaker[], output: Output): void {
  const scopes = breakers.map(({ scope }) => oneLine(scope));
  const widths = [Math.max(5, ...scopes.map(({ length }) => length)), 9, 8, 5, 23, 23];
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  const head = ["SCOPE", "STATE", "FAILURES", "OPENS", "UNTIL", "CHANGED", "REASON"];
  output.out(output.paint.dim(line(head)));
  for (const [index, breaker] of breakers.entries()) {
    const { state, failures, opens, until, changedAt, reason } = breaker;
    const cells = [
      scopes[index] ?? "",
      state,
      String(failures),
      String(opens),
      until === null ? "-" : whenText(until),
      whenText(changedAt),
      oneLine(clip(reason, REASON_CHARS_MAX)),
    ];
    const text = line(cells).trimEnd();
    output.out(text.replace(` ${state} `, ` ${painted(state, output.paint)} `));
  }
}

/** A row that a stranger wrote may hold a time that no calendar has. */
function whenText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? timeText(ms) : "never";
}

function painted(state: Standing, paint: Paint): string {
  switch (state) {
    case "closed":
      return paint.green(state);
    case "half-open":
    case "resting":
      return paint.yellow(state);
    case "open":
    default:
      return paint.red(state);
  }
}
