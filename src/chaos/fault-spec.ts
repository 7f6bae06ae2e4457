/**
 * Faults as a person names them, on the command line or in a test:
 *
 *   overloaded            every request meets it
 *   latency:500           with an argument
 *   eof_in_text@2         only the second request of a run
 *   rate_limited_short*3  the first three requests of a run
 *   bad_gateway%10        one request in ten, by seeded chance
 */
import { BridleError } from "../std/error.ts";
import type { WireFault } from "./exchange.ts";
import { findFault } from "./faults/catalogue.ts";

export type FaultTime =
  | { readonly kind: "always" }
  /** The nth request of a run, counted from 1. */
  | { readonly kind: "nth"; readonly n: number }
  | { readonly kind: "first"; readonly n: number }
  /** Probability in (0, 1]. */
  | { readonly kind: "share"; readonly rate: number };

export interface FaultSpec {
  readonly fault: WireFault;
  readonly argument: string | undefined;
  readonly when: FaultTime;
}

const FORM = /^([a-z0-9_]+)(?::([^@*%]*))?(?:([@*%])(.*))?$/;
const ARGUMENT_MAX = 1_000_000_000;
const FORMS = "Write name, name:argument, name@2, name*3 or name%10.";

/** Throws `input_invalid` with what to write instead. */
export function parseFaultSpec(text: string): FaultSpec {
  const match = FORM.exec(text.trim());
  if (match === null) throw invalid(`'${text}' names no fault.`, FORMS);
  const [, name = "", argument, mark, amount = ""] = match;
  const fault = findFault(name);
  if (argument !== undefined) checkArgument(fault, argument);
  return { fault, argument, when: timeOf(mark, amount) };
}

function checkArgument(fault: WireFault, argument: string): void {
  if (fault.argument === undefined) {
    throw invalid(`'${fault.name}' takes no argument.`, `Write '${fault.name}'.`);
  }
  const isNumber = /^\d+$/.test(argument) && Number(argument) <= ARGUMENT_MAX;
  if (isNumber) return;
  throw invalid(
    `'${argument}' is no argument of '${fault.name}'.`,
    `Write '${fault.name}:NUMBER', where NUMBER is ${fault.argument}.`,
  );
}

function timeOf(mark: string | undefined, amount: string): FaultTime {
  if (mark === undefined) return { kind: "always" };
  if (mark === "%") {
    const percent = Number(amount);
    const isPercent = amount.trim() !== "" && percent > 0 && percent <= 100;
    if (isPercent) return { kind: "share", rate: percent / 100 };
    throw invalid(`'%${amount}' is no share of the requests.`, "Write a number up to 100: %10.");
  }
  const n = Number(amount);
  const isCount = /^\d+$/.test(amount) && Number.isSafeInteger(n) && n > 0;
  if (isCount) return mark === "@" ? { kind: "nth", n } : { kind: "first", n };
  const form = mark === "@" ? "@2 for the second request" : "*3 for the first three";
  throw invalid(`'${mark}${amount}' is no number of requests.`, `Write ${form} of a run.`);
}

function invalid(message: string, hint: string): BridleError {
  return new BridleError("input_invalid", message, { hint });
}
