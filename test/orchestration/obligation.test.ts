import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HeldObligation } from "../../src/journal/intent.ts";
import type { Receipt } from "../../src/journal/receipt.ts";
import { emptyRun, type RunState } from "../../src/journal/run.ts";
import { Log } from "../../src/std/log.ts";
import type { Json, JsonObject } from "../../src/std/json.ts";
import { holds, isAskedFor, meets, standings } from "../../src/orchestration/obligation.ts";

/** Small worlds, so that obligations and receipts meet, collide and repeat. */
const member = fc.constantFrom("a", "b", "c");
const scalar = fc.constantFrom<Json>(1, 2, "1", null, true);
const members = fc.dictionary(member, scalar, { maxKeys: 2 });
const tool = fc.constantFrom("pay", "ship");

const obligation = fc.record({
  tool,
  input: fc.option(members, { nil: undefined }),
  output: fc.option(members, { nil: undefined }),
  declined: fc.constantFrom(null, null, null, "model", "ann"),
});
const deed = fc.record({ tool, input: members, output: members });

type Asked = typeof obligation extends fc.Arbitrary<infer T> ? T : never;
type Done = typeof deed extends fc.Arbitrary<infer T> ? T : never;

function heldOf(asked: readonly Asked[]): readonly HeldObligation[] {
  return asked.map(({ tool, input, output, declined }, index) => ({
    id: `o${index}`,
    what: "do it",
    tool,
    source: "intent",
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(declined === null ? {} : { declined: { by: declined, reason: "no" } }),
  }));
}

function receiptsOf(done: readonly Done[]): readonly Receipt[] {
  return done.map((each, index) => ({
    ...each,
    callId: `t1c${index}`,
    effect: "once" as const,
    via: "execute" as const,
  }));
}

function stateOf(asked: readonly Asked[], done: readonly Done[]): RunState {
  const receipts = Log.of<Receipt>().append(...receiptsOf(done));
  return { ...emptyRun("r"), obligations: heldOf(asked), receipts };
}

/** The most obligations that any assignment meets, by trying them all. */
function mostMet(obligations: readonly HeldObligation[], receipts: readonly Receipt[]): number {
  const [first, ...rest] = obligations;
  if (first === undefined) return 0;
  let most = mostMet(rest, receipts);
  for (const [at, receipt] of receipts.entries()) {
    if (!meets(first, receipt)) continue;
    most = Math.max(most, 1 + mostMet(rest, receipts.toSpliced(at, 1)));
  }
  return most;
}

const asked = fc.array(obligation, { maxLength: 6 });
const done = fc.array(deed, { maxLength: 6 });

