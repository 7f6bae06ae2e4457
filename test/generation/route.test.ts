import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { prepareRoutes } from "../../src/generation/prepare-routes.ts";
import {
  chooseRoute,
  type PreparedRoute,
  type Route,
  type RouteRest,
  type RouteView,
} from "../../src/generation/route.ts";
import { isSameModel } from "../../src/generation/same-model.ts";
import { modelOf } from "../orchestration/played-model.ts";

const model = modelOf("Done.");
const NAMES = ["p/a", "p/b", "p/c", "p/d"] as const;

const optional = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(some, { nil: undefined, freq: 2 });

const faultKind = fc.constantFrom("quota_exhausted", "auth", "context_overflow", "budget");

const anyConditions = fc
  .record({
    on: optional(fc.array(faultKind, { maxLength: 2 })),
    afterUnmet: optional(fc.integer({ min: 1, max: 3 })),
    budgetBelow: optional(fc.double({ min: 0.1, max: 1, noNaN: true })),
    contextTokensMax: optional(fc.constantFrom(100, 1_000)),
    tools: optional(fc.boolean()),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));

const anyRoutes: fc.Arbitrary<readonly PreparedRoute[]> = fc
  .array(anyConditions, { minLength: 1, maxLength: 4 })
  .map((all) =>
    all.map((conditions, n) => {
      const name = NAMES[n] ?? "p/a";
      return { ...conditions, name, scope: `model/${name}`, provider: "p", model };
    }),
  );

const anyRest: fc.Arbitrary<RouteRest | null> = fc.option(
  fc.record({
    until: fc.integer({ min: 900, max: 60_000 }),
    why: fc.constant("busy"),
    isDown: fc.boolean(),
  }),
  { freq: 2 },
);

const anyView: fc.Arbitrary<RouteView & { readonly rests: readonly (RouteRest | null)[] }> = fc
  .record({
    now: fc.constant(1_000),
    current: fc.option(fc.constantFrom(...NAMES)),
    faults: fc.array(
      fc.record({
        asked: fc.constantFrom(...NAMES),
        kind: faultKind,
        answer: fc.constantFrom("wait", "switch", "repair", "fail"),
      }),
      { maxLength: 3 },
    ),
    rests: fc.array(anyRest, { minLength: 4, maxLength: 4 }),
    unmet: fc.nat({ max: 3 }),
    budgetLeft: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    tokens: fc.constantFrom(50, 500, 5_000),
    hasTools: fc.boolean(),
    waitMaxMs: fc.constant(20_000),
  })
  .map(({ rests, tokens, ...rest }) => ({
    ...rest,
    rests,
    rest: (name) => rests[NAMES.findIndex((known) => known === name)] ?? null,
    tokens: () => tokens,
  }));

/** The conditions once more, as the documentation says them. */
function mayTake(route: PreparedRoute, view: RouteView): boolean {
  const gaveUp = view.faults.some(
    ({ asked, answer }) => asked === route.name && (answer === "switch" || answer === "fail"),
  );
  const others = view.faults.filter(({ asked }) => asked !== route.name);
  const isCalled =
    route.on === undefined ||
    view.current === route.name ||
    others.some(({ kind }) => route.on?.includes(kind) === true);
  return (
    !gaveUp &&
    isCalled &&
    (route.afterUnmet === undefined || view.unmet >= route.afterUnmet) &&
    (route.budgetBelow === undefined || (view.budgetLeft ?? 1) < route.budgetBelow) &&
    (route.contextTokensMax === undefined || view.tokens() <= route.contextTokensMax) &&
    !(route.tools === false && view.hasTools)
  );
}

function isResting(route: PreparedRoute, view: RouteView): boolean {
  return (view.rest(route.name)?.until ?? 0) > view.now;
}

describe("which route is taken", () => {
  test("G1 to G4 hold for any routes and any standing of the run", () => {
    const kinds = new Map<string, number>();
    fc.assert(
      fc.property(anyRoutes, anyView, (routes, view) => {
        const choice = chooseRoute(routes, view);
        expect(chooseRoute(routes, view)).toEqual(choice);
        kinds.set(choice.kind, (kinds.get(choice.kind) ?? 0) + 1);
        const open = routes.filter((route) => mayTake(route, view));
        if (choice.kind === "none") {
          assert.deepEqual(open, []);
          assert.notEqual(choice.why, "");
          return;
        }
        expect(open).toContain(choice.route);
        if (choice.kind === "ask") {
          assert(!isResting(choice.route, view));
          return;
        }
        expect(choice.until).toBe(view.rest(choice.route.name)?.until);
        expect(choice.until).toBeGreaterThan(view.now);
        const { isDown = false } = view.rest(choice.route.name) ?? {};
        const isShort = !isDown && choice.until - view.now <= view.waitMaxMs;
        // It waits where it is for a while; for long, or for what is down, only when it must.
        assert(isShort || open.every((route) => isResting(route, view)));
      }),
      { numRuns: 5_000 },
    );
    expect(
      Math.min(...["ask", "wait", "none"].map((kind) => kinds.get(kind) ?? 0)),
    ).toBeGreaterThan(100);
  });

  test("G2 a run stays where it is while nothing speaks against it", () => {
    let stayed = 0;
    fc.assert(
      fc.property(anyRoutes, anyView, (routes, view) => {
        const here = routes.find(({ name }) => name === view.current);
        if (here === undefined || !mayTake(here, view) || isResting(here, view)) return;
        const isCalledAway = routes.some(
          (route) =>
            route !== here &&
            mayTake(route, view) &&
            (route.afterUnmet !== undefined || route.budgetBelow !== undefined),
        );
        if (isCalledAway) return;
        expect(chooseRoute(routes, view)).toEqual({ kind: "ask", route: here });
        stayed += 1;
      }),
      { numRuns: 5_000 },
    );
    expect(stayed).toBeGreaterThan(200);
  });

  test("a model that is down is left at once; one that rests shortly is waited for", () => {
    const [one, two] = ["p/a", "p/b"].map((name): PreparedRoute => {
      return { name, scope: `model/${name}`, provider: "p", model };
    });
    if (one === undefined || two === undefined) throw new Error("two routes");
    const view = (rest: RouteRest): RouteView => ({
      now: 0,
      current: "p/a",
      faults: [],
      rest: (name) => (name === "p/a" ? rest : null),
      unmet: 0,
      budgetLeft: null,
      tokens: () => 1,
      hasTools: true,
      waitMaxMs: 20_000,
    });
    const choose = (rest: RouteRest) => chooseRoute([one, two], view(rest));
    expect(choose({ until: 5_000, why: "busy" })).toMatchObject({ kind: "wait", route: one });
    expect(choose({ until: 25_000, why: "busy" })).toMatchObject({ kind: "ask", route: two });
    expect(choose({ until: 5_000, why: "dead", isDown: true })).toMatchObject({
      kind: "ask",
      route: two,
    });
  });
});

