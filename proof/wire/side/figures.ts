/** From one loop's plays to its row in the table. */
import type { JsonObject } from "../../../src/std/json.ts";
import { BridleError } from "../../../src/std/error.ts";
import type { PlayedColumn } from "./play.ts";

export interface SideRow {
  readonly harness: string;
  readonly version: string;
  readonly settings: string;
  readonly wireFaults: number;
  readonly modelError: number;
  readonly tasks: number;
  /** Every task is played once with each; shares are of all plays, counts their sums. */
  readonly seeds: number;
  /** Tasks that ended in the reference's state, in per cent. */
  readonly exact: number;
  /** Tasks that the loop calls done and that are in another state, in per cent. */
  readonly silent: number;
  /** Writes applied again. */
  readonly doubled: number;
  readonly requests: number;
  readonly faulted: number;
  /** For all plays. */
  readonly ms: number;
}

/** The row of one loop in one weather, from its columns with different seeds. */
export function rowOf(columns: readonly PlayedColumn[]): SideRow {
  const [first] = columns;
  if (first === undefined) throw new BridleError("input_invalid", "a row needs a column");
  const { peer, weather } = first;
  const plays = columns.flatMap((column) => column.plays);
  const sum = (count: (column: PlayedColumn) => number): number =>
    columns.reduce((total, column) => total + count(column), 0);
  return {
    harness: peer.name,
    version: peer.version,
    settings: peer.settings,
    wireFaults: weather.wireFaults,
    modelError: weather.modelError,
    tasks: first.plays.length,
    seeds: columns.length,
    exact: percent(plays.filter(({ isExact }) => isExact).length, plays.length),
    silent: percent(plays.filter(({ isSilent }) => isSilent).length, plays.length),
    doubled: plays.reduce((total, { doubled }) => total + doubled, 0),
    requests: sum(({ requests }) => requests),
    faulted: sum(({ faulted }) => faulted),
    ms: sum(({ ms }) => ms),
  };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((1_000 * part) / whole) / 10;
}

export function rowJson(row: SideRow): JsonObject {
  return { ...row };
}

const EXACT_MIN = 99.5;

/** What this harness's own row must say where the model makes no error. */
export function brokenIn(row: SideRow): readonly string[] {
  const where = `${row.harness} at ${100 * row.wireFaults} % faults`;
  if (row.tasks === 0) return [`${where}: no task was played`];
  if (row.modelError > 0) return [];
  return [
    ...(row.faulted === 0 ? [`${where}: no request met a fault`] : []),
    ...(row.exact < EXACT_MIN ? [`${where}: ${row.exact} % exact, ${EXACT_MIN} % wanted`] : []),
    ...(row.silent > 0 ? [`${where}: ${row.silent} % called done in a wrong state`] : []),
    ...(row.doubled > 0 ? [`${where}: ${row.doubled} writes applied again`] : []),
  ];
}
