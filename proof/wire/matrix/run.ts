/** The whole matrix, so many cases at a time. */
import type { WireFault } from "../../../src/chaos/door.ts";
import { inLanes } from "../../lanes.ts";
import { casesOf, keyOf, type WireCase } from "./cases.ts";
import { clients } from "./clients.ts";
import { judge } from "./judge.ts";
import { playCase, type Played } from "./play.ts";
import { openMatrixWire, type MatrixWire } from "./wire.ts";

export interface JudgedCase {
  readonly given: WireCase;
  readonly played: Played;
  /** Null: declared. */
  readonly wrong: string | null;
}

/** Half of their time is waiting. */
const LANES = 16;
/** Cases that are played and not counted: what a process does for the first time is slow. */
const WARM_UPS = 10;

export async function runMatrix(
  cases: readonly WireCase[],
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (line: string) => void },
): Promise<readonly JudgedCase[]> {
  await warmUp(cases.slice(0, WARM_UPS));
  const wire = await openMatrixWire();
  let done = 0;
  const step = Math.max(1, Math.ceil(cases.length / 6));
  try {
    return await inLanes(cases, LANES, async (given) => {
      signal.throwIfAborted();
      const judged = await playJudged(wire, given);
      done += 1;
      if (done % step === 0) progress(`${done} of ${cases.length} cases of the matrix played`);
      return judged;
    });
  } finally {
    await wire.close();
  }
}

/** On a server of its own: a server counts how often each run has asked. */
async function warmUp(cases: readonly WireCase[]): Promise<void> {
  const wire = await openMatrixWire();
  try {
    for (const given of cases) await playCase(wire, given);
  } finally {
    await wire.close();
  }
}

async function playJudged(wire: MatrixWire, given: WireCase): Promise<JudgedCase> {
  const played = await playCase(wire, given);
  return { given, played, wrong: judge(given, played) };
}

/** Every fault over one client that it fits, another from fault to fault. */
export function sampleOf(faults: readonly WireFault[]): readonly WireCase[] {
  return faults.flatMap((fault, index) => {
    const fitting = clients.filter(({ dialect }) => fault.dialects?.includes(dialect) ?? true);
    const client = fitting[index % fitting.length];
    return client === undefined ? [] : casesOf([fault], { clients: [client] });
  });
}

/**
 * Where a fault is said to show and did not, one sentence each: over a client that it fits in no
 * case, or over a client in some of the cases of one way to answer. A fault may have no form in one
 * of the two ways (arguments are an object in Anthropic's whole answers, and cannot be broken text):
 * those cases count for nothing, neither good nor bad.
 */
export function notShown(judged: readonly JudgedCase[]): readonly string[] {
  const isShown = ({ played }: JudgedCase): boolean => played.shown > 0;
  const pairs = Map.groupBy(judged, ({ given }) => `${given.fault.name}, ${given.client.name}`);
  return [...pairs].flatMap(([pair, cases]) => {
    if (!cases.some(isShown)) return [`${pair}: the fault never showed`];
    const ways = Map.groupBy(cases, ({ given }) => given.streams);
    return [...ways.values()]
      .filter((way) => way.some(isShown))
      .flatMap((way) => way.filter((one) => !isShown(one)))
      .map(({ given }) => `${keyOf(given)}: the fault did not show`);
  });
}

export function shownIn(judged: readonly JudgedCase[]): readonly JudgedCase[] {
  return judged.filter(({ played }) => played.shown > 0);
}

export function nameOf({ given, wrong }: JudgedCase): string {
  return `${keyOf(given)}: ${wrong ?? "declared"}`;
}
