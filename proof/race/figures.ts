/** From what was found to the figures of the proof, and to what they say is broken. */
import type { IntegrityReport } from "../../src/storage/sqlite/door.ts";
import type { ProofReport } from "../proof.ts";
import type { EffectFindings, JournalFindings } from "./check.ts";
import { stallPoints, type StallPoint } from "./clerk.ts";
import type { RacerReport } from "./racer.ts";

/** A process that stood still with a run in its hands. */
export interface Slept {
  readonly point: StallPoint;
  /** Another process had the run when it woke. */
  readonly isTakenOver: boolean;
}

export interface RaceFindings {
  readonly size: { readonly processes: number; readonly runs: number };
  readonly slept: readonly Slept[];
  /** How often a process was stopped at any moment. */
  readonly stopped: number;
  readonly reports: readonly RacerReport[];
  readonly journal: JournalFindings;
  readonly effects: EffectFindings;
  readonly integrity: IntegrityReport;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly quick: boolean;
  readonly ms: number;
}

/** The only ways in which a run of this race may end. */
const RIGHT_OUTCOMES: readonly string[] = [
  "succeeded: model_finished",
  "failed_recoverable: effects_in_doubt",
];

export function raceReport(found: RaceFindings): ProofReport {
  const { size, slept, stopped, reports, journal, effects, integrity, outcomes } = found;
  const sum = (value: (report: RacerReport) => number): number =>
    reports.reduce((total, report) => total + value(report), 0);
  const processesWorking = reports.filter(({ acks }) => acks.length > 0).length;
  const wrongOutcomes = Object.entries(outcomes)
    .filter(([name]) => !RIGHT_OUTCOMES.includes(name))
    .reduce((total, [, count]) => total + count, 0);
  const figures = {
    processes: size.processes,
    runs: size.runs,
    eventsLost: journal.eventsLost,
    sequencesDoubled: journal.sequencesDoubled,
    effectsDoubled: effects.effectsDoubled,
    fenced: sum(({ fenced }) => fenced),
    runsLost: journal.runsLost + wrongOutcomes,
    processesWorking,
    stalled: slept.length,
    stoppedAnywhere: stopped,
    takenOver: journal.takenOver,
    leasesLost: sum(({ leasesLost }) => leasesLost),
    sequenceConflicts: sum(({ conflicts }) => conflicts),
    events: journal.events,
    eventsUnknown: journal.eventsUnknown,
    effectsApplied: effects.effectsApplied,
    requestsRepeated: effects.requestsRepeated,
    chainsBroken: integrity.problems.length,
  };
  return {
    result: { ...figures, outcomes, quick: found.quick, ms: found.ms },
    table: [
      ["figure", "value"],
      ...Object.entries(figures).map(([name, value]) => [name, String(value)]),
      ...Object.entries(outcomes).map(([name, value]) => [name, String(value)]),
    ],
    broken: [...brokenBy(figures, found), ...integrity.problems],
  };
}

function brokenBy(
  figures: Readonly<Record<string, number>>,
  { size, slept }: RaceFindings,
): string[] {
  const broken: string[] = [];
  const zero = ["eventsLost", "sequencesDoubled", "effectsDoubled", "runsLost", "eventsUnknown"];
  for (const name of [...zero, "sequenceConflicts"]) {
    if (figures[name] !== 0) broken.push(`${name} is ${figures[name]} and must be 0`);
  }
  const demand = (holds: boolean, otherwise: string): void => {
    if (!holds) broken.push(otherwise);
  };
  for (const point of stallPoints) {
    const here = slept.filter((one) => one.point === point);
    demand(here.length > 0, `No process was stopped at "${point}": nothing was tried there`);
    demand(
      here.every(({ isTakenOver }) => isTakenOver),
      `A process stopped at "${point}" was not taken over: its writes were still its own`,
    );
  }
  const stale = slept.filter(({ point }) => point === "append").length;
  demand((figures["fenced"] ?? 0) >= stale, `${stale} stale appends, not all were refused`);
  demand(figures["processesWorking"] === size.processes, "Not every process took part");
  demand((figures["effectsApplied"] ?? 0) >= size.runs, "Fewer effects than runs");
  return broken;
}
