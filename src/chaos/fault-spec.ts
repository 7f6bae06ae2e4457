/**
 * Faults as a person names them, on a command line or in a test, of models and of tools alike:
 *
 *   overloaded            every request meets it
 *   latency:500           with an argument
 *   eof_in_text@2         only the second request
 *   rate_limited_short*3  the first three
 *   bad_gateway%10        ten in a hundred, by seeded chance
 *   latency:500*3%10      ten in a hundred of the first three: all that is named must hold
 *
 * What is counted is the plan's to say: the requests of a run, or those of one kind to a tool.
 */
import { BridleError } from "../std/error.ts";
import { didYouMean } from "../std/suggest.ts";

/** When a fault strikes. Members together must all hold; none given: always. */
export interface FaultTime {
  /** Only this one, counted from 1. */
  readonly nth?: number;
  /** Only the first so many. */
  readonly first?: number;
  /** This share of them, from 0 to 1: `%10` is 0.1. */
  readonly rate?: number;
}

export interface FaultSpec<Fault> {
  readonly fault: Fault;
  /** What stands behind the colon: `slow:2000` has "2000". */
  readonly argument: string | undefined;
  readonly when: FaultTime;
}

/** The faults that may be named, and what each takes behind the colon. */
export interface FaultBook<Fault> {
  readonly faults: readonly Fault[];
  /** Undefined when the fault takes none. */
  argumentOf(fault: Fault): FaultArgument | undefined;
}

export interface FaultArgument {
  /** In words, for the help: "milliseconds, 1000 when left out". */
  readonly shown: string;
  readonly fits: (text: string) => boolean;
}

interface Named {
  readonly name: string;
}

const HINT =
  "Write name, name:argument, and behind either @2 (only the second), *3 (only the first three) " +
  "or %10 (ten in a hundred): slow:2000%10.";

/** A longer one is no fault's name, and would only fill the message. */
const CHARACTERS_MAX = 200;
const NAME = /^[a-z0-9][a-z0-9_]*$/;
const PARTS = /^([^:@*%]*)(?::([^@*%]*))?((?:[@*%][^@*%]*)*)$/;
const COUNT = /^[1-9][0-9]{0,8}$/;
const PERCENT = /^[0-9]{1,3}(?:\.[0-9]{1,6})?$/;

/** Throws `input_invalid`, with what to write instead, for what names no fault of the book. */
export function readFaultSpec<Fault extends Named>(
  text: string,
  book: FaultBook<Fault>,
): FaultSpec<Fault> {
  const trimmed = text.trim();
  const [, name = "", argument, suffixes = ""] =
    (trimmed.length <= CHARACTERS_MAX && PARTS.exec(trimmed)) || [];
  if (!NAME.test(name)) throw refused(text, "it does not begin with a name in lower case");
  const when = readTime(trimmed, suffixes);
  const fault = faultNamed(book.faults, name);
  if (argument !== undefined) checkArgument(name, argument, book.argumentOf(fault));
  return { fault, argument, when };
}

/** Throws `input_invalid`, with the nearest names, for a name that none of them has. */
export function faultNamed<Fault extends Named>(faults: readonly Fault[], name: string): Fault {
  const fault = faults.find((candidate) => candidate.name === name);
  if (fault !== undefined) return fault;
  const names = faults.map((known) => known.name);
  throw new BridleError("input_invalid", `There is no fault '${name}'.`, {
    hint: didYouMean(name, names),
  });
}

/** True when a spec says itself when its fault strikes. */
export function isTimed({ nth, first, rate }: FaultTime): boolean {
  return nth !== undefined || first !== undefined || rate !== undefined;
}

/** True when the fault strikes the `nth` of its occasions; `draw` is uniform in [0, 1). */
export function isDue(when: FaultTime, nth: number, draw: number): boolean {
  if (when.nth !== undefined && nth !== when.nth) return false;
  if (when.first !== undefined && nth > when.first) return false;
  return when.rate === undefined || draw < when.rate;
}

function checkArgument(name: string, given: string, argument: FaultArgument | undefined): void {
  if (argument === undefined) {
    throw new BridleError("input_invalid", `'${name}' takes no argument.`, {
      hint: `Write '${name}'.`,
    });
  }
  if (argument.fits(given)) return;
  throw new BridleError("input_invalid", `'${given}' is no argument of '${name}'.`, {
    hint: `Behind '${name}:' stands: ${argument.shown}.`,
  });
}

function readTime(text: string, suffixes: string): FaultTime {
  const when: { nth?: number; first?: number; rate?: number } = {};
  for (const [, sign, digits = ""] of suffixes.matchAll(/([@*%])([^@*%]*)/g)) {
    const member = sign === "@" ? "nth" : sign === "*" ? "first" : "rate";
    if (when[member] !== undefined) throw refused(text, `${sign} stands there twice`);
    when[member] = member === "rate" ? rateOf(text, digits) : countOf(text, digits);
  }
  if (when.nth !== undefined && when.first !== undefined) {
    throw refused(text, "@ and * exclude each other");
  }
  return when;
}

function countOf(text: string, digits: string): number {
  if (!COUNT.test(digits)) throw refused(text, "@ and * need a whole number from 1");
  return Number(digits);
}

function rateOf(text: string, digits: string): number {
  const percent = Number(digits);
  if (!PERCENT.test(digits) || percent > 100) throw refused(text, "% needs a number from 0 to 100");
  return percent / 100;
}

function refused(text: string, why: string): BridleError {
  const shown = text.length > CHARACTERS_MAX ? `${text.slice(0, CHARACTERS_MAX)}…` : text;
  return new BridleError("input_invalid", `'${shown}' names no fault: ${why}.`, { hint: HINT });
}