describe("standings", () => {
  test("O1: each met obligation has a receipt of its own that meets it", () => {
    let met = 0;
    fc.assert(
      fc.property(asked, done, (asked, done) => {
        const state = stateOf(asked, done);
        const holders = standings(state).flatMap((standing) => {
          if (standing.kind !== "met") return [];
          const receipt = state.receipts.toArray().find(({ callId }) => callId === standing.callId);
          expect(receipt !== undefined && meets(standing.obligation, receipt)).toBe(true);
          return [standing.callId];
        });
        expect(new Set(holders).size).toBe(holders.length);
        met += holders.length;
      }),
      { numRuns: 500 },
    );
    expect(met).toBeGreaterThan(100);
  });

  test("O2, O3: no assignment meets more; the declined take only what is left", () => {
    fc.assert(
      fc.property(asked, done, (asked, done) => {
        const state = stateOf(asked, done);
        const receipts = state.receipts.toArray();
        const open = state.obligations.filter(({ declined }) => declined === undefined);
        const reached = standings(state);
        const metOf = (held: readonly HeldObligation[]): number =>
          reached.filter(({ kind, obligation }) => kind === "met" && held.includes(obligation))
            .length;
        expect(metOf(open)).toBe(mostMet(open, receipts));
        const byModel = state.obligations.filter(({ declined }) => declined?.by === "model");
        const both = [...open, ...byModel];
        expect(metOf(both)).toBe(mostMet(both, receipts));
        const byAnn = state.obligations.filter(({ declined }) => declined?.by === "ann");
        expect(metOf(byAnn)).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test("O4: one more receipt, wherever it falls, never opens an obligation", () => {
    let grown = 0;
    fc.assert(
      fc.property(fc.tuple(asked, done), deed, fc.nat(6), ([asked, done], more, at) => {
        const before = standings(stateOf(asked, done));
        const after = standings(stateOf(asked, done.toSpliced(at, 0, more)));
        const metIn = (all: typeof before): number[] =>
          all.flatMap(({ kind }, index) => (kind === "met" ? [index] : []));
        expect(metIn(after)).toEqual(expect.arrayContaining(metIn(before)));
        grown += metIn(after).length - metIn(before).length;
      }),
      { numRuns: 1_000 },
    );
    expect(grown).toBeGreaterThan(30);
  });

  test("O3: what the model declined and did stands as done; a person's word stays", () => {
    const paid: Done = { tool: "pay", input: { a: 1 }, output: {} };
    const of = (declined: "model" | "ann"): string | undefined => {
      const declinedOne: Asked = { tool: "pay", input: { a: 1 }, output: undefined, declined };
      return standings(stateOf([declinedOne], [paid]))[0]?.kind;
    };
    expect([of("model"), of("ann")]).toEqual(["met", "declined"]);
  });
});

describe("isAskedFor", () => {
  test("a call is asked for exactly when it would meet one obligation more", () => {
    let yes = 0;
    fc.assert(
      fc.property(asked, done, deed, (asked, done, { output: _later, ...call }) => {
        const state = stateOf(asked, done);
        const open = state.obligations.filter(({ declined }) => declined === undefined);
        const receipts = state.receipts.toArray();
        const next = { ...call, callId: "t2c0", effect: "once" as const };
        // Its output is not known yet, so it may still be any.
        const given = open.map(({ output: _output, ...each }) => each);
        const fits = open.filter((_each, index) => {
          const candidate = given[index];
          return candidate !== undefined && meets(candidate, next);
        });
        const most = mostMet(open, receipts);
        const withNext = fits.some(
          (each) =>
            1 +
              mostMet(
                open.filter((other) => other !== each),
                receipts,
              ) >
            most,
        );
        expect(isAskedFor(state, next)).toBe(withNext);
        yes += withNext ? 1 : 0;
      }),
      { numRuns: 500 },
    );
    expect(yes).toBeGreaterThan(50);
  });
});

describe("holds", () => {
  const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;

  test("every value holds itself, and an object all that was left out of it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.func(fc.boolean()), (value, keep) => {
        const part = Object.fromEntries(Object.entries(value).filter(([name]) => keep(name)));
        expect(holds(value, value)).toBe(true);
        expect(holds(value, part)).toBe(true);
      }),
    );
  });

  test("a member more, or another value, does not hold", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.string(), json, (value, name, other) => {
        const { [name]: _dropped, ...without } = value;
        expect(holds(without, { ...without, [name]: other })).toBe(false);
      }),
    );
  });

  const cases: readonly (readonly [string, Json, JsonObject, boolean])[] = [
    ["a number is not its text", { cents: "100" }, { cents: 100 }, false],
    ["null is not absence", {}, { note: null }, false],
    ["a list is wanted whole", { ids: [1, 2] }, { ids: [1] }, false],
    ["a list keeps its order", { ids: [2, 1] }, { ids: [1, 2] }, false],
    ["members of members may be more", { to: { city: "X", zip: "1" } }, { to: { zip: "1" } }, true],
    ["what every object inherits is no member", {}, { constructor: {} }, false],
    ["nor is what it inherits as a function", {}, { toString: "x" }, false],
    ["a text is no object", "x", {}, false],
  ];
  for (const [what, actual, wanted, expected] of cases) {
    test(what, () => {
      expect(holds(actual, wanted)).toBe(expected);
    });
  }

  test("a wanted __proto__ is a member like any other", () => {
    // Only JSON.parse makes an own member of that name.
    const wanted = JSON.parse('{"__proto__": {}}') as JsonObject;
    expect(holds({}, wanted)).toBe(false);
  });
});
