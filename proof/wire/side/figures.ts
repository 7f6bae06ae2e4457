/** From one loop's plays to its row in the table. */
import type { JsonObject } from "../../../src/std/json.ts";
import type { PlayedColumn } from "./play.ts";

export interface SideRow {
  readonly harness: string;
  readonly version: string;
  readonly settings: string;
  readonly wireFaults: number;
  readonly modelError: number;
  readonly tasks: number;
  /** Tasks that ended in the reference's state, in per cent. */
  readonly exact: number;
  /** Tasks that the loop calls done and that are in another state, in per cent. */
  readonly silent: number;
  /** Writes applied again. */
  readonly doubled: number;
  readonly requests: number;
  readonly faulted: number;
  /** For all tasks. */
  readonly ms: number;
}

export function rowOf({ peer, weather, plays, faulted, requests, ms }: PlayedColumn): SideRow {
  const { wireFaults, modelError } = weather;
  return {
    harness: peer.name,
    version: peer.version,
    settings: peer.settings,
    wireFaults,
    modelError,
    tasks: plays.length,
    exact: percent(plays.filter(({ isExact }) => isExact).length, plays.length),
    silent: percent(plays.filter(({ isSilent }) => isSilent).length, plays.length),
    doubled: plays.reduce((sum, { doubled }) => sum + doubled, 0),
    requests,
    faulted,
    ms,
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
