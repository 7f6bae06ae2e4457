/** Every case of the matrix: which fault, over which client, streamed or whole, and when. */
import type { WireFault } from "../../../src/chaos/door.ts";
import { clients, type ProviderClient } from "./clients.ts";

/**
 * The run asks twice: for the call, and for the last word. `once at 1` and `once at 2` say which
 * of the two requests meets the fault, the one before the effect or the one after it.
 */
export const schedules = ["once at 1", "once at 2", "always"] as const;
export type Schedule = (typeof schedules)[number];

export interface WireCase {
  readonly fault: WireFault;
  /** In place of the fault's default, so that a slow one stays within the limits of a run. */
  readonly argument: string | undefined;
  readonly client: ProviderClient;
  readonly streams: boolean;
  readonly schedule: Schedule;
}

/** Delays that a client is to bear, below the limits that a run has here. Milliseconds. */
const ARGUMENTS: Readonly<Record<string, string>> = { latency: "150", buffered_stream: "150" };

export interface CaseOptions {
  readonly clients?: readonly ProviderClient[];
}

export function casesOf(
  faults: readonly WireFault[],
  options: CaseOptions = {},
): readonly WireCase[] {
  return faults.flatMap((fault) => {
    const fitting = (options.clients ?? clients).filter(
      ({ dialect }) => fault.dialects?.includes(dialect) ?? true,
    );
    const argument = ARGUMENTS[fault.name];
    return fitting.flatMap((client) =>
      waysOf(fault).flatMap((streams) =>
        schedulesOf(fault).map((schedule) => ({ fault, argument, client, streams, schedule })),
      ),
    );
  });
}

export function keyOf({ fault, client, streams, schedule }: WireCase): string {
  return `${fault.name}, ${client.name}, ${streams ? "streamed" : "whole"}, ${schedule}`;
}

/** The fault and its argument, as a fault plan takes them; when it strikes is the schedule's. */
export function specOf({ fault, argument }: WireCase): string {
  return argument === undefined ? fault.name : `${fault.name}:${argument}`;
}

/**
 * Whether the fault is due: by decision, not by the count of requests, so that a request which a
 * busy machine answers late, and the client makes again, moves no fault to another place.
 */
export function isDue(
  { schedule }: WireCase,
  { decision, repeat }: { readonly decision: number; readonly repeat: number },
): boolean {
  if (schedule === "always") return true;
  return repeat === 0 && decision === (schedule === "once at 1" ? 0 : 1);
}

function waysOf({ only }: WireFault): readonly boolean[] {
  return only === undefined ? [false, true] : [only === "stream"];
}

/** A fault that needs a call shows on the first answer alone, one that needs text on the last. */
function schedulesOf({ needs }: WireFault): readonly Schedule[] {
  return schedules.filter((schedule) => {
    if (needs === "call") return schedule !== "once at 2";
    return needs !== "text" || schedule !== "once at 1";
  });
}
