/**
 * Every fault by name.
 *
 * F1 A name stands for one fault and is never given to another: scripts and reports name it.
 * F2 A fault follows from what it is given and its seeded numbers. The one exception are the waits
 *    that are told as a time of day.
 * F3 A fault speaks the dialect that it was asked in, and names the dialects where it has no form
 *    in the others.
 */
import type { WireFault } from "../exchange.ts";
import { faultNamed, readFaultSpec, type FaultBook, type FaultSpec } from "../fault-spec.ts";
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

/** What stands behind a colon is a number; a larger one than this is a slip of the hand. */
const ARGUMENT_MAX = 1_000_000_000;

const book: FaultBook<WireFault> = {
  faults: wireFaults,
  argumentOf: ({ argument, argumentMax }) => {
    if (argument === undefined) return undefined;
    const atMost = argumentMax === undefined ? "" : `, at most ${argumentMax}`;
    return {
      shown: `a whole number: ${argument}${atMost}`,
      fits: (text) => /^\d{1,10}$/.test(text) && Number(text) <= (argumentMax ?? ARGUMENT_MAX),
    };
  },
};

/** Reads `overloaded`, `latency:500`, `eof_in_text@2`. Throws `input_invalid`: what to write. */
export function parseFaultSpec(text: string): FaultSpec<WireFault> {
  return readFaultSpec(text, book);
}

/** Throws `input_invalid`, with the nearest names, for a name that no fault has. */
export function findFault(name: string): WireFault {
  return faultNamed(wireFaults, name);
}