describe("routes as they are written", () => {
  const given = { named: {}, where: 'Agent "desk"' };
  const at = (host: string) => ({ baseURL: `http://${host}/v1`, modelId: "m" });

  const wrong: readonly [string, readonly (Route | ReturnType<typeof at>)[]][] = [
    ["none at all", []],
    ["two to one model at one address", [at("127.0.0.1:1"), at("127.0.0.1:1")]],
    ["each with a condition", [{ model: at("127.0.0.1:1"), on: ["auth"] }]],
    ["a share above one", [at("127.0.0.1:1"), { model: at("127.0.0.1:2"), budgetBelow: 20 }]],
    [
      "a fault that nobody knows",
      // As plain JavaScript writes it.
      [at("127.0.0.1:1"), { model: at("127.0.0.1:2"), on: ["overflow" as "auth"] }],
    ],
  ];
  test.each(wrong)("are refused: %s", async (_, routes) => {
    await expect(prepareRoutes(routes, given)).rejects.toMatchObject({ code: "route_invalid" });
  });

  test("may name the same model at two addresses, and others by name", async () => {
    const named = { cheap: [at("127.0.0.1:2"), at("127.0.0.1:3")] };
    const routes = await prepareRoutes(
      [at("127.0.0.1:1"), { model: "route:cheap", on: ["auth"] }],
      {
        ...given,
        named,
      },
    );
    expect(routes.map(({ name, on }) => [name, on])).toEqual([
      ["openai-compatible.chat/m@127.0.0.1:1", undefined],
      ["openai-compatible.chat/m@127.0.0.1:2", ["auth"]],
      ["openai-compatible.chat/m@127.0.0.1:3", ["auth"]],
    ]);
  });
});

describe("whether the model that answered is the one that was asked", () => {
  test.each([
    ["gpt-5.2", "gpt-5.2"],
    ["gpt-5.2", "gpt-5.2-2025-12-11"],
    ["openai/gpt-5.2", "gpt-5.2-2025-12-11"],
    ["GPT-5.2", "gpt-5.2"],
    ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929"],
    ["claude-sonnet-4-5-20250929", "claude-sonnet-4-5"],
    ["claude-3-7-sonnet-latest", "claude-3-7-sonnet"],
    ["gemini-2.5-pro", "gemini-2.5-pro-preview-05-06"],
    ["gemini-2.5-pro", "models/gemini-2.5-pro"],
    ["anthropic.claude-sonnet-4-5", "anthropic.claude-sonnet-4-5-v1"],
    ["mistral-large", "mistral-large-2411"],
    ["gpt-4o", "gpt-4o-2024-08-06"],
  ])("%s is %s", (asked, answered) => {
    expect(isSameModel(asked, answered)).toBe(true);
  });

  test.each([
    ["gpt-5.2", "gpt-5.2-mini"],
    ["gpt-5", "gpt-5.2"],
    ["gpt-4", "gpt-4o"],
    ["gpt-4.1", "gpt-4.1-nano-2025-04-14"],
    ["claude-sonnet-4-5", "claude-haiku-4-5-20251001"],
    ["claude-sonnet-4", "claude-sonnet-4-5"],
    ["claude-sonnet-4", "claude-sonnet-4-5-20250929"],
    ["gemini-2.5-pro", "gemini-2.5-flash"],
    ["gemini-2.5-flash", "gemini-2.5-flash-lite-preview-06-17"],
    ["llama-3-70b", "llama-3-8b"],
    ["qwen3", "qwen3-coder"],
    ["m", ""],
  ])("%s is not %s", (asked, answered) => {
    expect(isSameModel(asked, answered)).toBe(false);
    expect(isSameModel(answered, asked)).toBe(false);
  });

  test("takes no time over a name that is made to take for ever", () => {
    const begun = performance.now();
    for (const end of ["x", "-x", "v"]) {
      expect(isSameModel("m", `m${"1".repeat(20_000)}${end}`)).toBe(false);
      expect(isSameModel("m", `mv${"1".repeat(20_000)}${end}`)).toBe(false);
    }
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
