import { BridleError } from "../std/error.ts";

/** Sizes every store keeps. Reaching one is a named outcome, never a crash. */
export interface JournalLimits {
  /** A body member whose JSON is longer than this goes to a blob. Characters. */
  readonly spillChars: number;
  /** The longest event body that stays in the journal after spilling. Characters. */
  readonly eventCharsMax: number;
  /** The largest blob, before compression. Bytes. */
  readonly blobBytesMax: number;
  /** Events in one run. The last 256 are kept for settling calls and for the run's end. */
  readonly eventsPerRunMax: number;
}

export const defaultJournalLimits: JournalLimits = {
  spillChars: 16 * 1024,
  eventCharsMax: 1024 * 1024,
  blobBytesMax: 64 * 1024 * 1024,
  eventsPerRunMax: 100_000,
};

/** Events no model answer may use, so that a run at its limit still settles and ends in order. */
export const eventsReserved = 256;

/** Event ids hold the sequence in 20 bits; no limit may exceed that. */
export const eventsPerRunCeiling: number = 2 ** 20 - 1;

/** Fills the gaps and refuses numbers that cannot work. */
export function journalLimits(given: Partial<JournalLimits> = {}): JournalLimits {
  const limits = { ...defaultJournalLimits, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new BridleError("limit_invalid", `The limit ${name} must be a positive whole number`, {
      hint: "Leave it out for the default.",
    });
  }
  if (limits.eventsPerRunMax > eventsPerRunCeiling || limits.eventsPerRunMax <= eventsReserved) {
    throw new BridleError(
      "limit_invalid",
      `eventsPerRunMax must lie between ${eventsReserved + 1} and ${eventsPerRunCeiling}`,
    );
  }
  return limits;
}
