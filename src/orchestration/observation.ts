/** What the model is told when a call did not give a result: the class, and the fix. */
import type { Problem } from "../tools/schema.ts";
import { nearNames } from "../std/suggest.ts";

/** Observations are for reading, not for dumping. Characters. */
const TEXT_MAX = 2_000;

export function unknownTool(name: string, known: readonly string[]): string {
  const near = nearNames(name, known);
  const fix =
    near.length > 0
      ? `Did you mean ${near.map((tool) => `"${tool}"`).join(" or ")}?`
      : `The tools are: ${known.join(", ")}.`;
  return cut(`Error: there is no tool "${name}". ${fix} Nothing was done.`);
}

export function malformedInput(text: string): string {
  const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return cut(
    `Error: the arguments are not a JSON object. You wrote: ${shown}\n` +
      "Nothing was done. Call the tool again with one complete JSON object.",
  );
}

/** Null when the answer came to its own end. A call of half an answer is not run. */
export function cutOffInput(finish: string | null): string | null {
  switch (finish) {
    case "length":
      return (
        "Error: your answer was cut off at its length limit, so this call was not run. " +
        "Call again, with a shorter answer."
      );
    case "content-filter":
    case "error":
      return (
        "Error: your answer was broken off by the provider, so this call was not run. " +
        "Nothing was done. Call again if it is still needed."
      );
    case null:
    default:
      return null;
  }
}

export function invalidInput(problems: readonly Problem[], schema: unknown): string {
  const lines = problems.map(
    ({ path, message }) => `- ${path === "" ? "input" : path}: ${message}`,
  );
  return cut(
    `Error: the arguments do not fit the tool's schema. Nothing was done.\n${lines.join("\n")}\n` +
      `Expected: ${JSON.stringify(schema)}`,
  );
}

export function danglingHandle(reason: string): string {
  return cut(`Error: a reference in the arguments leads nowhere: ${reason}. Nothing was done.`);
}

export function deniedCall(reason: string): string {
  return cut(`Denied: ${reason}. Nothing was done. Do not try to get around this.`);
}

export function fullCall(reason: string): string {
  return cut(`Not run now: ${reason} Nothing was done.`.replace(/([^.])( Nothing was)/, "$1.$2"));
}

export function unavailableCall(reason: string): string {
  return cut(
    `Not run: ${reason}. Nothing was done. Go on without it, or say that it could not be done.`,
  );
}

export function limitCall(callsMax: number): string {
  return `Error: this run may make ${callsMax} calls and they are used up. Nothing was done.`;
}

export function timeOver(): string {
  return "Error: the time of this run is over. Nothing was done.";
}

export function cancelledCall(): string {
  return "Cancelled before it began. Nothing was done.";
}

export function failedCall(message: string, options: { hint?: string; attempts: number }): string {
  const tried = options.attempts > 1 ? ` after ${options.attempts} attempts` : "";
  const hint = options.hint === undefined ? "" : ` ${options.hint}`;
  return cut(`Error: ${message}${tried}.${hint}`.replace(/\.\./g, "."));
}

export function unknownOutcome(why: string): string {
  return cut(
    `Unknown outcome: this call was started and it is not known whether it took effect (${why}). ` +
      "Do not repeat it in another way. Tell the user truthfully that it is being checked.",
  );
}

export function stillInDoubt(): string {
  return (
    "Not run: the same call was made before and it is still not known whether it took effect. " +
    "Repeating it could do it twice. Tell the user truthfully that it is being checked."
  );
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}
