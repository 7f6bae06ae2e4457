/**
 * What was projected before any of this was built: a Monte-Carlo over the same tools in which the
 * protections were partly idealised, and policies with confirmations were *assumed* to catch 80 %
 * of the wrong writes that a tool accepts. In percent of runs that end right.
 *
 * It had faults of transport and crashes as well, which are another proof's; here the wire is calm.
 * So its arm with transport, repair and ledger stands beside `none`, which has all three.
 */
export const PROJECTED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "0.01": { none: 99.1, gate: 99.9, all: 99.9 },
  "0.15": { none: 86.7, gate: 95.5, all: 99.3 },
  "0.3": { none: 73.6, gate: 89.5, all: 98 },
};

/** The share of wrong writes that policies and confirmations were assumed to stop. */
export const PROJECTED_STOPPED = 0.8;
