import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admit,
  afterFailure,
  afterRest,
  afterSilence,
  afterSuccess,
  closedOff,
  defaultBreaker,
  roomUnder,
  seenBetween,
  type BreakerSettings,
} from "../../src/generation/breaker.ts";
import { closedCircuit, type Circuit } from "../../src/journal/circuit.ts";

const settings: BreakerSettings = { failuresMax: 3, openMs: 50, openMaxMs: 400, probeMs: 120 };
const reason = "no route to host";

const who = fc.nat({ max: 4 });

/** What one of five callers does next, or how much time passes. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.nat({ max: 300 }) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("come"), who }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("fails"), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("works", "leaves"), who }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("rests"), who, ms: fc.nat({ max: 200 }) }),
  },
);

interface Step {
  readonly kind: string;
  readonly who?: number;
  readonly ms?: number;
}

const CALM = { failures: 0, opens: 0, openUntil: 0, probe: null } as const;

/** A row that callers come to and go from, with who of them probes by the rules told in O5. */
class World {
  now = 1_000;
  row: Circuit = closedCircuit("tool/pay");
  /** Callers on their way, by their number: the probe's own end of patience, or null. */
  readonly inside = new Map<number, number | null>();
  probes = 0;
  opened = 0;
  readonly seen = new Set<string>();

  play({ kind, who = 0, ms = 0 }: Step): void {
    if (kind === "wait") this.now += ms;
    else if (kind === "come") this.#come(who);
    else if (this.inside.has(who)) this.#end({ kind, who, ms });
  }

  /** Probes that are still waited for. */
  live(): number {
    return [...this.inside.values()].filter((until) => until !== null && until > this.now).length;
  }

  #come(who: number): void {
    if (this.inside.has(who)) return;
    const holder = `caller ${who}.${this.probes}`;
    const admission = admit(this.row, { now: this.now, holder, settings });
    this.seen.add(admission.kind === "go" ? "go" : admission.why);
    if (admission.kind === "closed_off") {
      assert(admission.until > this.now);
      return;
    }
    if (admission.next === undefined) {
      assert.equal(this.row.openUntil, 0);
      this.inside.set(who, null);
      return;
    }
    // O5: nobody else is probing, and the time of the open circuit is over.
    assert.equal(this.live(), 0);
    assert(this.row.openUntil <= this.now);
    this.probes += 1;
    this.row = { ...admission.next, probe: { holder: `${who}`, until: this.now + 120 } };
    this.inside.set(who, this.now + settings.probeMs);
    this.seen.add("probe");
  }

  #end({ kind, who, ms }: Required<Step>): void {
    const given = { now: this.now, holder: `${who}`, reason, settings };
    const isProbe = this.row.probe?.holder === given.holder;
    this.inside.delete(who);
    const before = this.row;
    if (kind === "works") {
      this.row = afterSuccess(before, this.now) ?? before;
      assert.partialDeepStrictEqual(this.row, CALM);
    } else if (kind === "rests") {
      this.row = afterRest(before, { ...given, restMs: ms });
      const { failures, opens, openUntil } = before;
      assert.partialDeepStrictEqual(this.row, { failures, opens, openUntil });
      assert(this.row.restUntil >= this.now + ms);
    } else if (kind === "leaves") {
      this.row = afterSilence(before, given) ?? before;
    } else {
      this.row = afterFailure(before, given);
      assert.equal(this.row.failures, before.failures + 1);
      this.#checkOpening(before, isProbe);
    }
    if (isProbe) assert.equal(this.row.probe, null);
    if (this.row.openUntil > 0) return;
    for (const other of this.inside.keys()) this.inside.set(other, null);
  }

  #checkOpening(before: Circuit, isProbe: boolean): void {
    const { opens, openUntil } = this.row;
    if (isProbe) assert.equal(opens, before.opens + 1);
    if (opens === before.opens) return;
    this.opened += 1;
    const openMs = Math.min(settings.openMaxMs, settings.openMs * 2 ** (opens - 1));
    assert.equal(openUntil, this.now + openMs);
    assert(before.openUntil > 0 || before.failures + 1 >= settings.failuresMax);
  }
}

