import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  callHashOf,
  countStanding,
  countVotes,
  judgeVote,
  peopleFor,
  whyNotDecider,
  type CallFacts,
  type Person,
  type VoteRequest,
} from "../../src/governance/approval.ts";
import type { HeldApproval } from "../../src/journal/run.ts";

const NOW = 1_000_000;

function approvalOf(parts: Partial<HeldApproval> = {}): HeldApproval {
  return {
    agent: "desk",
    approvalId: "a1",
    argsHash: "args",
    callHash: "hash",
    callId: "t1c0",
    expiresAt: NOW + 1_000,
    input: {},
    nonce: "n",
    people: null,
    question: "May it?",
    quorum: 1,
    requestedBy: ["customer"],
    rules: ["r"],
    tool: "pay",
    requestedAt: NOW,
    votes: [],
    decision: null,
    ...parts,
  };
}

function yes(by: string, parts: Partial<VoteRequest> = {}): VoteRequest {
  return { approvalId: "a1", by, decision: "approve", ...parts };
}

const ann: Person = { id: "ann", roles: ["lead"] };
const bob: Person = { id: "bob", roles: ["clerk"] };

describe("P1: an answer is bound to the exact call", () => {
  const facts: CallFacts = {
    runId: "run",
    callId: "t1c0",
    agent: "desk",
    principal: { id: "customer", roles: ["a", "b"], tenant: "acme" },
    tool: "pay",
    toolFingerprint: "schema-1",
    argsHash: "args",
    resource: { type: "Order", id: "A1", version: "7" },
    policySet: "policies-1",
    doubtful: ["iban", "name"],
  };
  const changes: readonly (readonly [string, Partial<CallFacts>])[] = [
    ["the run", { runId: "other" }],
    ["the call", { callId: "t1c1" }],
    ["the agent", { agent: "other" }],
    ["the principal", { principal: { id: "other", roles: ["a", "b"], tenant: "acme" } }],
    ["the principal's roles", { principal: { id: "customer", roles: ["a"], tenant: "acme" } }],
    ["the principal's tenant", { principal: { id: "customer", roles: ["a", "b"] } }],
    [
      "the principal's kind",
      { principal: { id: "customer", kind: "agent", roles: ["a", "b"], tenant: "acme" } },
    ],
    ["the absence of a principal", { principal: null }],
    ["the tool", { tool: "refund" }],
    ["the tool's interface", { toolFingerprint: "schema-2" }],
    ["the arguments", { argsHash: "others" }],
    ["the resource", { resource: { type: "Order", id: "A2", version: "7" } }],
    ["the resource's version", { resource: { type: "Order", id: "A1", version: "8" } }],
    ["the absence of a version", { resource: { type: "Order", id: "A1" } }],
    ["the absence of a resource", { resource: null }],
    ["the policies", { policySet: "policies-2" }],
    ["what is doubtful", { doubtful: ["iban"] }],
  ];
  for (const [what, change] of changes) {
    test(`${what} changes the hash`, () => {
      expect(callHashOf({ ...facts, ...change }, "n")).not.toBe(callHashOf(facts, "n"));
    });
  }

  test("so does the nonce; the order of sets does not", () => {
    expect(callHashOf(facts, "m")).not.toBe(callHashOf(facts, "n"));
    const turned: CallFacts = {
      ...facts,
      doubtful: ["name", "iban"],
      principal: { id: "customer", roles: ["b", "a"], tenant: "acme", kind: "person" },
    };
    expect(callHashOf(turned, "n")).toBe(callHashOf(facts, "n"));
  });

  test("members cannot be shifted into each other", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (left, middle, right) => {
        const one = { ...facts, tool: left + middle, argsHash: right };
        const other = { ...facts, tool: left, argsHash: middle + right };
        const isSame = callHashOf(one, "n") === callHashOf(other, "n");
        expect(isSame).toBe(middle === "");
      }),
    );
  });
});

