/**
 * One owner of retries: what is done about a fault, from its kind and from what was tried before.
 * Nothing else in the stack retries a model (W1 in `gateway.ts`).
 *
 * A1 Pure: the same fault after the same tries has the same answer, but for the jitter.
 * A2 The same payload is never sent again after a refusal that named it as the reason.
 * A3 What asking again cannot mend (quota, key, an invalid request) is asked once per route.
 * A4 Everything ends: a route has `attemptsMax`, a run `runRetriesMax`, and then a next step.
 * A5 Being asked to come later is no failed attempt: it uses up none of those for real trouble.
 */
import type { ModelFault } from "../journal/model-fault.ts";
import { unreachable } from "../std/assert.ts";
import { TIMER_MAX_MS } from "../std/deadline.ts";
import { BridleError } from "../std/error.ts";
import { backoffMs, type Backoff } from "../std/backoff.ts";
import type { Random } from "../std/random.ts";

export interface ModelRetry extends Backoff {
  /** Attempts on one route for one answer. Default 5. */
  readonly attemptsMax: number;
  /** A longer wait does not hold the process: the run is parked, durably. Default 20,000. */
  readonly waitMaxMs: number;
  /** Attempts in vain in a whole run, whatever they were about. Default 200. */
  readonly runRetriesMax?: number;
  /** Further attempts of all runs together, for each model; `perSecond` fills it again. */
  readonly fleet?: { readonly burst: number; readonly perSecond: number };
  /** An attempt without a whole answer after this long is given up, ms. Default 600,000. */
  readonly timeoutMs?: number;
  /** A streamed answer that has not begun after this long is given up, ms. Default 180,000. */
  readonly firstByteMs?: number;
  /** A streamed answer in which nothing arrives for this long is given up, ms. 120,000. */
  readonly idleMs?: number;
  /** `fault`: an answer of another model than was asked is not taken. Default `accept`. */
  readonly switchedModel?: "accept" | "fault";
}

export const defaultModelRetry: ModelRetry = {
  attemptsMax: 5,
  baseMs: 500,
  maxMs: 15_000,
  waitMaxMs: 20_000,
};

/** Attempts in vain in one run. */
export const RUN_RETRIES_MAX = 200;

export const FLEET_RETRIES: NonNullable<ModelRetry["fleet"]> = { burst: 500, perSecond: 50 };

/** Asking again helps these little: a provider that sends rubbish twice sends it thrice. */
const RUBBISH_ATTEMPTS_MAX = 3;

/** A router that hands over to another model may do so once by chance. */
const SWITCHED_ATTEMPTS_MAX = 2;

/** Waits that a provider itself asked for; they are obeyed more often than guesses are made. */
const TOLD_WAITS_MAX = 20;

/** Added to a wait that everybody is told alike, so that they do not all come back at once. */
const SPREAD = 0.1;
const SPREAD_MAX_MS = 5_000;

/** So often the request is made smaller for one answer: what still does not fit never will. */
const SHRINKS_MAX = 3;

/** What is given over the defaults. A number that cannot work is `limit_invalid`. */
export function checkModelRetry(given: Partial<ModelRetry>): ModelRetry {
  const retry = { ...defaultModelRetry, ...given };
  const { attemptsMax, runRetriesMax = 0, fleet = FLEET_RETRIES, switchedModel } = retry;
  const times = [retry.baseMs, retry.maxMs, retry.waitMaxMs];
  const limits = [retry.timeoutMs, retry.firstByteMs, retry.idleMs].filter(
    (ms) => ms !== undefined,
  );
  const isWhole = (value: number, min: number): boolean =>
    Number.isSafeInteger(value) && value >= min;
  const isSound =
    isWhole(attemptsMax, 1) &&
    isWhole(runRetriesMax, 0) &&
    times.every((ms) => ms >= 0 && ms <= TIMER_MAX_MS) &&
    limits.every((ms) => ms > 0 && ms <= TIMER_MAX_MS) &&
    isWhole(fleet.burst, 1) &&
    fleet.perSecond > 0 &&
    (switchedModel === undefined || switchedModel === "accept" || switchedModel === "fault");
  if (isSound) return retry;
  throw new BridleError("limit_invalid", "modelRetry has a number that cannot work", {
    hint: "Counts are whole and at least 1, times are milliseconds from 0 to 24 days.",
  });
}