describe("a circuit", () => {
  test("O4 to O6 hold over any sequence of callers, ends and waits", () => {
    const seen = new Set<string>();
    let opened = 0;
    let probes = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 150, size: "max" }), (steps) => {
        const world = new World();
        for (const each of steps) {
          world.play(each);
          expect(world.live()).toBeLessThanOrEqual(1);
        }
        opened += world.opened;
        probes += world.probes;
        for (const what of world.seen) seen.add(what);
      }),
      { numRuns: 2_000 },
    );
    expect([...seen].toSorted()).toEqual(["go", "open", "probe", "probing", "resting"]);
    expect(opened).toBeGreaterThan(1_000);
    expect(probes).toBeGreaterThan(1_000);
  });

  test("no sequence locks anybody out: after the longest time the next one comes in", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 120 }), (steps) => {
        const world = new World();
        for (const each of steps) world.play(each);
        const longest = Math.max(settings.openMaxMs, settings.probeMs, 200);
        const now = world.now + longest;
        expect(admit(world.row, { now, holder: "next", settings }).kind).toBe("go");
      }),
      { numRuns: 1_000 },
    );
  });

  test("who is let in now would be let in later too, when nothing happens meanwhile", () => {
    let waited = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 40, maxLength: 80 }),
        fc.nat({ max: 2_000 }),
        (steps, laterMs) => {
          const world = new World();
          for (const each of steps) world.play(each);
          const asking = { now: world.now, holder: "next", settings };
          const later = { ...asking, now: world.now + laterMs };
          const first = admit(world.row, asking);
          if (first.kind === "go") {
            assert.equal(admit(world.row, later).kind, "go");
            return;
          }
          const then = admit(world.row, { ...asking, now: first.until });
          assert(then.kind === "go" || then.why !== first.why);
          waited += 1;
        },
      ),
      { numRuns: 1_000 },
    );
    expect(waited).toBeGreaterThan(50);
  });

  test("stays open for twice as long each time, up to the most", () => {
    let row = closedCircuit("tool/pay");
    let now = 5_000;
    const open: number[] = [];
    for (let n = 0; n < 60; n++) {
      const admission = admit(row, { now, holder: "h", settings });
      if (admission.kind === "closed_off") {
        open.push(admission.until - now);
        now = admission.until;
        continue;
      }
      row = afterFailure(admission.next ?? row, { now, holder: "h", reason, settings });
    }
    expect(open.slice(0, 6)).toEqual([50, 100, 200, 400, 400, 400]);
    expect(open.length).toBeGreaterThan(20);
  });

  test("a failure of who began earlier does not end another's probe", () => {
    const open = {
      ...closedCircuit("tool/pay"),
      failures: 3,
      opens: 1,
      openUntil: 50,
      changedAt: 9,
    };
    const admission = admit(open, { now: 60, holder: "probe", settings });
    if (admission.kind !== "go" || admission.next === undefined) throw new Error("no probe");
    const late = afterFailure(admission.next, { now: 70, holder: "late", reason, settings });
    expect(late).toMatchObject({ opens: 1, openUntil: 50, probe: { holder: "probe" } });
    expect(admit(late, { now: 70, holder: "third", settings })).toMatchObject({ why: "probing" });
    const own = afterFailure(late, { now: 80, holder: "probe", reason, settings });
    expect(own).toMatchObject({ opens: 2, openUntil: 180, probe: null });
  });

  test("a probe that is told to rest leaves the next try to anybody, after the rest", () => {
    const open = {
      ...closedCircuit("model/m"),
      failures: 3,
      opens: 1,
      openUntil: 50,
      changedAt: 9,
    };
    const probing = { ...open, probe: { holder: "probe", until: 170 }, changedAt: 60 };
    const rested = afterRest(probing, { now: 65, holder: "probe", restMs: 20, reason });
    expect(rested).toMatchObject({ restUntil: 85, probe: null, opens: 1 });
    expect(admit(rested, { now: 85, holder: "other", settings })).toMatchObject({
      kind: "go",
      next: { probe: { holder: "other" } },
    });
    const byOther = afterRest(probing, { now: 65, holder: "late", restMs: 20, reason });
    expect(byOther.probe).toEqual(probing.probe);
  });

  test("leaves room for no more than may fail before it opens", () => {
    const failing = (failures: number): Circuit => ({ ...closedCircuit("m"), failures });
    const rooms = [0, 1, 2, 3, 99].map((failures) => roomUnder(failing(failures), settings));
    expect(rooms).toEqual([Number.POSITIVE_INFINITY, 2, 1, 1, 1]);
  });
});

const anyTime = fc.oneof(
  fc.nat({ max: 5_000 }),
  fc.constantFrom(0, 1e15, Number.MAX_SAFE_INTEGER),
  fc.double({ min: 0, max: 1e300, noNaN: true }),
);

/** A row as no rule would write it. */
const anyRow: fc.Arbitrary<Circuit> = fc.record({
  scope: fc.constant("tool/pay"),
  version: fc.nat(),
  failures: anyTime,
  opens: anyTime,
  openUntil: anyTime,
  restUntil: anyTime,
  probe: fc.option(fc.record({ holder: fc.string(), until: anyTime })),
  reason: fc.string(),
  changedAt: anyTime,
});

describe("O11", () => {
  test("whatever stands in a row, everybody comes in again after the longest time", () => {
    let locked = 0;
    fc.assert(
      fc.property(anyRow, fc.nat({ max: 5_000 }), (written, now) => {
        const row = seenBetween(written, { after: Number.NEGATIVE_INFINITY, before: now });
        expect(row.changedAt).toBeLessThanOrEqual(now);
        const asking = { now, holder: "next", settings: defaultBreaker };
        if (admit(row, asking).kind === "closed_off") locked += 1;
        // A rest is an hour at most; nothing else is as long.
        const later = { ...asking, now: now + 3_600_000 };
        expect(admit(row, later).kind).toBe("go");
        expect(closedOff(row, later)).toBeNull();
      }),
      { numRuns: 2_000 },
    );
    expect(locked).toBeGreaterThan(200);
  });

  test("a row that was written between two looks keeps others away as long as it was meant", () => {
    const skew = fc.integer({ min: -10_000_000, max: 10_000_000 });
    fc.assert(
      fc.property(skew, fc.nat({ max: 2_000 }), fc.nat({ max: 900 }), (ahead, openMs, agoMs) => {
        const [after, before] = [20_000_000, 20_001_000];
        const wroteAt = before - agoMs + ahead;
        const openUntil = wroteAt + openMs;
        const probe = { holder: "x", until: wroteAt + 30 };
        const row = { ...closedCircuit("m"), changedAt: wroteAt, openUntil, probe };
        const seen = seenBetween(row, { after, before });
        expect(seen.changedAt).toBeGreaterThanOrEqual(after);
        expect(seen.changedAt).toBeLessThanOrEqual(before);
        expect(seen.openUntil - seen.changedAt).toBe(openMs);
        expect((seen.probe?.until ?? 0) - seen.changedAt).toBe(30);
        expect(seen.restUntil).toBe(0);
        assert(ahead !== 0 || seen === row);
      }),
    );
  });
});
