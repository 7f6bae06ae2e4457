/** From what was found to the figures of the proof, and to what they say is broken. */
import type { IntegrityReport } from "../../src/storage/sqlite/door.ts";
import type { ProofReport } from "../proof.ts";
import type { EffectFindings, JournalFindings } from "./check.ts";
import type { RacerReport, Stalled } from "./racer.ts";

export interface RaceFindings {
  readonly size: { readonly processes: number; readonly runs: number; readonly stalls: number };
  readonly stalled: readonly Stalled[];
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
  const { size, stalled, reports, journal, effects, integrity, outcomes } = found;
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
    stalled: stalled.length,
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
  { size, stalled, journal }: RaceFindings,
): string[] {
  const broken: string[] = [];
  const zero = ["eventsLost", "sequencesDoubled", "effectsDoubled", "runsLost", "eventsUnknown"];
  for (const name of [...zero, "sequenceConflicts"]) {
    if (figures[name] !== 0) broken.push(`${name} is ${figures[name]} and must be 0`);
  }
  const demand = (holds: boolean, otherwise: string): void => {
    if (!holds) broken.push(otherwise);
  };
  const stale = stalled.filter(({ point }) => point === "append").length;
  demand(stale > 0, "No process was stopped before an append: nothing was there to refuse");
  demand((figures["fenced"] ?? 0) >= stale, `${stale} stale appends, not all were refused`);
  demand(stalled.length === size.stalls, `${stalled.length} of ${size.stalls} stalls took place`);
  demand(journal.takenOver >= stalled.length, "A stalled run was not taken over");
  demand(figures["processesWorking"] === size.processes, "Not every process took part");
  demand((figures["effectsApplied"] ?? 0) >= size.runs, "Fewer effects than runs");
  return broken;
}
