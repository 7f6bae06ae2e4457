/** What is wrong with a policy file, where, and how to mend it. */
import { BridleError } from "../../std/error.ts";

export interface PolicyFault {
  readonly file: string;
  /** From 1; 0 when the fault is the file's as a whole. */
  readonly line: number;
  /** The policy's id, when one is at fault. */
  readonly rule: string | null;
  readonly message: string;
  readonly hint: string;
}

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly rule?: string;
}

export function faultAt(place: Place, message: string, hint: string): PolicyFault {
  return { file: place.file, line: place.line, rule: place.rule ?? null, message, hint };
}

/** `policies/refund.cedar:12: …` */
export function faultText({ file, line, message }: PolicyFault): string {
  return `${file}${line === 0 ? "" : `:${line}`}: ${message}`;
}

/** The first fault as an error; all of them in its detail. */
export function policyError(faults: readonly PolicyFault[]): BridleError {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
  const message = first === undefined ? "The policies were refused" : faultText(first);
  return new BridleError("policy_invalid", `${message}${more}`, {
    hint: first?.hint ?? "See `bridle policy check`.",
    detail: faults,
  });
}
