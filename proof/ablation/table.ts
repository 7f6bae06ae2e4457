/** What a person reads: one row for each arm at each rate, with what was projected beside it. */
import { ARMS } from "./arms.ts";
import type { ArmFigures, RateFigures } from "./figures.ts";
import { PROJECTED } from "./projection.ts";

const HEAD = [
  "rate",
  "arm",
  "safe %",
  "95 %",
  "right %",
  "projected",
  "silent",
  "stopped",
  "harmed",
  "wrong writes",
  "false stops",
  "every seed %",
  "requests",
] as const;

/**
 * `right`: succeeded in the right state; `silent`: succeeded in a wrong one; `stopped`: did not
 * succeed and wrote nothing wrong; `harmed`: did not succeed, and something wrong was written.
 */
export function tableOf(figures: Readonly<Record<string, RateFigures>>): string[][] {
  const rows = Object.entries(figures).flatMap(([rate, arms]) =>
    ARMS.flatMap(({ name }) => {
      const arm = arms[name];
      return arm === undefined ? [] : [rowOf(rate, name, arm)];
    }),
  );
  return [[...HEAD], ...rows];
}

function rowOf(rate: string, name: string, arm: ArmFigures): string[] {
  const projected = PROJECTED[rate]?.[name];
  return [
    rate,
    name,
    percent(arm.safeSuccess),
    `${percent(arm.safeLow)} to ${percent(arm.safeHigh)}`,
    percent(arm.success),
    projected === undefined ? "" : projected.toFixed(1),
    `${arm.succeeded_wrong}`,
    `${arm.refused_safely}`,
    `${arm.refused_wrong}`,
    `${arm.wrongWrites}`,
    `${arm.falseStops}`,
    percent(arm.passAll),
    arm.requestsPerTask.toFixed(1),
  ];
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
