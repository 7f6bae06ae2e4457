/** `bridle policy simulate`: what other policies would have done in the runs of a journal. */
import { recordedDecisions, type RecordedDecision } from "../../governance/recorded.ts";
import { trySet, type Trial } from "../../governance/simulate.ts";
import { readEvents } from "../../journal/read-run.ts";
import type { JournalStore, RunRow } from "../../journal/store.ts";
import { BridleError } from "../../std/error.ts";
import { exitCodes } from "../exit-code.ts";
import { openJournal } from "../journal.ts";
import { createOutput, type Output } from "../output.ts";
import { inspectAgents, type InspectedAgent } from "../policies.ts";
import { printFaults } from "./policy-check.ts";
import { count, jsonLine, oneLine } from "../render/text.ts";

export interface PolicySimulateOptions {
  readonly store?: string;
  readonly config?: string;
  readonly agent?: string;
  readonly last?: number;
  readonly json?: boolean;
}

/** Runs that are read when nothing is said, the newest first. */
const LAST = 1_000;
/** Calls that are listed for a person; `--json` has all. */
const LISTED_MAX = 20;
const INPUT_CHARS_MAX = 160;

interface Simulated {
  readonly agent: string;
  readonly runs: { readonly passing: number; readonly failing: number };
  readonly calls: number;
  /** Calls that ran and would have been stopped, or put to a person. */
  readonly stopped: Split;
  readonly asked: Split;
  /** Calls that were refused or asked about, and would have run. */
  readonly released: Split;
  readonly changes: readonly Change[];
}

interface Split {
  readonly passing: number;
  readonly failing: number;
}

interface Change {
  readonly runId: string;
  readonly callId: string;
  readonly outcome: string;
  readonly tool: string;
  readonly input: RecordedDecision["input"];
  readonly was: RecordedDecision["was"];
  readonly would: Trial["verdict"];
  readonly rules: readonly string[];
  readonly reason: string;
}

/** Exit code 1 when the policies themselves are refused. */
export async function simulatePolicies(
  files: readonly string[],
  options: PolicySimulateOptions,
): Promise<number> {
  const agents = await inspectAgents(files, options);
  const output = createOutput();
  const refused = agents.filter(({ inspection }) => inspection.set === null);
  for (const { inspection } of refused) {
    printFaults(inspection.faults, { output, mark: output.paint.red("×") });
  }
  if (refused.length > 0) return exitCodes.error;
  const { store } = await openJournal(options);
  try {
    for (const inspected of agents) {
      const simulated = await simulateAgent(store, inspected, options.last ?? LAST);
      if (options.json === true) output.json(simulated);
      else print(simulated, output);
    }
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

async function simulateAgent(
  store: JournalStore,
  { agent, inspection }: InspectedAgent,
  last: number,
): Promise<Simulated> {
  const { set } = inspection;
  const rows = await store.list({ agent, status: "finished", newestFirst: true, limit: last });
  if (set === null || rows.length === 0) {
    throw new BridleError("usage", `This journal holds no finished run of agent "${agent}"`, {
      hint: "Name another one with --store FILE, or let the agent work first.",
    });
  }
  const outcomes = new Map(rows.map((row) => [row.runId, row]));
  const decisions: RecordedDecision[] = [];
  for (const { runId } of rows) {
    decisions.push(...recordedDecisions(runId, await readEvents(store, runId)));
  }
  const trials = trySet(set, decisions);
  const passes = (trial: Trial): boolean => isPassing(outcomes.get(trial.decision.runId));
  const split = (chosen: readonly Trial[]): Split => {
    const passing = chosen.filter(passes).length;
    return { passing, failing: chosen.length - passing };
  };
  const ran = trials.filter(({ decision }) => decision.hasRun);
  const stopped = ran.filter(({ verdict }) => verdict === "deny");
  const isAsked = ({ decision }: Trial): boolean => decision.was === "asked";
  const asked = ran.filter((trial) => trial.verdict === "ask" && !isAsked(trial));
  const released = trials.filter(
    (trial) => trial.verdict === "allow" && (!trial.decision.hasRun || isAsked(trial)),
  );
  const passing = rows.filter(isPassing).length;
  return {
    agent,
    runs: { passing, failing: rows.length - passing },
    calls: trials.length,
    stopped: split(stopped),
    asked: split(asked),
    released: split(released),
    changes: [...stopped, ...asked, ...released].map((trial) => changeOf(trial, outcomes)),
  };
}

function isPassing(row: RunRow | undefined): boolean {
  return row?.outcome === "succeeded";
}

function changeOf(trial: Trial, outcomes: ReadonlyMap<string, RunRow>): Change {
  const { decision, verdict, rules, reason } = trial;
  const { runId, callId, tool, input, was } = decision;
  const outcome = outcomes.get(runId)?.outcome ?? "unfinished";
  return { runId, callId, outcome, tool, input, was, would: verdict, rules, reason };
}

function print(simulated: Simulated, output: Output): void {
  const { agent, runs, calls, stopped, asked, released, changes } = simulated;
  const { paint } = output;
  const told = ({ failing, passing }: Split): string =>
    `${failing} in failing runs, ${passing} in passing runs`;
  output.out(paint.bold(`agent ${agent}`));
  output.out(
    `  ${count(calls, "decision")} of ${runs.failing} failing and ${runs.passing} passing runs`,
  );
  output.out(`  would have been stopped:      ${told(stopped)}`);
  output.out(`  would have asked a person:    ${told(asked)}`);
  output.out(`  would no longer be held up:   ${told(released)}`);
  for (const { runId, callId, outcome, tool, input, would, rules } of changes.slice(
    0,
    LISTED_MAX,
  )) {
    const by = rules.length === 0 ? "no rule allows it" : rules.join(", ");
    const call = `${oneLine(tool)} ${jsonLine(input, INPUT_CHARS_MAX)}`;
    output.out(`  ${would.padEnd(5)} ${runId} ${callId}  ${outcome}  ${call}  (${oneLine(by)})`);
  }
  const more = changes.length - LISTED_MAX;
  if (more > 0) output.out(`  and ${more} more; all of them with --json`);
}