describe("P2: only known people answer, in time, about what they saw", () => {
  const people: readonly Person[] = [
    ann,
    bob,
    { id: "customer" },
    { id: "robot", kind: "agent" },
    { id: "cron", kind: "service" },
    { id: "abroad", tenants: ["other"] },
  ];
  const judge = (vote: VoteRequest, parts: Partial<HeldApproval> = {}, now = NOW): string => {
    const judged = judgeVote(approvalOf(parts), vote, { people, tenant: "acme", now });
    return judged.kind === "accepted" ? "accepted" : judged.reason;
  };
  const refused: readonly (readonly [string, string, Partial<HeldApproval>, string, number?])[] = [
    ["somebody unknown", "eve", {}, "not a known approver"],
    ["a name written otherwise", "Ann", {}, "not a known approver"],
    ["a homoglyph of a name", "аnn", {}, "not a known approver"],
    ["an agent", "robot", {}, "is no person"],
    ["a service", "cron", {}, "is no person"],
    ["whoever asked", "customer", {}, "their own request"],
    ["who was not asked", "bob", { people: ["ann"] }, "was not asked"],
    ["a person of another tenant", "abroad", {}, "does not answer for tenant acme"],
    ["an answer at the expiry", "ann", {}, "has expired", NOW + 1_000],
    ["an answer to what is approved", "ann", { decision: "approved" }, "already approved"],
    ["an answer to what is denied", "ann", { decision: "denied" }, "already denied"],
    ["an answer to what was edited", "ann", { decision: "edited" }, "already edited"],
    ["a second answer", "ann", { votes: [{ by: "ann", decision: "approve", at: 1 }] }, "already"],
  ];
  for (const [what, by, parts, why, now] of refused) {
    test(`${what} is refused`, () => {
      for (const decision of ["approve", "deny", "edit"] as const) {
        expect(judge(yes(by, { decision }), parts, now)).toContain(why);
      }
    });
  }

  test("one that does not exist, and one that was shown otherwise, are refused", () => {
    const none = judgeVote(undefined, yes("ann"), { people, now: NOW });
    expect(none).toMatchObject({ kind: "refused", reason: "there is no approval a1 to answer" });
    expect(judge(yes("ann", { callHash: "another" }))).toContain("not the one that was shown");
    expect(judge(yes("ann", { callHash: "hash" }))).toBe("accepted");
    expect(judge(yes("ann"), {}, NOW + 999)).toBe("accepted");
  });
});

describe("P3: a delegate counts as the one who delegated", () => {
  const until = NOW + 500;
  const lender: Person = { ...ann, delegates: [{ to: "bob", tools: ["pay"], until }] };
  const judge = (
    vote: VoteRequest,
    parts: Partial<HeldApproval> = {},
    given: { readonly people?: readonly Person[]; readonly now?: number } = {},
  ): string => {
    const { people = [lender, bob, { id: "carl" }], now = NOW } = given;
    const judged = judgeVote(approvalOf(parts), vote, { people, tenant: "acme", now });
    return judged.kind === "accepted" ? "accepted" : judged.reason;
  };
  const forAnn = yes("bob", { onBehalfOf: "ann" });

  test("within its tools and its time", () => {
    expect(judge(forAnn, { people: ["ann"] })).toBe("accepted");
    expect(judge(forAnn, {}, { now: until })).toContain("has not delegated");
    expect(judge(forAnn, { tool: "refund" })).toContain("has not delegated");
    expect(judge(yes("carl", { onBehalfOf: "ann" }))).toContain("has not delegated");
    expect(judge(yes("ann", { onBehalfOf: "bob" }))).toContain("has not delegated");
    expect(judge(yes("bob", { onBehalfOf: "zoe" }))).toContain("not a known approver");
  });

  test("never for whoever asked, on either side", () => {
    expect(judge(forAnn, { requestedBy: ["bob"] })).toContain("their own request");
    expect(judge(forAnn, { requestedBy: ["ann"] })).toContain("their own request");
  });

  test("never further: what was passed to bob is not bob's to pass on", () => {
    const chain = [lender, { ...bob, delegates: [{ to: "carl", until }] }, { id: "carl" }];
    expect(judge(yes("carl", { onBehalfOf: "ann" }), {}, { people: chain })).toContain("delegated");
  });

  test("never across tenants, nor through an agent", () => {
    const abroad = [lender, { ...bob, tenants: ["other"] }];
    expect(judge(forAnn, {}, { people: abroad })).toContain("does not answer for tenant acme");
    const robot: Person = { ...bob, kind: "agent" };
    expect(judge(forAnn, {}, { people: [lender, robot] })).toContain("is no person");
  });

  test("and uses up the voice of both", () => {
    const votes = [{ by: "bob", onBehalfOf: "ann", decision: "approve" as const, at: 1 }];
    for (const by of ["ann", "bob"]) expect(judge(yes(by), { votes })).toContain("has already");
    expect(judge(yes("carl"), { votes })).toBe("accepted");
  });
});

