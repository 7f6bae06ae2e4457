/** Cases of the matrix by name, and what a report is made of. */
import type { ProofContext } from "../../proof/proof.ts";
import type { WirePlayed, WireSetting } from "../../proof/wire/figures.ts";
import { casesOf, type WireCase } from "../../proof/wire/matrix/cases.ts";
import { judge } from "../../proof/wire/matrix/judge.ts";
import type { Played } from "../../proof/wire/matrix/play.ts";
import type { JudgedCase } from "../../proof/wire/matrix/run.ts";
import { findFault } from "../../src/chaos/door.ts";

/** The first such case: streamed where the fault is of streams alone, else whole. */
export function caseOf(fault: string, client: string, schedule: WireCase["schedule"]): WireCase {
  const found = casesOf([findFault(fault)]).find(
    (one) => one.client.name === client && one.schedule === schedule,
  );
  if (found === undefined) throw new Error(`There is no case of ${fault} over ${client}`);
  return found;
}

export function judged(given: WireCase, played: Played): JudgedCase {
  return { given, played, wrong: judge(given, played) };
}

/** A proof's context that nobody stops. */
export const live: Pick<ProofContext, "signal" | "progress"> = {
  signal: new AbortController().signal,
  progress: () => undefined,
};
export const setting: WireSetting = { quick: true, only: "one", seeds: [1], ms: 0 };
export const empty: WirePlayed = {
  matrix: [],
  tools: [],
  own: [],
  others: [],
  strays: [],
  strayOthers: 0,
};
export const fine: Played = {
  end: { kind: "ended", outcome: "succeeded", reason: "model_finished" },
  paid: 1,
  receipts: 1,
  faults: ["unavailable"],
  hits: 3,
  shown: 1,
  early: 0,
  left: 0,
  parks: 0,
  ms: 10,
};
