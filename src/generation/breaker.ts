/**
 * The circuit breaker: when a dependency is left alone, and how it comes back. Pure; the row that
 * all runs and workers share is kept by the store (`journal/circuit.ts`).
 *
 * O4 So many failures in a row, by whichever run, open it. A success closes it.
 * O5 While it is open nobody touches the dependency. When its time is over exactly one caller may:
 *    the probe. Its success closes the circuit, its failure opens it for longer, and when nothing
 *    is heard of it in time somebody else probes. What others began earlier and failed at by then
 *    is not the probe's failure.
 * O6 A rest that the provider asked for keeps everybody away as well, and counts as no failure.
 * O11 No row keeps anybody away for longer than the rules could have meant, whatever stands in it
 *    and whatever the clock of its writer said.
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

export interface ClosedOff {
  readonly kind: "closed_off";
  readonly until: number;
  readonly why: "open" | "probing" | "resting";
  readonly reason: string;
}

export type Admission =
  /** Come in; as the probe when `next` is given, which must be kept first (O1 decides who is). */
  { readonly kind: "go"; readonly next?: Circuit } | ClosedOff;

interface Asking {
  readonly now: number;
  readonly settings: BreakerSettings;
  /** A probe's own holder is let in again. */
  readonly holder?: string;
}

/** Until when the dependency is to be left alone, and why; null when it may be touched. */
export function closedOff(circuit: Circuit, { now, settings, holder }: Asking): ClosedOff | null {
  const { openUntil, probe, reason, changedAt } = circuit;
  const kind = "closed_off";
  // O11: each time was set at `changedAt` or before.
  const restUntil = Math.min(circuit.restUntil, changedAt + REST_MAX_MS);
  if (restUntil > now) return { kind, until: restUntil, why: "resting", reason };
  if (openUntil === 0) return null;
  const until = Math.min(openUntil, changedAt + settings.openMaxMs);
  if (until > now) return { kind, until, why: "open", reason };
  if (probe === null || probe.holder === holder) return null;
  const probeUntil = Math.min(probe.until, changedAt + settings.probeMs);
  return probeUntil > now ? { kind, until: probeUntil, why: "probing", reason } : null;
}

export function admit(circuit: Circuit, asking: Asking & { readonly holder: string }): Admission {
  const off = closedOff(circuit, asking);
  if (off !== null) return off;
  if (circuit.openUntil === 0) return { kind: "go" };
  const { now, holder, settings } = asking;
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
  given: {
    readonly now: number;
    /** Who failed. */
    readonly holder: string;
    readonly reason: string;
    readonly settings: BreakerSettings;
  },
): Circuit {
  const { now, settings, holder } = given;
  const reason = given.reason.slice(0, 300);
  const failures = circuit.failures + 1;
  const wasOpen = circuit.openUntil > 0;
  const changed = { ...circuit, failures, reason, changedAt: now };
  // A straggler from before it opened says nothing new, nor does it end another's probe.
  const isOthers = closedOff({ ...circuit, restUntil: 0 }, { now, settings, holder }) !== null;
  if (wasOpen && isOthers) return changed;
  if (!wasOpen && failures < settings.failuresMax) return changed;
  const opens = circuit.opens + 1;
  const openMs = Math.min(settings.openMaxMs, settings.openMs * 2 ** Math.min(30, opens - 1));
  return { ...changed, opens, openUntil: now + openMs, probe: null };
}

/** O6. The longest rest that anybody was told counts. A probe that was told one has its answer. */
export function afterRest(
  circuit: Circuit,
  given: {
    readonly now: number;
    readonly holder: string;
    readonly restMs: number;
    readonly reason: string;
  },
): Circuit {
  const { now, holder, restMs } = given;
  const restUntil = Math.max(circuit.restUntil, now + Math.min(restMs, REST_MAX_MS));
  const { probe } = afterSilence(circuit, { now, holder }) ?? circuit;
  return { ...circuit, restUntil, probe, reason: given.reason.slice(0, 300), changedAt: now };
}

/** The probe ended without a word about the dependency: somebody else may try. Null: no change. */
export function afterSilence(
  circuit: Circuit,
  { now, holder }: { readonly now: number; readonly holder: string },
): Circuit | null {
  if (circuit.probe?.holder !== holder) return null;
  return { ...circuit, probe: null, changedAt: now };
}

/**
 * A row by the clock of whoever reads it (O11). One that changed between two looks changed then,
 * whatever its writer's clock said; its times keep their distance from the change.
 */
export function seenBetween(
  circuit: Circuit,
  { after, before }: { readonly after: number; readonly before: number },
): Circuit {
  const { changedAt, openUntil, restUntil, probe } = circuit;
  const seenAt = Math.min(before, Math.max(after, changedAt));
  if (seenAt === changedAt) return circuit;
  const moved = (ms: number): number => (ms === 0 ? 0 : Math.max(1, ms - changedAt + seenAt));
  return {
    ...circuit,
    changedAt: seenAt,
    openUntil: moved(openUntil),
    restUntil: moved(restUntil),
    probe: probe === null ? null : { ...probe, until: moved(probe.until) },
  };
}

/**
 * How many may be in flight: once something fails, no more than may fail before it opens, so that
 * a dead dependency is not asked by everybody who happens to be on the way.
 */
export function roomUnder(circuit: Circuit, settings: BreakerSettings): number {
  if (circuit.failures === 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, settings.failuresMax - circuit.failures);
}