/** What this turn has tried already, the fault in hand included. */
export interface Tries {
  /** Faults on this route since the last answer. Rate limits count among themselves alone. */
  readonly onRoute: number;
  /** Those of the same kind. */
  readonly ofKind: number;
  /** Faults in the whole run. */
  readonly inRun: number;
  /** How often the request was made smaller for this answer. */
  readonly shrinks: number;
  /** Something is left that can be made smaller. */
  readonly canShrink: () => boolean;
  /** The conversation goes out in its strictest form already. */
  readonly isStrict: boolean;
  /** Another route could be asked. */
  readonly hasOther: boolean;
}

export type Remedy =
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "shrink" }
  | { readonly kind: "repair" }
  | { readonly kind: "switch" }
  | { readonly kind: "fail"; readonly why?: "run_retries" }
  | { readonly kind: "stop" };

export function remedyFor(
  fault: ModelFault,
  tries: Tries,
  given: { readonly retry: ModelRetry; readonly random: Random },
): Remedy {
  const { retry } = given;
  if (fault.kind === "aborted") return { kind: "stop" };
  if (tries.inRun >= (retry.runRetriesMax ?? RUN_RETRIES_MAX)) {
    return { kind: "fail", why: "run_retries" };
  }
  const remedy = ownRemedy(fault, tries, given);
  const giveUp: Remedy = tries.hasOther ? { kind: "switch" } : { kind: "fail" };
  return remedy ?? giveUp;
}

/** What may help on this route; null: nothing does. */
function ownRemedy(
  fault: ModelFault,
  tries: Tries,
  given: { readonly retry: ModelRetry; readonly random: Random },
): Remedy | null {
  const { attemptsMax } = given.retry;
  switch (fault.kind) {
    case "rate_limited":
    case "overloaded":
    case "unavailable":
      return waitAsTold(fault, tries, given);
    case "unreachable":
      return fault.why === "certificate" ? null : waitUpTo(attemptsMax, tries, given);
    case "timeout":
    case "stream_broken":
      return waitUpTo(attemptsMax, tries, given);
    case "malformed":
      return waitFew(RUBBISH_ATTEMPTS_MAX, tries, given);
    case "model_switched":
      return waitFew(SWITCHED_ATTEMPTS_MAX, tries, given);
    case "context_overflow":
      return shrinkOf(tries);
    case "invalid_request":
      if (fault.about === "size") return shrinkOf(tries);
      return fault.about === "history" && !tries.isStrict ? { kind: "repair" } : null;
    case "quota_exhausted":
    case "auth":
    case "content_filtered":
    case "refused":
    case "truncated":
    case "aborted":
      return null;
    case "unknown":
      // What a provider says in the middle of an answer passes more often than a refusal does.
      return fault.hasBegun === true ? waitFew(RUBBISH_ATTEMPTS_MAX, tries, given) : null;
    default:
      return unreachable(fault, "ownRemedy");
  }
}

type Given = { readonly retry: ModelRetry; readonly random: Random };

function waitUpTo(attemptsMax: number, { onRoute }: Tries, given: Given): Remedy | null {
  if (onRoute >= attemptsMax) return null;
  return { kind: "wait", ms: backoffMs(given.retry, onRoute, given.random) };
}

/** What asking again helps little counts for itself: other trouble before it says nothing of it. */
function waitFew(ofKindMax: number, tries: Tries, given: Given): Remedy | null {
  return tries.ofKind >= ofKindMax ? null : waitUpTo(given.retry.attemptsMax, tries, given);
}

/** A long wait is better spent on another route, when there is one. */
function waitAsTold(
  fault: Extract<ModelFault, { retryAfterMs?: number }>,
  tries: Tries,
  given: Given,
): Remedy | null {
  const { retry, random } = given;
  const told = fault.retryAfterMs;
  if (told === undefined) return waitUpTo(retry.attemptsMax, tries, given);
  if (told > retry.waitMaxMs && tries.hasOther) return null;
  if (tries.ofKind > TOLD_WAITS_MAX) return null;
  const spread = Math.min(SPREAD_MAX_MS, told * SPREAD) * random();
  return { kind: "wait", ms: Math.ceil(told + spread) };
}

/** A2. */
function shrinkOf({ shrinks, canShrink }: Tries): Remedy | null {
  return shrinks < SHRINKS_MAX && canShrink() ? { kind: "shrink" } : null;
}
