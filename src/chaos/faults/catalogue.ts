/**
 * Every fault by name.
 *
 * F1 A name stands for one fault and is never given to another: scripts and reports name it.
 * F2 A fault follows from what it is given and its seeded numbers. The one exception are the waits
 *    that are told as a time of day.
 * F3 A fault speaks the dialect that it was asked in, and names the dialects where it has no form
 *    in the others.
 */
import { BridleError } from "../../std/error.ts";
import { didYouMean } from "../../std/suggest.ts";
import type { WireFault } from "../exchange.ts";
import { answerFaults } from "./answer.ts";
import { callFaults } from "./call.ts";
import { connectionFaults } from "./connection.ts";
import { encodingFaults } from "./encoding.ts";
import { httpFaults } from "./http.ts";
import { inBandFaults } from "./in-band.ts";
import { modelFaults } from "./model.ts";
import { overflowFaults } from "./overflow.ts";
import { streamFaults } from "./stream.ts";

/** All of them, group by group. A refused connection is not among them: no server can send it. */
export const wireFaults: readonly WireFault[] = [
  ...httpFaults,
  ...connectionFaults,
  ...streamFaults,
  ...inBandFaults,
  ...encodingFaults,
  ...answerFaults,
  ...callFaults,
  ...overflowFaults,
  ...modelFaults,
];

const byName: ReadonlyMap<string, WireFault> = new Map(
  wireFaults.map((fault) => [fault.name, fault]),
);

/** Throws `input_invalid`, with the nearest names, for a name that no fault has. */
export function findFault(name: string): WireFault {
  const fault = byName.get(name);
  if (fault !== undefined) return fault;
  throw new BridleError("input_invalid", `There is no fault '${name}'.`, {
    hint: didYouMean(name, [...byName.keys()]),
  });
}
