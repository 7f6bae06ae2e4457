/** From what was found to the figures, and to what they say is broken. */
import type { RunState } from "../../../src/index.ts";
import type { RunRow } from "../../../src/journal/store.ts";
import type { IntegrityReport } from "../../../src/storage/sqlite/door.ts";
import type { ProofReport } from "../../proof.ts";
import type { Findings } from "./check.ts";
import type { Counted } from "./world.ts";

export interface HarnessFindings {
  readonly runs: number;
  readonly blows: { readonly kills: number; readonly stops: number };
  readonly rows: readonly RunRow[];
  readonly states: ReadonlyMap<number, RunState>;
  readonly raised: number;
  readonly problems: readonly string[];
  readonly counted: Counted;
  readonly found: Findings;
  readonly integrity: IntegrityReport;
  readonly ms: number;
}

/** What a budget can have no room in, as the outcome's message names it. */
const SCOPES = ["org", "user", "run"] as const;

export function harnessReport(findings: HarnessFindings): ProofReport {
  const { runs, blows, rows, states, raised, problems, counted, found, integrity } = findings;
  const all = [...states.values()];
  const outcomes = all.map(({ outcome }) => outcome?.reason);
  const exhausted = outcomes.filter((reason) => reason?.code === "budget_exhausted");
  const by = Object.fromEntries(
    SCOPES.map((scope) => [
      scope,
      exhausted.filter((reason) => reason?.message.includes(`budget of ${scope}/`)).length,
    ]),
  );
  const kindOf = (kind: string): number =>
    all.filter(({ outcome }) => outcome?.kind === kind).length;
  const answered = all.reduce((sum, { turn }) => sum + turn, 0);
  const figures = {
    runs,
    exceeded: found.exceeded.length,
    limits: found.limits,
    runsLost: rows.filter(({ status }) => status !== "finished").length + runs - rows.length,
    unrecorded: found.unrecorded.length,
    leftHeld: found.leftHeld.length,
    kills: blows.kills,
    stops: blows.stops,
    // A run that waited for a person is claimed anew as well; only these were taken from a worker.
    takenOver: rows.filter(({ agent, epoch }) => agent !== "asking" && epoch > 1).length,
    modelRequests: counted.bills.length + (counted.faults["refused"] ?? 0),
    billed: counted.bills.length,
    answersUnread: counted.unread,
    billedWithoutAnswer: counted.bills.length - answered,
    ...Object.fromEntries(
      Object.entries(counted.faults).map(([fault, count]) => [`answers ${fault}`, count]),
    ),
    toolRequests: counted.deeds.length,
    toolRequestsLate: counted.late,
    billedMicros: found.billed,
    recordedMicros: found.recorded,
    succeeded: kindOf("succeeded"),
    cancelled: kindOf("cancelled"),
    raised,
    ...Object.fromEntries(SCOPES.map((scope) => [`exhausted by ${scope}`, by[scope] ?? 0])),
    ...Object.fromEntries(
      Object.entries(found.fullest).map(([kind, part]) => [`fullest ${kind} in %`, percent(part)]),
    ),
    problems: problems.length,
    chainsBroken: integrity.problems.length,
  };
  const broken = [...brokenBy(findings, { by, figures }), ...integrity.problems];
  const table = Object.entries(figures).map(([name, value]) => [name, String(value)]);
  return {
    result: { ...figures, ms: findings.ms },
    table: [["figure", "value"], ...table],
    broken,
  };
}

function percent(part: number): number {
  return Math.round(part * 1_000) / 10;
}

function brokenBy(
  { found, problems, counted }: HarnessFindings,
  given: {
    readonly by: Readonly<Record<string, number>>;
    readonly figures: Readonly<Record<string, number>>;
  },
): string[] {
  const { by, figures } = given;
  const broken = [
    ...found.exceeded.map((each) => `More was spent than allowed: ${each}`),
    ...found.unrecorded.map((each) => `Less is recorded than was spent: ${each}`),
    ...found.leftHeld.map((each) => `Held by nobody: ${each}`),
    ...problems.slice(0, 5).map((each) => `A run could not be advanced: ${each}`),
  ];
  const demand = (holds: boolean, otherwise: string): void => {
    if (!holds) broken.push(otherwise);
  };
  demand(figures["runsLost"] === 0, `${figures["runsLost"]} runs never ended`);
  demand(found.limits >= (figures["runs"] ?? 0) * 4, `Only ${found.limits} limits were checked`);
  demand(counted.bills.length >= (figures["runs"] ?? 0), "Fewer answers than runs");
  demand((figures["kills"] ?? 0) > 0, "Nobody was killed: nothing was tried");
  demand((figures["stops"] ?? 0) > 0, "Nobody was stopped: no two workers asked at once");
  demand((figures["takenOver"] ?? 0) > 0, "No run was taken over");
  demand((figures["billedWithoutAnswer"] ?? 0) > 0, "Nothing was billed without an answer");
  demand((figures["succeeded"] ?? 0) > 0, "No run succeeded");
  demand((figures["cancelled"] ?? 0) > 0, "No run was cancelled");
  demand((figures["raised"] ?? 0) > 0, "No run was raised");
  for (const scope of SCOPES) {
    // A run that was raised had met its own budget before.
    const met = (by[scope] ?? 0) + (scope === "run" ? (figures["raised"] ?? 0) : 0);
    demand(met > 0, `No run was stopped by the budget of its ${scope}`);
  }
  return broken;
}
