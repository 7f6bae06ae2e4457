/**
 * The circuit breaker: when a dependency is left alone, and how it comes back. Pure; the row that
 * all runs and workers share is kept by the store (`journal/circuit.ts`).
 *
 * O4 So many failures in a row, by whichever run, open it. A success closes it.
 * O5 While it is open nobody touches the dependency. When its time is over exactly one caller may:
 *    the probe. Its success closes the circuit, its failure opens it for longer, and when nothing
 *    is heard of it in time somebody else probes.
 * O6 A rest that the provider asked for keeps everybody away as well, and counts as no failure.
 */
import type { Circuit } from "../journal/circuit.ts";

export interface BreakerSettings {
  /** Failures in a row that open it. Default 5. */
  readonly failuresMax: number;
  /** How long it stays open at first, ms; doubled each time up to `openMaxMs`. */
  readonly openMs: number;
  readonly openMaxMs: number;
  /** How long others wait for a probe, ms. */
  readonly probeMs: number;
}

export const defaultBreaker: BreakerSettings = {
  failuresMax: 5,
  openMs: 5_000,
  openMaxMs: 120_000,
  probeMs: 30_000,
};

/** No provider keeps the whole fleet waiting for longer, whatever it says. Milliseconds. */
const REST_MAX_MS = 3_600_000;

export type Admission =
  /** Come in; as the probe when `next` is given, which must be kept first (O1 decides who is). */
  | { readonly kind: "go"; readonly next?: Circuit }
  | {
      readonly kind: "closed_off";
      readonly until: number;
      readonly why: "open" | "probing" | "resting";
      readonly reason: string;
    };

export function admit(
  circuit: Circuit,
  given: { readonly now: number; readonly holder: string; readonly settings: BreakerSettings },
): Admission {
  const { now, holder, settings } = given;
  const { restUntil, openUntil, probe, reason } = circuit;
  if (restUntil > now) return { kind: "closed_off", until: restUntil, why: "resting", reason };
  if (openUntil === 0) return { kind: "go" };
  if (openUntil > now) return { kind: "closed_off", until: openUntil, why: "open", reason };
  if (probe !== null && probe.until > now && probe.holder !== holder) {
    return { kind: "closed_off", until: probe.until, why: "probing", reason };
  }
  const until = now + settings.probeMs;
  return { kind: "go", next: { ...circuit, probe: { holder, until }, changedAt: now } };
}

/** Null when nothing changes, which is nearly always. */
export function afterSuccess(circuit: Circuit, now: number): Circuit | null {
  const { failures, openUntil, probe, opens } = circuit;
  if (failures === 0 && openUntil === 0 && probe === null && opens === 0) return null;
  return { ...circuit, failures: 0, opens: 0, openUntil: 0, probe: null, changedAt: now };
}

export function afterFailure(
  circuit: Circuit,
  given: { readonly now: number; readonly reason: string; readonly settings: BreakerSettings },
): Circuit {
  const { now, settings } = given;
  const reason = given.reason.slice(0, 300);
  const failures = circuit.failures + 1;
  const wasOpen = circuit.openUntil > 0;
  const changed = { ...circuit, failures, reason, changedAt: now };
  // A straggler from before it opened says nothing new.
  if (wasOpen && circuit.openUntil > now) return changed;
  if (!wasOpen && failures < settings.failuresMax) return changed;
  const opens = circuit.opens + 1;
  const openMs = Math.min(settings.openMaxMs, settings.openMs * 2 ** Math.min(30, opens - 1));
  return { ...changed, opens, openUntil: now + openMs, probe: null };
}

/** O6. The longest rest that anybody was told counts. */
export function afterRest(
  circuit: Circuit,
  given: { readonly now: number; readonly restMs: number; readonly reason: string },
): Circuit {
  const { now, restMs } = given;
  const restUntil = Math.max(circuit.restUntil, now + Math.min(restMs, REST_MAX_MS));
  return { ...circuit, restUntil, reason: given.reason.slice(0, 300), changedAt: now };
}

/**
 * How many may be in flight: once something fails, no more than may fail before it opens, so that
 * a dead dependency is not asked by everybody who happens to be on the way.
 */
export function roomUnder(circuit: Circuit, settings: BreakerSettings): number {
  if (circuit.failures === 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, settings.failuresMax - circuit.failures);
}
