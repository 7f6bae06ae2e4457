/** `modelRetry` as its author wrote it: what cannot work is told before any run begins. */
import { TIMER_MAX_MS } from "../std/deadline.ts";
import { BridleError } from "../std/error.ts";
import { didYouMean } from "../std/suggest.ts";
import { defaultModelRetry, type ModelRetry } from "./retry.ts";

/** What is given over the defaults. Throws `limit_invalid` for what cannot work. */
export function checkModelRetry(given: Partial<ModelRetry>): ModelRetry {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new BridleError("limit_invalid", "modelRetry is not an object", {
      hint: "Write modelRetry: { attemptsMax: 5 }.",
    });
  }
  const members = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of members) {
    if (!isMember(name)) {
      throw new BridleError("limit_invalid", `modelRetry has no member "${name}"`, {
        hint: didYouMean(name, Object.keys(WANTED)),
      });
    }
    const wanted = WANTED[name];
    if (wanted.test(value)) continue;
    throw new BridleError("limit_invalid", `modelRetry.${name} is ${shown(value)}`, {
      hint: `Give ${wanted.words}.`,
    });
  }
  return { ...defaultModelRetry, ...Object.fromEntries(members) };
}

interface Wanted {
  readonly words: string;
  readonly test: (value: unknown) => boolean;
}

const longest = `${TIMER_MAX_MS} (24 days)`;
const time: Wanted = {
  words: `milliseconds from 0 to ${longest}`,
  test: (value) => typeof value === "number" && value >= 0 && value <= TIMER_MAX_MS,
};
const limit: Wanted = {
  words: `milliseconds above 0, at most ${longest}`,
  test: (value) => time.test(value) && value !== 0,
};

const WANTED: { readonly [name in keyof Required<ModelRetry>]: Wanted } = {
  attemptsMax: { words: "a whole number of at least 1", test: (value) => isWhole(value, 1) },
  baseMs: time,
  maxMs: time,
  waitMaxMs: time,
  runRetriesMax: { words: "a whole number of at least 0", test: (value) => isWhole(value, 0) },
  fleet: {
    words: "{ burst, perSecond }: a whole number of at least 1, and a number above 0",
    test: isFleet,
  },
  breaker: {
    words: "{ failuresMax, openMs, openMaxMs, probeMs }: a count of at least 1, and times in ms",
    test: isBreaker,
  },
  timeoutMs: limit,
  firstByteMs: limit,
  idleMs: limit,
  switchedModel: {
    words: '"accept" or "fault"',
    test: (value) => value === "accept" || value === "fault",
  },
};

function isMember(name: string): name is keyof ModelRetry {
  return Object.hasOwn(WANTED, name);
}

function isWhole(value: unknown, min: number): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= min;
}

function isFleet(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const burst = "burst" in value ? value.burst : undefined;
  const perSecond = "perSecond" in value ? value.perSecond : undefined;
  const isRate = typeof perSecond === "number" && perSecond > 0 && Number.isFinite(perSecond);
  return isWhole(burst, 1) && isRate;
}

function isBreaker(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).every(([name, member]: [string, unknown]) => {
    if (member === undefined) return true;
    if (name === "failuresMax") return isWhole(member, 1);
    return ["openMs", "openMaxMs", "probeMs"].includes(name) && limit.test(member);
  });
}

/** Short, and of one line, whatever was written. */
function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
