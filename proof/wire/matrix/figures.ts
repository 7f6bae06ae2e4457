/** From judged cases to one line for each fault. */
import type { JsonObject } from "../../../src/std/json.ts";
import type { End } from "./play.ts";
import type { JudgedCase } from "./run.ts";

export interface FaultLine {
  readonly fault: string;
  readonly cases: number;
  readonly undeclared: number;
  /** How the runs ended in which it struck once, the most frequent end first. */
  readonly once: string;
  readonly always: string;
  /** What the journal called it. */
  readonly kinds: readonly string[];
  /** Requests of a run, the median; 2 without a fault. */
  readonly requestsOnce: number;
  readonly requestsAlways: number;
  readonly parks: number;
  /** Requests before the time that the server had named, in runs that it struck once. */
  readonly early: number;
  /** The longest that a run took which it struck once, waits that were moved over left out. */
  readonly msOnce: number;
  readonly msAlways: number;
}

export function faultLines(judged: readonly JudgedCase[]): readonly FaultLine[] {
  const byFault = Map.groupBy(judged, ({ given }) => given.fault.name);
  return [...byFault].map(([fault, cases]) => {
    const once = cases.filter(({ given }) => given.schedule !== "always");
    const always = cases.filter(({ given }) => given.schedule === "always");
    return {
      fault,
      cases: cases.length,
      undeclared: cases.filter(({ wrong }) => wrong !== null).length,
      once: endsOf(once),
      always: endsOf(always),
      kinds: [...new Set(once.flatMap(({ played }) => played.faults))],
      requestsOnce: median(once.map(({ played }) => played.hits)),
      requestsAlways: median(always.map(({ played }) => played.hits)),
      parks: Math.max(0, ...once.map(({ played }) => played.parks)),
      early: once.reduce((sum, { played }) => sum + played.early, 0),
      msOnce: Math.max(0, ...once.map(({ played }) => played.ms)),
      msAlways: Math.max(0, ...always.map(({ played }) => played.ms)),
    };
  });
}

export function lineJson({ kinds, ...line }: FaultLine): JsonObject {
  return { ...line, kinds: [...kinds] };
}

function endsOf(cases: readonly JudgedCase[]): string {
  const counts = Map.groupBy(cases, ({ played }) => endText(played.end));
  const sorted = [...counts].toSorted(([, some], [, others]) => others.length - some.length);
  if (sorted.length === 1) return sorted[0]?.[0] ?? "";
  return sorted.map(([end, same]) => `${end} ${same.length}×`).join(", ");
}

function endText(end: End): string {
  switch (end.kind) {
    case "parked":
      return "parked";
    case "hung":
      return "hung";
    case "ended":
    default:
      return end.outcome === "succeeded" ? "succeeded" : `${end.outcome} ${end.reason}`;
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
