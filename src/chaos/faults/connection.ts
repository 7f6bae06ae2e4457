/** The connection fails or is slow; what the provider had to say is as it was. */
import type { FaultContext, Step, WireFault } from "../exchange.ts";
import { numberOf } from "./argument.ts";
import { bytesOf, cutInHalf, isHead, trickle } from "./byte-steps.ts";

const LIMIT = "milliseconds until the connection is cut; the client must leave when left out";

/** A silence: for ever, or until a proxy in between would cut it. */
export function silence(context: FaultContext): readonly Step[] {
  if (context.argument === undefined) return [{ kind: "hang" }];
  return [{ kind: "wait", ms: numberOf(context, 0) }, { kind: "reset" }];
}

export const connectionFaults: readonly WireFault[] = [
  {
    name: "reset_before_headers",
    group: "connection",
    summary: "the connection is reset (TCP RST) before a byte of the response",
    steps: () => [{ kind: "reset" }],
  },
  {
    name: "closed_before_headers",
    group: "connection",
    summary: "the connection is closed in order (TCP FIN) before a byte of the response",
    steps: () => [{ kind: "end" }],
  },
  {
    name: "hang_before_headers",
    group: "connection",
    summary: "no byte of the response ever comes",
    argument: LIMIT,
    steps: (_steps, context) => silence(context),
  },
  {
    name: "hang_after_headers",
    group: "connection",
    summary: "the headers come, the body never does",
    argument: LIMIT,
    steps: (steps, context) => [...steps.filter(isHead), ...silence(context)],
  },
  {
    name: "reset_mid_body",
    group: "connection",
    summary: "the connection is reset in the middle of the body",
    steps: (steps) => [...cutInHalf(steps), { kind: "reset" }],
  },
  {
    name: "closed_mid_body",
    group: "connection",
    summary: "the connection is closed in order before the bytes that were announced have come",
    only: "whole",
    steps: (steps) => [...cutInHalf(steps), { kind: "end" }],
  },
  {
    name: "stall_mid_body",
    group: "connection",
    summary: "half of the body comes and then nothing more",
    argument: LIMIT,
    steps: (steps, context) => [...cutInHalf(steps), ...silence(context)],
  },
  {
    name: "slow_loris",
    group: "connection",
    summary: "the bytes trickle, so that a limit on silence never strikes",
    argument: "milliseconds for the whole body; 20000 when left out",
    steps: (steps, context) => trickle(steps, numberOf(context, 20_000)),
  },
  {
    name: "latency",
    group: "connection",
    summary: "the response comes late",
    argument: "milliseconds; 3000 when left out",
    steps: (steps, context) => [{ kind: "wait", ms: numberOf(context, 3_000) }, ...steps],
  },
  {
    name: "buffered_stream",
    group: "connection",
    summary: "a proxy holds the stream back until all of it is there",
    only: "stream",
    argument: "milliseconds; 2000 when left out",
    steps: (steps, context) => [
      { kind: "wait", ms: numberOf(context, 2_000) },
      ...steps.filter(isHead),
      { kind: "bytes", bytes: bytesOf(steps) },
      ...steps.filter((step) => step.kind === "end" || step.kind === "reset"),
    ],
  },
];
