import { BridleError } from "../std/error.ts";

/** When a fault strikes. Members together must all hold; none given: always. */
export interface FaultWhen {
  /** Only this one, counted from 1. */
  readonly nth?: number;
  /** Only the first so many. */
  readonly first?: number;
  /** This share of them, from 0 to 1: `%10` is 0.1. */
  readonly rate?: number;
}

/** A fault as a person names it on a command line or in a plan. */
export interface FaultSpec {
  readonly name: string;
  /** What stands behind the colon: `slow:2000` has "2000". */
  readonly argument?: string;
  readonly only?: FaultWhen;
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

/**
 * Reads `name`, `name:argument`, `name@2`, `name*3`, `name%10`, and these behind each other
 * (`name:argument*3%10`). Whether such a fault exists, and whether its argument makes sense, is
 * the caller's to know. Throws `input_invalid`, which says what to write.
 */
export function parseFaultSpec(text: string): FaultSpec {
  const [, name = "", argument, suffixes = ""] =
    (text.length <= CHARACTERS_MAX && PARTS.exec(text)) || [];
  if (!NAME.test(name)) throw refused(text, "it does not begin with a name in lower case");
  if (argument === "") throw refused(text, "nothing stands behind the colon");
  const only = readSuffixes(text, suffixes);
  return {
    name,
    ...(argument === undefined ? {} : { argument }),
    ...(only === undefined ? {} : { only }),
  };
}

/** True when the fault strikes the `nth` of its occasions; `draw` is uniform in [0, 1). */
export function isDue(only: FaultWhen | undefined, nth: number, draw: number): boolean {
  if (only === undefined) return true;
  if (only.nth !== undefined && nth !== only.nth) return false;
  if (only.first !== undefined && nth > only.first) return false;
  return only.rate === undefined || draw < only.rate;
}

function readSuffixes(text: string, suffixes: string): FaultWhen | undefined {
  if (suffixes === "") return undefined;
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
  return new BridleError("input_invalid", `"${shown}" names no fault: ${why}.`, { hint: HINT });
}
