/** Everything that was played, as figures, as a table, and as sentences on what broke. */
import type { JsonObject } from "../../src/std/json.ts";
import type { ProofReport } from "../proof.ts";
import { faultLines, lineJson, type FaultLine } from "./matrix/figures.ts";
import { nameOf, notShown, shownIn, type JudgedCase } from "./matrix/run.ts";
import { brokenIn, rowJson, type SideRow } from "./side/figures.ts";
import { RETRY_AFTER_MS } from "./side/play.ts";
import { judgeTool, toolKeyOf, type PlayedTool } from "./tools/play.ts";

export interface WirePlayed {
  readonly matrix: readonly JudgedCase[];
  readonly tools: readonly PlayedTool[];
  /** This harness's own rows, and those of the others. */
  readonly own: readonly SideRow[];
  readonly others: readonly SideRow[];
  /** Rejections and exceptions that nobody handled, where this harness played. */
  readonly strays: readonly string[];
  /** The same where the others did: told, and nobody's broken guarantee. */
  readonly strayOthers: number;
}

export interface WireSetting {
  readonly quick: boolean;
  /** Only one fault was looked at: nothing else is asked for. */
  readonly only: string | null;
  readonly seeds: readonly number[];
  readonly ms: number;
}

/** The columns of the side by side; what a rate limit said stands where its share does. */
const WEATHER = `faults, retry-after ${RETRY_AFTER_MS / 1_000} s`;
/** Fewer, and most of the catalogue was left out. */
const FAULTS_MIN = 80;
/** Sentences of one sort; the rest is counted. */
const TOLD_MAX = 10;
const NOTE =
  "Simulated models on real HTTP: the figures tell how loops behave on a faulty wire, and " +
  "nothing of any provider.";

export function reportOf(played: WirePlayed, setting: WireSetting): ProofReport {
  const shown = shownIn(played.matrix);
  const lines = faultLines(shown);
  const wrong = wrongIn(shown, played.tools);
  const rows = [...played.own, ...played.others];
  const result: JsonObject = {
    faults: lines.length,
    cases: shown.length,
    undeclared: wrong.length,
    doubled: shown.filter(({ played: { paid } }) => paid > 1).length,
    silent: shown.filter(isSilent).length,
    early: lines.reduce((sum, { early }) => sum + early, 0),
    strays: played.strays.length,
    toolFaults: new Set(played.tools.map(({ given }) => given.fault.name)).size,
    toolCases: played.tools.length,
    toolDoubled: played.tools.filter(({ paid }) => paid > 1).length,
    rows: rows.map(rowJson),
    strayOthers: played.strayOthers,
    matrix: lines.map(lineJson),
    note: NOTE,
    retryAfterMs: RETRY_AFTER_MS,
    seeds: [...setting.seeds],
    quick: setting.quick,
    ms: setting.ms,
  };
  return { result, table: tableOf(lines, played), broken: brokenBy(played, { setting, wrong }) };
}

function isSilent({ played: { end, paid } }: JudgedCase): boolean {
  return end.kind === "ended" && end.outcome === "succeeded" && paid === 0;
}

function wrongIn(shown: readonly JudgedCase[], tools: readonly PlayedTool[]): readonly string[] {
  return [
    ...shown.filter(({ wrong }) => wrong !== null).map(nameOf),
    ...tools.flatMap((one) => {
      const wrong = judgeTool(one);
      return wrong === null ? [] : [`tool, ${toolKeyOf(one.given)}: ${wrong}`];
    }),
  ];
}

function brokenBy(
  played: WirePlayed,
  { setting, wrong }: { readonly setting: WireSetting; readonly wrong: readonly string[] },
): readonly string[] {
  const { matrix, tools, own, strays } = played;
  const isWhole = setting.only === null;
  const faults = new Set(shownIn(matrix).map(({ given }) => given.fault.name)).size;
  return [
    ...(faults === 0 ? ["no fault showed"] : []),
    ...(isWhole && faults < FAULTS_MIN ? [`only ${faults} faults showed`] : []),
    ...(isWhole && tools.length === 0 ? ["no fault of a tool was tried"] : []),
    ...(isWhole && own.length === 0 ? ["no task was played"] : []),
    ...told(notShown(matrix)),
    ...told(wrong),
    ...told(strays.map((stray) => `nobody handled: ${stray}`)),
    ...own.flatMap(brokenIn),
  ];
}

function told(sentences: readonly string[]): readonly string[] {
  const left = sentences.length - TOLD_MAX;
  return left > 0 ? [...sentences.slice(0, TOLD_MAX), `and ${left} more`] : sentences;
}

/** Three tables below each other: the wire's faults, the tools', and the loops side by side. */
function tableOf(
  lines: readonly FaultLine[],
  { tools, own, others }: WirePlayed,
): readonly (readonly string[])[] {
  return [
    ["fault", "once", "always", "requests", "ms", "journaled as"],
    ...lines.map((line) => [
      line.fault,
      line.once,
      line.always,
      `${line.requestsOnce} / ${line.requestsAlways}`,
      `${line.msOnce} / ${line.msAlways}${line.parks > 0 ? " parked" : ""}`,
      line.kinds.join(" "),
    ]),
    ...(tools.length === 0 ? [] : [[], ["tool's fault", "once", "always", "", "", "paid"]]),
    ...toolRows(tools),
    ...(own.length === 0
      ? []
      : [
          [],
          [
            "harness (simulated models)",
            "version",
            "exact %, silent %, doubled",
            WEATHER,
            "ms",
            "set up",
          ],
        ]),
    ...[...own, ...others].map((row) => [
      row.harness,
      row.version,
      `${row.exact.toFixed(1)}, ${row.silent.toFixed(1)}, ${row.doubled}`,
      `wire ${100 * row.wireFaults} %, model ${100 * row.modelError} %`,
      String(row.ms),
      row.settings,
    ]),
  ];
}

function toolRows(tools: readonly PlayedTool[]): readonly (readonly string[])[] {
  const groups = Map.groupBy(tools, ({ given }) => `${given.fault.name} (${given.payClass})`);
  return [...groups].map(([name, cases]) => {
    const of = (schedule: string): string => {
      const outcome = cases.find(({ given }) => given.schedule === schedule)?.outcome;
      if (outcome === undefined || outcome === null) return "hung";
      return outcome.kind === "succeeded" ? outcome.kind : `${outcome.kind} ${outcome.reason.code}`;
    };
    const paid = cases.map((one) => `${one.given.schedule} ${one.paid}`).join(", ");
    return [name, of("once"), of("always"), "", "", paid];
  });
}
