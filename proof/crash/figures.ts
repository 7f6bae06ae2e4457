/** From the trials to the figures of the proof, and to what they say is broken. */
import type { JsonObject } from "../../src/std/json.ts";
import type { ProofReport } from "../proof.ts";
import type { Scenario } from "./scenario.ts";
import type { Trial } from "./trial.ts";

/** As the issue of effect classes knows them, and the README shows them. */
const classNames: { readonly [payClass in Scenario["payClass"]]: string } = {
  read: "read",
  idempotent: "idempotent",
  transactional: "transactional",
  once: "once with reconcile",
  "once blind": "once without reconcile",
};

interface Row {
  boundaries: number;
  kills: number;
  processesKilled: number;
  effectsApplied: number;
  effectsDoubled: number;
  requestsRepeated: number;
  runsLost: number;
  inDoubt: number;
  inDoubtExplained: number;
}

export function reportOf(trials: readonly Trial[], facts: JsonObject): ProofReport {
  const classes = Object.values(classNames);
  const perClass = classes.map((name) => ({
    class: name,
    ...rowOf(trials.filter(({ scenario }) => classNames[scenario.payClass] === name)),
  }));
  const total = rowOf(trials);
  const problems = trials.flatMap(({ scenario, stops, checked }) =>
    checked.problems.map((problem) => `${scenario.name}, ${stops.join(", then ")}: ${problem}`),
  );
  const { boundaries, kills, effectsDoubled, runsLost, inDoubt, inDoubtExplained } = total;
  return {
    result: {
      boundaries,
      kills,
      effectsDoubled,
      runsLost,
      inDoubt,
      inDoubtExplained,
      processesKilled: total.processesKilled,
      effectsApplied: total.effectsApplied,
      requestsRepeated: total.requestsRepeated,
      problems: problems.length,
      ...facts,
      classes: perClass,
    },
    table: tableOf([...perClass, { class: "all", ...total }]),
    broken: [...brokenBy(total, perClass), ...lostRuns(trials), ...problems].slice(0, 40),
  };
}

function rowOf(trials: readonly Trial[]): Row {
  const row: Row = {
    boundaries: trials.length,
    kills: 0,
    processesKilled: 0,
    effectsApplied: 0,
    effectsDoubled: 0,
    requestsRepeated: 0,
    runsLost: 0,
    inDoubt: 0,
    inDoubtExplained: 0,
  };
  for (const { kills, stops, checked } of trials) {
    row.kills += kills === stops.length ? 1 : 0;
    row.processesKilled += kills;
    row.effectsApplied += checked.applied;
    row.effectsDoubled += checked.doubled;
    row.requestsRepeated += checked.repeated;
    row.runsLost += checked.isLost ? 1 : 0;
    row.inDoubt += checked.inDoubt;
    row.inDoubtExplained += checked.explained;
  }
  return row;
}

function brokenBy(total: Row, perClass: readonly (Row & { readonly class: string })[]): string[] {
  const broken: string[] = [];
  const demand = (holds: boolean, otherwise: string): void => {
    if (!holds) broken.push(otherwise);
  };
  for (const { class: name, boundaries } of perClass) {
    demand(boundaries > 0, `No boundary of the class ${name} was tried`);
  }
  const { boundaries, kills, effectsDoubled, runsLost, inDoubt, inDoubtExplained } = total;
  demand(kills === boundaries, `${boundaries - kills} boundaries were not reached and killed at`);
  demand(effectsDoubled === 0, `${effectsDoubled} effects happened more than once`);
  demand(runsLost === 0, `${runsLost} runs did not reach one right outcome`);
  demand(inDoubtExplained === inDoubt, `${inDoubt - inDoubtExplained} doubts were not explained`);
  // A proof in which nothing ever stood in doubt, or nothing was paid, looked at nothing.
  demand(inDoubt > 0, "Nothing stood in doubt: no kill fell between a claim and its receipt");
  demand(total.effectsApplied > 0, "No effect happened at all");
  return broken;
}

function lostRuns(trials: readonly Trial[]): string[] {
  const bad = trials.filter(({ checked }) => checked.isLost || checked.doubled > 0);
  return bad.map(({ scenario, stops, checked }) => {
    const what = checked.isLost ? "the run is lost" : `${checked.doubled} effects doubled`;
    return `${scenario.name}, ${stops.join(", then ")}: ${what}`;
  });
}

function tableOf(rows: readonly (Row & { readonly class: string })[]): string[][] {
  const head = ["class", "boundaries", "kills", "effects", "doubled", "lost", "in doubt", "told"];
  const body = rows.map((row) => [
    row.class,
    ...[row.boundaries, row.kills, row.effectsApplied, row.effectsDoubled].map(String),
    ...[row.runsLost, row.inDoubt, row.inDoubtExplained].map(String),
  ]);
  return [head, ...body];
}
