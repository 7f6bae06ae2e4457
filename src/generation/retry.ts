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
import { backoffMs, type Backoff } from "../std/backoff.ts";
import { defaultBreaker, type BreakerSettings } from "./breaker.ts";
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
  /** When a model that fails is left alone by everybody, and how it is tried again. */
  readonly breaker?: Partial<BreakerSettings>;
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

/** Models fail more often than tools without being down; one answer tries a route five times. */
const MODEL_BREAKER: BreakerSettings = { ...defaultBreaker, failuresMax: 10 };

export function modelBreaker({ breaker }: ModelRetry): BreakerSettings {
  return { ...MODEL_BREAKER, ...breaker };
}

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

/** How much longer than `ms` one of many waits that are all told the same. */
export function spreadMs(ms: number, random: Random): number {
  return Math.ceil(Math.min(SPREAD_MAX_MS, ms * SPREAD) * random());
}

/** So often the request is made smaller for one answer: what still does not fit never will. */
const SHRINKS_MAX = 3;

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
  /** The conversation has a stricter form than the one that was sent. */
  readonly canRepair: () => boolean;
  /** Another route could be asked. */
  readonly hasOther: boolean;
}

export type Remedy =
  | { readonly kind: "wait"; readonly ms: number }
  /** Not this route for so long; another one may answer before that. */
  | { readonly kind: "rest"; readonly ms: number }
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
      return fault.about === "history" && tries.canRepair() ? { kind: "repair" } : null;
    case "quota_exhausted":
    case "auth":
    case "content_filtered":
    case "refused":
    case "aborted":
      return null;
    case "truncated":
      // Only what the window left no room for comes here: a smaller history makes some.
      return shrinkOf(tries);
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

/**
 * A long wait is better spent on another route, when there is one. It is no reason to give this
 * one up: should the other be dead, the wait is still the way to an answer.
 */
function waitAsTold(
  fault: Extract<ModelFault, { retryAfterMs?: number }>,
  tries: Tries,
  given: Given,
): Remedy | null {
  const { retry, random } = given;
  const told = fault.retryAfterMs;
  if (told === undefined) return waitUpTo(retry.attemptsMax, tries, given);
  if (tries.ofKind > TOLD_WAITS_MAX) return null;
  const kind = told > retry.waitMaxMs && tries.hasOther ? "rest" : "wait";
  // "At once" is no pace to ask at: twenty tries would be over before anything has passed.
  const ownMs = told < retry.baseMs ? backoffMs(retry, tries.ofKind, random) : 0;
  return { kind, ms: Math.max(ownMs, Math.ceil(told) + spreadMs(told, random)) };
}

/** A2. */
function shrinkOf({ shrinks, canShrink }: Tries): Remedy | null {
  return shrinks < SHRINKS_MAX && canShrink() ? { kind: "shrink" } : null;
}
