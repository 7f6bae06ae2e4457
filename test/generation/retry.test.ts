import { checkModelRetry } from "../../src/generation/check-retry.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  defaultModelRetry,
  remedyFor,
  type Remedy,
  type Tries,
} from "../../src/generation/retry.ts";
import { modelFaultKinds, type ModelFault } from "../../src/journal/model-fault.ts";
import { seededRandom } from "../../src/std/random.ts";

const anyFault: fc.Arbitrary<ModelFault> = fc
  .record({
    kind: fc.constantFrom(...modelFaultKinds),
    retryAfterMs: fc.option(fc.nat({ max: 300_000 }), { nil: undefined }),
    hasBegun: fc.boolean(),
    why: fc.constantFrom("refused", "dns", "certificate", "reset", "network"),
    about: fc.constantFrom("history", "model", "address", "size", "other"),
    after: fc.constant("text"),
    phase: fc.constant("idle"),
  })
  .map(({ retryAfterMs, ...rest }) => {
    const told = retryAfterMs === undefined ? {} : { retryAfterMs };
    // Members that another kind has are of no meaning here.
    return { ...rest, ...told, message: "it failed", asked: "a", answered: "b" };
  });

const anyTries: fc.Arbitrary<Tries> = fc.record({
  onRoute: fc.integer({ min: 1, max: 300 }),
  ofKind: fc.integer({ min: 1, max: 300 }),
  inRun: fc.integer({ min: 1, max: 300 }),
  shrinks: fc.nat({ max: 5 }),
  canShrink: fc.boolean().map((can) => () => can),
  canRepair: fc.boolean().map((can) => () => can),
  hasOther: fc.boolean(),
});

const given = { retry: defaultModelRetry, random: seededRandom(7) };
const first: Tries = {
  onRoute: 1,
  ofKind: 1,
  inRun: 1,
  shrinks: 0,
  canShrink: () => true,
  canRepair: () => true,
  hasOther: false,
};

function remedy(fault: Partial<ModelFault>, tries: Partial<Tries> = {}): Remedy {
  // Each test names what its kind needs.
  const whole = { message: "it failed", ...fault } as ModelFault;
  return remedyFor(whole, { ...first, ...tries }, given);
}