describe("P4: one no decides", () => {
  const vote = (by: string, decision: "approve" | "deny", reason?: string) => {
    return { by, decision, at: 1, ...(reason === undefined ? {} : { reason }) };
  };

  test("however many said yes", () => {
    const votes = [vote("ann", "approve"), vote("bob", "deny", "too much"), vote("c", "approve")];
    expect(countVotes({ quorum: 2, votes })).toEqual({ kind: "denied", reason: "too much" });
    expect(countVotes({ quorum: 2, votes: [vote("bob", "deny")] })).toEqual({
      kind: "denied",
      reason: "bob said no",
    });
  });

  test("short of the quorum it is open", () => {
    expect(countVotes({ quorum: 2, votes: [vote("ann", "approve")] })).toEqual({ kind: "open" });
  });
});

describe("P6: votes are counted again under who may answer now", () => {
  const votes: HeldApproval["votes"] = [
    { by: "ann", decision: "approve", at: 1 },
    { by: "bob", onBehalfOf: "carl", decision: "approve", at: 2 },
  ];
  const all: readonly Person[] = [ann, bob, { id: "carl" }];
  const cases: readonly (readonly [string, readonly string[], readonly Person[], number])[] = [
    ["everybody is still there", ["ann", "carl"], all, 2],
    ["one may not answer any more", ["carl"], all, 1],
    ["who lent the right may not any more", ["ann"], all, 1],
    ["the delegate was struck from the list", ["ann", "carl"], [ann, { id: "carl" }], 1],
    ["the delegate is an agent by now", ["carl"], [ann, { ...bob, kind: "agent" }], 0],
  ];
  for (const [what, may, people, standing] of cases) {
    test(`${standing} of 2 when ${what}`, () => {
      expect(countStanding({ votes }, { may, people })).toBe(standing);
    });
  }
});

test("a word about the run itself is judged by the same list", () => {
  const principal = { id: "customer", tenant: "acme" };
  const people: readonly Person[] = [
    ann,
    { id: "customer" },
    { id: "robot", kind: "agent" },
    { id: "abroad", tenants: ["other"] },
  ];
  expect(whyNotDecider("ann", { people, principal })).toBeNull();
  expect(whyNotDecider("eve", { people, principal })).toContain("not a known approver");
  expect(whyNotDecider("robot", { people, principal })).toContain("is no person");
  expect(whyNotDecider("customer", { people, principal })).toContain("their own request");
  expect(whyNotDecider("abroad", { people, principal })).toContain("tenant acme");
  expect(whyNotDecider("eve", { people: [], principal })).toBeNull();
});

const names = ["ann", "bob", "carl", "dora", "robot", "customer"] as const;
const anyName = fc.constantFrom(...names, "stranger");
const mostlyNot = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(some, { nil: undefined, freq: 1 });
const anyPeople: fc.Arbitrary<readonly Person[]> = fc
  .tuple(
    ...names.map((id) =>
      fc.record({
        isThere: fc.nat({ max: 9 }).map((n) => n > 1),
        roles: fc.subarray(["lead", "clerk"]),
        tenants: mostlyNot(fc.subarray(["acme", "other"])),
        delegates: fc.array(fc.record({ to: anyName, until: fc.integer({ min: 0, max: 20 }) }), {
          maxLength: 2,
        }),
        kind: fc.constant(id === "robot" ? ("agent" as const) : undefined),
      }),
    ),
  )
  .map((drawn) =>
    drawn.flatMap(({ isThere, tenants, kind, ...rest }, index): Person[] => {
      if (!isThere) return [];
      const id = names[index] ?? "";
      const own = tenants === undefined ? {} : { tenants };
      return [{ id, ...rest, ...own, ...(kind === undefined ? {} : { kind }) }];
    }),
  );
