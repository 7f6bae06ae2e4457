/** From what was found to the figures of the proof, and to what they say is broken. */
import type { RunRow } from "../../src/journal/store.ts";
import type { IntegrityReport } from "../../src/storage/sqlite/door.ts";
import type { ProofReport } from "../proof.ts";
import type { Findings } from "./check.ts";
import type { Counted } from "./counter.ts";
import type { WorkerTally } from "./worker.ts";

export interface BudgetFindings {
  readonly size: { readonly runs: number; readonly processes: number };
  readonly kills: number;
  readonly rows: readonly RunRow[];
  readonly tallies: readonly WorkerTally[];
  readonly counted: Counted;
  readonly spending: Findings;
  readonly integrity: IntegrityReport;
  readonly quick: boolean;
  readonly ms: number;
}

/** Whatever can deny; a proof in which one of them never did has not tried it. */
const REASONS = ["org", "user", "run", "window", "slot"] as const;

export function budgetReport(found: BudgetFindings): ProofReport {
  const { size, kills, rows, tallies, counted, spending, integrity } = found;
  const sum = (value: (tally: WorkerTally) => number): number =>
    tallies.reduce((total, tally) => total + value(tally), 0);
  const denied = Object.fromEntries(
    REASONS.map((why) => [why, sum((tally) => tally.denied[why] ?? 0)] as const),
  );
  const { fullest } = spending;
  const figures = {
    runs: size.runs,
    exceeded: spending.exceeded.length,
    limits: spending.limits,
    processes: size.processes,
    kills,
    takenOver: sum(({ takenOver }) => takenOver),
    runsLost: rows.filter(({ status }) => status !== "finished").length,
    spends: counted.spends.length,
    spendsRepeated: counted.spends.filter(({ price }) => price === 0).length,
    spentReal: spending.spentReal,
    spentRecorded: spending.spentRecorded,
    unrecorded: spending.unrecorded.length,
    leftHeld: spending.leftHeld.length,
    reservationsRepeated: sum(({ repeats }) => repeats),
    givenBack: sum(({ givenBack }) => givenBack),
    ...Object.fromEntries(REASONS.map((why) => [`denied by ${why}`, denied[why] ?? 0])),
    ...Object.fromEntries(REASONS.map((why) => [`fullest ${why} in %`, percent(fullest[why])])),
    chainsBroken: integrity.problems.length,
  };
  const { runs, exceeded, ...more } = figures;
  return {
    result: { runs, exceeded, ...more, quick: found.quick, ms: found.ms },
    table: [
      ["figure", "value"],
      ...Object.entries(figures).map(([name, value]) => [name, String(value)]),
    ],
    broken: [...brokenBy(found, denied), ...integrity.problems],
  };
}

function percent(part: number): number {
  return Math.round(part * 1_000) / 10;
}

function brokenBy(
  { size, kills, rows, tallies, counted, spending }: BudgetFindings,
  denied: Readonly<Record<string, number>>,
): string[] {
  const { exceeded, unrecorded, leftHeld, limits, fullest } = spending;
  const broken = [
    ...exceeded.map((each) => `More was spent than allowed: ${each}`),
    ...unrecorded.map((each) => `Less is recorded than was spent: ${each}`),
    ...leftHeld.map((each) => `Held by nobody: ${each}`),
  ];
  const demand = (holds: boolean, otherwise: string): void => {
    if (!holds) broken.push(otherwise);
  };
  demand(rows.length === size.runs, `${rows.length} runs of ${size.runs} are there`);
  demand(
    rows.every(({ status }) => status === "finished"),
    "Some runs never ended",
  );
  demand(limits >= size.runs, `Only ${limits} limits were checked`);
  demand(counted.spends.length >= size.runs, "Fewer purchases than runs: nothing was tried");
  demand(kills > 0, "Nobody was killed: nothing was tried");
  demand(
    tallies.some(({ takenOver }) => takenOver > 0),
    "No run was taken over: the kills hit nothing",
  );
  demand(
    tallies.some(({ repeats }) => repeats > 0),
    "No reservation was found again by another process",
  );
  for (const why of REASONS) {
    demand((denied[why] ?? 0) > 0, `Nothing was denied by ${why}: its limit was not tried`);
  }
  demand(fullest.org > 0.8, `The budget of all was used to ${percent(fullest.org)} % only`);
  return broken;
}