describe("what is done about a fault", () => {
  test("every fault after any tries has an answer, the same each time but for the jitter", () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(anyFault, anyTries, fc.nat(), (fault, tries, seed) => {
        const random = (): ReturnType<typeof seededRandom> => seededRandom(seed);
        const once = remedyFor(fault, tries, { ...given, random: random() });
        expect(remedyFor(fault, tries, { ...given, random: random() })).toEqual(once);
        kinds.add(once.kind);
        assert(once.kind !== "wait" || once.ms >= 0);
        assert(once.kind !== "switch" || tries.hasOther);
        assert(once.kind !== "shrink" || (tries.canShrink() && tries.shrinks < 3));
        assert(once.kind !== "repair" || tries.canRepair());
        assert.equal(once.kind === "stop", fault.kind === "aborted");
        const isSpent = tries.inRun >= 200 && fault.kind !== "aborted";
        assert(!isSpent || once.kind === "fail");
      }),
      { numRuns: 5_000 },
    );
    expect(kinds.size).toBe(7);
  });

  test("what a provider told is waited for in full, with little on top", () => {
    let waits = 0;
    fc.assert(
      fc.property(anyFault, anyTries, (fault, tries) => {
        const answer = remedyFor(fault, tries, given);
        if ((answer.kind !== "wait" && answer.kind !== "rest") || !("retryAfterMs" in fault))
          return;
        if (!["rate_limited", "overloaded", "unavailable"].includes(fault.kind)) return;
        const told = fault.retryAfterMs ?? 0;
        expect(answer.ms).toBeGreaterThanOrEqual(told);
        // Less than the first backoff is no pace: then our own holds.
        const own = told < defaultModelRetry.baseMs ? defaultModelRetry.maxMs : 0;
        const spread = told + Math.min(5_000, told * 0.1) + 1;
        expect(answer.ms).toBeLessThanOrEqual(Math.max(own, spread));
        waits += 1;
      }),
      { numRuns: 5_000 },
    );
    expect(waits).toBeGreaterThan(20);
  });

  test("a provider that says at once, again and again, is asked ever less often", () => {
    const ms = [1, 2, 3, 10, 20].map((ofKind) => {
      const fault: ModelFault = { kind: "overloaded", message: "", retryAfterMs: 0 };
      const tries = { ...first, onRoute: ofKind, ofKind };
      const answer = remedyFor(fault, tries, { retry: defaultModelRetry, random: () => 0.9 });
      return answer.kind === "wait" ? answer.ms : -1;
    });
    expect(ms).toEqual([450, 900, 1_800, 13_500, 13_500]);
  });

  for (const kind of ["quota_exhausted", "auth", "content_filtered", "refused"] as const) {
    test(`A3 ${kind} is asked once per route`, () => {
      expect(remedy({ kind })).toEqual({ kind: "fail" });
      expect(remedy({ kind }, { hasOther: true })).toEqual({ kind: "switch" });
    });
  }

  for (const about of ["model", "address", "other"] as const) {
    test(`A3 an invalid request (${about}) is asked once per route`, () => {
      const fault: Partial<ModelFault> = { kind: "invalid_request", about };
      expect(remedy(fault)).toEqual({ kind: "fail" });
      expect(remedy(fault, { hasOther: true })).toEqual({ kind: "switch" });
    });
  }

  test("A2 a history that was refused is repaired once, an overflow shrunk three times", () => {
    const history: Partial<ModelFault> = { kind: "invalid_request", about: "history" };
    expect(remedy(history)).toEqual({ kind: "repair" });
    expect(remedy(history, { canRepair: () => false })).toEqual({ kind: "fail" });
    for (const overflow of [
      { kind: "context_overflow" },
      { kind: "invalid_request", about: "size" },
    ] as const) {
      expect(remedy(overflow, { shrinks: 2 })).toEqual({ kind: "shrink" });
      expect(remedy(overflow, { shrinks: 3 })).toEqual({ kind: "fail" });
      expect(remedy(overflow, { canShrink: () => false })).toEqual({ kind: "fail" });
    }
  });

  test("a certificate does not mend itself; a refused connection may", () => {
    expect(remedy({ kind: "unreachable", why: "certificate" })).toEqual({ kind: "fail" });
    expect(remedy({ kind: "unreachable", why: "refused" }).kind).toBe("wait");
  });

  test("a long wait is spent on another route when there is one", () => {
    const limited: Partial<ModelFault> = { kind: "rate_limited", retryAfterMs: 60_000 };
    expect(remedy(limited).kind).toBe("wait");
    expect(remedy(limited, { hasOther: true }).kind).toBe("rest");
    expect(remedy(limited, { hasOther: true, ofKind: 21 })).toEqual({ kind: "switch" });
    expect(remedy({ ...limited, retryAfterMs: 5_000 }, { hasOther: true }).kind).toBe("wait");
  });

  test("A4 whatever a provider does, one answer comes to an end within the budgets", () => {
    let longest = 0;
    fc.assert(
      fc.property(
        fc.array(anyFault, { minLength: 400, maxLength: 400, size: "max" }),
        fc.integer({ min: 1, max: 4 }),
        (faults, routes) => {
          const retry = { ...defaultModelRetry, runRetriesMax: 100_000 };
          const asked = askUntilEnd(faults, { routes, retry });
          // Per route: the guesses, the told waits of three kinds, a repair; for all: the shrinks.
          expect(asked).toBeLessThanOrEqual(routes * (retry.attemptsMax + 3 * 20 + 2) + 3);
          longest = Math.max(longest, asked);
        },
      ),
      { numRuns: 300 },
    );
    expect(longest).toBeGreaterThan(4);
    const told: ModelFault = { kind: "overloaded", retryAfterMs: 5, message: "later" };
    const forever = Array.from({ length: 400 }, () => told);
    expect(askUntilEnd(forever, { routes: 2, retry: defaultModelRetry })).toBe(2 * 21);
    const run = { ...defaultModelRetry, runRetriesMax: 10 };
    expect(askUntilEnd(forever, { routes: 2, retry: run })).toBe(10);
  });
});

/** How many attempts one answer takes when each of them meets the next of these faults. */
function askUntilEnd(
  faults: readonly ModelFault[],
  { routes, retry }: { readonly routes: number; readonly retry: typeof defaultModelRetry },
): number {
  let [route, onRoute, shrinks] = [0, 0, 0];
  let ofKind = new Map<string, number>();
  let isStrict = false;
  for (const [index, fault] of faults.entries()) {
    onRoute += 1;
    ofKind.set(fault.kind, (ofKind.get(fault.kind) ?? 0) + 1);
    const tries: Tries = {
      ...first,
      onRoute,
      ofKind: ofKind.get(fault.kind) ?? 1,
      inRun: index + 1,
      shrinks,
      canRepair: () => !isStrict,
      hasOther: route + 1 < routes,
    };
    const { kind } = remedyFor(fault, tries, { retry, random: Math.random });
    if (kind === "fail" || kind === "stop") return index + 1;
    if (kind === "shrink") shrinks += 1;
    if (kind === "repair") isStrict = true;
    if (kind !== "switch") continue;
    route += 1;
    onRoute = 0;
    ofKind = new Map();
    isStrict = false;
  }
  throw new Error("it goes on for ever");
}

describe("the numbers of modelRetry", () => {
  test("that cannot work are told at the start", () => {
    const wrong: Parameters<typeof checkModelRetry>[0][] = [
      { attemptsMax: 0 },
      { attemptsMax: 1.5 },
      { runRetriesMax: -1 },
      { waitMaxMs: Number.NaN },
      { baseMs: -1 },
      { timeoutMs: 0 },
      { fleet: { burst: 0, perSecond: 1 } },
      { fleet: { burst: 1, perSecond: 0 } },
      { breaker: { failuresMax: 0 } },
      { breaker: { openMs: 0 } },
      { breaker: { probeMs: Number.POSITIVE_INFINITY } },
    ];
    for (const given of wrong) {
      expect(() => checkModelRetry(given)).toThrow(
        expect.objectContaining({ code: "limit_invalid" }),
      );
    }
    expect(checkModelRetry({ breaker: { probeMs: 5 } })).toMatchObject({ attemptsMax: 5 });
  });
});