const anyTerms = fc.record({
  quorum: fc.integer({ min: 1, max: 3 }),
  roles: mostlyNot(fc.subarray(["lead", "clerk"])),
});
const anyVotes = fc.array(
  fc.record({
    by: anyName,
    onBehalfOf: mostlyNot(anyName),
    decision: fc.nat({ max: 9 }).map((n) => (n === 0 ? ("deny" as const) : ("approve" as const))),
    at: fc.integer({ min: 0, max: 20 }),
  }),
  { maxLength: 12 },
);

/** Plays votes one after the other, as the run's writer does. */
function playVotes(given: {
  readonly people: readonly Person[];
  readonly asked: readonly string[];
  readonly quorum: number;
  readonly votes: readonly {
    readonly by: string;
    readonly onBehalfOf: string | undefined;
    readonly decision: "approve" | "deny";
    readonly at: number;
  }[];
}): HeldApproval {
  const { people, asked, quorum } = given;
  let approval = approvalOf({ people: asked, quorum, expiresAt: 15, requestedBy: ["customer"] });
  for (const { by, onBehalfOf, decision, at } of given.votes) {
    const whose = onBehalfOf === undefined ? {} : { onBehalfOf };
    const vote = yes(by, { decision, ...whose });
    const judged = judgeVote(approval, vote, { people, tenant: "acme", now: at });
    if (judged.kind === "refused") continue;
    approval = { ...approval, votes: [...approval.votes, { by, decision, at, ...whose }] };
    const { kind } = countVotes(approval);
    if (kind !== "open") approval = { ...approval, decision: kind };
  }
  return approval;
}

test("no order of answers approves without a quorum of different, rightful people", () => {
  let approved = 0;
  fc.assert(
    fc.property(anyPeople, anyTerms, anyVotes, (people, { quorum, roles }, votes) => {
      const terms = { quorum, ...(roles === undefined ? {} : { roles }) };
      const asked = peopleFor(terms, { people, tenant: "acme", requestedBy: ["customer"] });
      if ("reason" in asked) return;
      const approval = playVotes({ people, asked: asked.people, quorum, votes });
      const rights = approval.votes.map(({ by, onBehalfOf }) => onBehalfOf ?? by);
      const voices = approval.votes.map(({ by }) => by);
      // Nobody stands behind two answers, whichever way.
      const behind = approval.votes.flatMap(({ by, onBehalfOf }) => [
        ...new Set([by, onBehalfOf ?? by]),
      ]);
      expect(new Set(behind).size).toBe(behind.length);
      for (const id of [...rights, ...voices]) {
        const person = people.find((each) => each.id === id);
        expect(person?.kind ?? "person").toBe("person");
        expect(id).not.toBe("customer");
        expect(person?.tenants ?? ["acme"]).toContain("acme");
      }
      for (const id of rights) expect(asked.people).toContain(id);
      for (const { at } of approval.votes) expect(at).toBeLessThan(15);
      if (approval.decision !== "approved") return;
      approved += 1;
      expect(rights.length).toBeGreaterThanOrEqual(quorum);
      expect(approval.votes.every(({ decision }) => decision === "approve")).toBe(true);
    }),
    { numRuns: 3_000 },
  );
  expect(approved).toBeGreaterThan(300);
});

test("whoever is asked may answer, and all of them together reach the quorum", () => {
  let reached = 0;
  fc.assert(
    fc.property(anyPeople, anyTerms, (people, { quorum, roles }) => {
      const terms = { quorum, ...(roles === undefined ? {} : { roles }) };
      const asked = peopleFor(terms, { people, tenant: "acme", requestedBy: ["customer"] });
      fc.pre("people" in asked);
      if ("reason" in asked) return;
      reached += 1;
      const votes = asked.people.map((by) => {
        return { by, onBehalfOf: undefined, decision: "approve" as const, at: 1 };
      });
      expect(playVotes({ people, asked: asked.people, quorum, votes }).decision).toBe("approved");
    }),
  );
  expect(reached).toBeGreaterThan(10);
});

test("a quorum of none is nobody's to give", () => {
  const given = { people: [ann], requestedBy: [] };
  expect(peopleFor({ quorum: 0 }, given)).toHaveProperty("reason");
  expect(peopleFor({ quorum: 1, people: [] }, given)).toHaveProperty("reason");
  expect(peopleFor({ quorum: 1, roles: [] }, given)).toHaveProperty("reason");
});
