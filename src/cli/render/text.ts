/** Text from outside (models, tools, people) made fit for a terminal. */
import type { Json } from "../../std/json.ts";

/**
 * Controls and marks that reverse the direction of writing: an escape sequence in a tool's output
 * must not drive the terminal, nor show one thing and mean another.
 */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** One line: line ends and other controls are shown as escapes. */
export function oneLine(text: string): string {
  return text.replace(CONTROLS, (control) => {
    if (control === "\n") return "⏎ ";
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Several lines stay several lines; every other control is shown as an escape. */
export function manyLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => oneLine(line.replaceAll("\t", "    ")))
    .join("\n");
}

/** At most `max` characters, with a mark when there was more. Infinity keeps all. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max)}… (${text.length} characters)`;
}

/** A value on one line. */
export function jsonLine(value: Json, max: number): string {
  return oneLine(clip(JSON.stringify(value), max));
}

/** "2026-11-20 10:12:20 UTC" */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `1 run`, `2 runs`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
}
