import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { armAirline, requestOf } from "../../proof/policy/decide.ts";
import { DISPUTES, disputeOf } from "../../proof/policy/disputes.ts";
import { EXPECTED, reportOf, type Judgement } from "../../proof/policy/figures.ts";
import { judgeRuns, type JudgedWrite } from "../../proof/policy/judged.ts";
import { policyProof } from "../../proof/policy/prove.ts";
import { isAmong, replayWrites } from "../../proof/policy/writes.ts";
import { loadDomain } from "../../proof/tau/data.ts";
import { loadRecordedRuns } from "../../proof/tau/recorded.ts";
import { dbHash } from "../../proof/tau/score.ts";
import type { PolicyAnswer } from "../../src/governance/policy/verdict.ts";
import { describeWithData } from "../real-data.ts";
import { play } from "./replay.ts";

const live = { quick: false, signal: new AbortController().signal, progress: () => undefined };

describeWithData("the policy proof", (dataRoot) => {
  const domain = loadDomain("airline", dataRoot);
  const runs = loadRecordedRuns(dataRoot);

  it("stops 56 of the 88 wrong writes and touches no undisputed legitimate one", async () => {
    const { result, broken } = await policyProof.run({ ...live, options: { data: dataRoot } });
    expect(broken).toEqual([]);
    expect(result).toMatchObject({
      wrongWrites: 88,
      stopped: 56,
      legitimateWrites: 89,
      legitimateTouched: 34,
      undisputedTouched: 0,
      wrongAsked: 16,
      legitimateAsked: 38,
      runsWithWrongWrites: 70,
      runsTurned: 46,
      correctedWrites: 49,
      correctedDenied: 1,
      errors: 0,
      mutants: 482,
      survivors: [
        "refund/delayed-amount drops the conjunct right of &&",
        "refund/delayed-after-change drops the conjunct right of &&",
      ],
    });
    expect(Number(result["mutationScore"])).toBeGreaterThan(0.99);
  });

  it("counts 88 wrong writes by L1 to L3, whose four parts sum to every committed write", () => {
    const committed = runs.flatMap((run) => {
      const writes = replayWrites(domain, run);
      return writes.map(({ label }) => ({ label, passed: run.passed })).toArray();
    });
    const count = (label: string, passed: boolean): number =>
      committed.filter((write) => write.label === label && write.passed === passed).length;
    expect(count("wrong", false)).toBe(88);
    expect(count("wrong", true)).toBe(0);
    expect([count("legitimate", true), count("legitimate", false)]).toEqual([43, 46]);
    const ofReference = runs.flatMap(({ calls, actions }) =>
      calls.filter(
        (call) =>
          /^(book|cancel|update|send)_/.test(call.name) &&
          !call.result.startsWith("Error") &&
          isAmong(actions, call),
      ),
    );
    expect(ofReference).toHaveLength(88);
  });

  it("judges each write by the world that this write met (L4)", () => {
    let compared = 0;
    for (const run of runs.slice(0, 20)) {
      for (const { moment, position } of replayWrites(domain, run)) {
        const db = domain.freshDb();
        for (const call of run.calls.slice(0, position)) play(domain, db, call);
        expect(dbHash(moment.db)).toBe(dbHash(db));
        expect(moment.made).toHaveLength(position);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(10);
  });

  it("shows a write only what was said before it", () => {
    const after = runs.flatMap((run) =>
      replayWrites(domain, run)
        .map(({ moment }) => {
          expect(moment.talk).toEqual(run.talk.slice(0, moment.talk.length));
          return run.talk.length - moment.talk.length;
        })
        .toArray(),
    );
    expect(after).toHaveLength(177);
    // After all others the agent speaks again; after these five the run hands over, or ends.
    expect(after.filter((texts) => texts === 0)).toHaveLength(5);
  });

  it("breaks when a rule touches a legitimate write that nobody disputes", () => {
    const strict = judgeRuns(domain, runs.slice(0, 60), () => answerOf("deny", "too/strict"));
    const { result, broken } = reportOf(judgementOf(strict), 0);
    expect(Number(result["undisputedTouched"])).toBeGreaterThan(0);
    expect(broken.join("\n")).toContain("too/strict touched it");
  });

  it("breaks when nothing is stopped, and on other runs than the published ones", () => {
    const lenient = judgeRuns(domain, runs.slice(0, 60), () => answerOf("allow", "lets/all"));
    const { result, broken } = reportOf(judgementOf(lenient), 0);
    expect(result["stopped"]).toBe(0);
    expect(broken.join("\n")).toContain("wrong writes were stopped");
    expect(broken.join("\n")).toContain(`the published runs have ${EXPECTED.wrongWrites}`);
  });

  it("breaks on nothing at all", () => {
    const { broken } = reportOf({ ...judgementOf([]), corrected: [], runs: 0, failedRuns: 0 }, 0);
    expect(broken).toContain("no corrected reference write was judged");
    expect(broken).toContain("no mutant of a rule was tried");
    expect(broken).toContain("wrongWrites is 0, the published runs have 88");
  });

  it("denies a call whose facts are not there", async () => {
    const policies = await armAirline(domain);
    const bare = {
      tool: "cancel_reservation",
      input: { reservation_id: "NO6JO3" },
      customer: "mia_li_3668",
      resource: null,
      facts: {},
    };
    const answer = policies.decide(requestOf(bare));
    expect(answer.verdict).toBe("deny");
    expect(answer.errors).toHaveLength(1);
  });

  it("lets the desk look things up and hand over", async () => {
    const policies = await armAirline(domain);
    const facts = { repeated: false, talk: { ...talk, agreed: false, reasonKnown: false } };
    const ask = (tool: string, input: Record<string, string>): string =>
      policies.decide(requestOf({ tool, input, customer: "c1", resource: null, facts })).verdict;
    expect(ask("get_user_details", { user_id: "mia_li_3668" })).toBe("allow");
    expect(ask("transfer_to_human_agents", { summary: "A refund beyond the rules." })).toBe(
      "allow",
    );
  });

  it("cancels what the policy's sentence lets cancel, and nothing else", async () => {
    const policies = await armAirline(domain);
    const reasons = fc.subarray(["health", "weather", "plans", "airline"]);
    const attributes = fc.record({
      cabin: fc.constantFrom("basic_economy", "economy", "business"),
      insured: fc.boolean(),
      bookedMinutesAgo: fc.integer({ min: 1430, max: 1450 }),
      airlineCancelled: fc.boolean(),
      flown: fc.boolean(),
    });
    const verdicts = new Map<string, number>();
    const cancelling = fc.property(attributes, reasons, (reservation, given) => {
      const { cabin, insured, bookedMinutesAgo, airlineCancelled, flown } = reservation;
      const isCovered = insured && (given.includes("health") || given.includes("weather"));
      const isEntitled =
        bookedMinutesAgo <= 1440 || airlineCancelled || cabin === "business" || isCovered;
      const answer = policies.decide(
        requestOf({
          tool: "cancel_reservation",
          input: { reservation_id: "R1" },
          customer: "c1",
          resource: { type: "Reservation", id: "R1", attributes: { ...ours, ...reservation } },
          facts: { repeated: false, talk: { ...talk, reasons: given } },
        }),
      );
      verdicts.set(answer.verdict, (verdicts.get(answer.verdict) ?? 0) + 1);
      expect(answer.errors).toEqual([]);
      expect(answer.verdict).toBe(isEntitled && !flown ? "allow" : "deny");
    });
    fc.assert(cancelling, { numRuns: 500 });
    expect(
      Math.min(...["allow", "deny"].map((verdict) => verdicts.get(verdict) ?? 0)),
    ).toBeGreaterThan(50);
  });

  it("lets exactly the bags be paid for that are neither free nor paid for", async () => {
    const policies = await armAirline(domain);
    const free: Readonly<Record<string, readonly number[]>> = {
      regular: [0, 1, 2],
      silver: [1, 2, 3],
      gold: [2, 3, 3],
    };
    const cabins = ["basic_economy", "economy", "business"];
    const small = fc.nat({ max: 9 });
    const facts = fc.record({
      cabin: fc.constantFrom(...cabins),
      passengers: fc.integer({ min: 1, max: 3 }),
      total: small,
      extra: small,
      totalBefore: fc.constant(0),
      extraBefore: fc.nat({ max: 2 }),
    });
    let allowed = 0;
    const paying = fc.property(fc.constantFrom(...Object.keys(free)), facts, (membership, bags) => {
      const perPassenger = free[membership]?.[cabins.indexOf(bags.cabin)] ?? 0;
      const due = Math.max(bags.extraBefore, bags.total - perPassenger * bags.passengers);
      const attributes = { ...ours, membership, cabin: bags.cabin, passengers: bags.passengers };
      const { verdict } = policies.decide(
        requestOf({
          tool: "update_reservation_baggages",
          input: {
            reservation_id: "R1",
            total_baggages: bags.total,
            nonfree_baggages: bags.extra,
            payment_id: "p1",
          },
          customer: "c1",
          resource: { type: "Reservation", id: "R1", attributes },
          facts: { repeated: false, talk, bags },
        }),
      );
      const isUnchanged = bags.total === 0 && bags.extra === bags.extraBefore;
      if (verdict === "allow") allowed += 1;
      expect(verdict).toBe(bags.extra === due && !isUnchanged ? "allow" : "deny");
    });
    fc.assert(paying, { numRuns: 1_000 });
    expect(allowed).toBeGreaterThan(30);
  });

  it("says wrong usage when the data is not there", async () => {
    const nowhere = policyProof.run({ ...live, options: { data: "/nowhere" } });
    await expect(nowhere).rejects.toThrow("--data PATH");
  });
});

describe("a dispute", () => {
  it("covers the named rules of its own task and tool, and no rule besides", () => {
    const write = { taskId: 26, tool: "cancel_reservation" };
    expect(disputeOf(write, ["cancel/not-flown"])?.taskId).toBe(26);
    expect(disputeOf(write, ["cancel/not-flown", "desk/one-call"])).toBeUndefined();
    expect(disputeOf(write, [])).toBeUndefined();
    expect(disputeOf({ ...write, taskId: 25 }, ["cancel/not-flown"])).toBeUndefined();
    expect(disputeOf({ ...write, tool: "book_reservation" }, ["cancel/not-flown"])).toBeUndefined();
  });

  it("is named once for each task and says what the policy says", () => {
    expect(new Set(DISPUTES.map(({ taskId }) => taskId)).size).toBe(DISPUTES.length);
    for (const { why, rules } of DISPUTES) {
      expect(why.length).toBeGreaterThan(60);
      expect(rules.length).toBeGreaterThan(0);
    }
  });
});

/** A conversation in which everything was done as it should be. */
const talk = {
  agreed: true,
  unsaid: [],
  reasons: [],
  reasonKnown: true,
  insuranceRaised: true,
  compensationAsked: true,
  calls: 1,
  spoke: false,
};

/** A reservation of the customer that nothing speaks against. */
const ours = {
  owner: "c1",
  membership: "regular",
  cabin: "economy",
  tripType: "one_way",
  insured: false,
  passengers: 1,
  bags: 0,
  cancelled: false,
  bookedMinutesAgo: 9_000,
  airlineCancelled: false,
  flown: false,
  seen: true,
};

function answerOf(verdict: PolicyAnswer["verdict"], rule: string): PolicyAnswer {
  return { verdict, rules: [rule], reason: "", errors: [] };
}

function judgementOf(writes: readonly JudgedWrite[]): Judgement {
  const mutation = { mutants: 0, killed: 0, survivors: [] };
  const corrected = [{ taskId: "0", tool: "x", verdict: "allow" as const, rules: [] }];
  return {
    runs: 200,
    failedRuns: 116,
    writes,
    corrected,
    ruleIds: ["too/strict"],
    policyHash: "",
    mutation,
  };
}
