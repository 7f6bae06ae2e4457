/** What a person reads: the figures, then what each rule did, then the disputes. */
import { isJsonObject, type Json, type JsonObject } from "../../src/std/json.ts";

/** The writes that one rule decided against, and those that it alone did. */
export interface RuleRow {
  readonly wrong: number;
  readonly wrongAlone: number;
  readonly legitimate: number;
  readonly legitimateAlone: number;
}

export interface DisputeRow {
  readonly task: number;
  readonly tool: string;
  readonly rule: string;
  readonly kind: string;
  /** The legitimate writes that it covers. */
  readonly writes: number;
  /** No task of the same customer, its labels corrected since, holds any of them. */
  readonly correctedLabelsAgree: boolean;
  readonly why: string;
}

export function tableOf(
  figures: JsonObject,
  rules: Readonly<Record<string, RuleRow>>,
  disputes: readonly DisputeRow[],
): readonly (readonly string[])[] {
  return [
    ["figure", "value"],
    ...figureRows(figures),
    ...ruleRows(rules),
    ...disputeRows(disputes),
  ];
}

/** A figure in parts is a line for each part. */
function figureRows(figures: JsonObject): readonly (readonly string[])[] {
  return Object.entries(figures).flatMap(([name, value]) =>
    isJsonObject(value)
      ? Object.entries(value).map(([part, count]) => [`${words(name)}: ${part}`, text(count)])
      : [[words(name), text(value)]],
  );
}

/** Rules that decided nothing are left out: the JSON has them all. */
function ruleRows(rules: Readonly<Record<string, RuleRow>>): readonly (readonly string[])[] {
  return Object.entries(rules)
    .filter(([, { wrong, legitimate }]) => wrong + legitimate > 0)
    .map(([id, { wrong, legitimate }]) => [
      `rule ${id}`,
      `${wrong}`,
      `wrong, and ${legitimate} legitimate`,
    ]);
}

function disputeRows(disputes: readonly DisputeRow[]): readonly (readonly string[])[] {
  return disputes.map(({ task, rule, writes, correctedLabelsAgree, why }) => [
    `dispute of task ${task}: ${rule}`,
    `${writes}`,
    `the corrected labels ${correctedLabelsAgree ? "agree" : "keep the write"}. ${why}`,
  ]);
}

function text(value: Json | undefined): string {
  return typeof value === "number" ? `${value}` : JSON.stringify(value);
}

function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
