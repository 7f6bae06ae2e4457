import { describe, expect, test } from "vitest";
import type { Person } from "../../src/governance/door.ts";
import { read } from "../../src/index.ts";
import { askAlways, crew, customer, deskOf, questionOf, questionsOf } from "./asking.ts";
import { eventsOf, resultsIn, sleep, until, wholeJournal, worldOf } from "./world.ts";

describe("a call that people are asked about", () => {
  test("waits without a worker, and runs once with the answer", async () => {
    const desk = deskOf();
    const { harness, store } = await worldOf(desk.agent, {
      store: desk.open(),
      decide: askAlways,
      people: crew,
    });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const question = await questionOf(run);
    expect(question).toMatchObject({
      callId: "t1c0",
      input: { cents: 5 },
      people: ["ann", "bob", "carl"],
      question: "May this be paid?",
      quorum: 1,
      requestedBy: ["customer"],
      rules: ["four-eyes"],
      tool: "pay",
    });
    await until(async () => (await store.get(run.runId))?.lease === null);
    expect(await store.get(run.runId)).toMatchObject({ status: "parked" });
    expect(desk.paid()).toEqual([]);
    const { approvalId } = question;
    await run.vote({ approvalId, by: "ann", decision: "approve", reason: "known customer" });
    expect((await run.outcome()).kind).toBe("succeeded");
    expect(desk.paid()).toEqual([{ cents: 5 }]);
    const events = await wholeJournal(store, run.runId);
    expect(eventsOf(events, "approval.voted")).toMatchObject([
      { by: "ann", decision: "approve", reason: "known customer" },
    ]);
    const rules = ["four-eyes", `approval/${approvalId}`];
    expect(eventsOf(events, "call.claimed")).toMatchObject([{ rules }]);
    expect(await run.approvals()).toEqual([]);
  });

  test("outlives its process: asked in one, answered in another, run in a third", async () => {
    const desk = deskOf();
    const options = { decide: askAlways, people: crew };
    const first = await worldOf(desk.agent, { ...options, store: desk.open() });
    const { runId } = await first.harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(await first.harness.run(runId));
    await first.harness.close(100);
    const front = await worldOf(desk.agent, { ...options, store: desk.open(), work: false });
    const run = await front.harness.run(runId);
    await run.vote({ approvalId, by: "ann", decision: "approve" });
    expect(desk.paid()).toEqual([]);
    const third = await worldOf(desk.agent, { ...options, store: desk.open() });
    expect((await (await third.harness.run(runId)).outcome()).kind).toBe("succeeded");
    expect(desk.paid()).toEqual([{ cents: 5 }]);
    const events = await wholeJournal(third.store, runId);
    expect(eventsOf(events, "approval.requested")).toHaveLength(1);
    expect(eventsOf(events, "model.answered")).toHaveLength(2);
  });

  test("is denied without asking when nobody is there, or too few", async () => {
    const cases: readonly (readonly [readonly Person[], number, string])[] = [
      [[], 1, "a person must approve this and 0 may"],
      [[{ id: "customer" }], 1, "a person must approve this and 0 may"],
      [crew.slice(0, 1), 2, "2 people must approve this and 1 may"],
      [
        [
          { id: "robot", kind: "agent" },
          { id: "cron", kind: "service" },
        ],
        1,
        "and 0 may",
      ],
      [[{ id: "ann", tenants: ["other"] }], 1, "and 0 may"],
    ];
    for (const [people, quorum, why] of cases) {
      const desk = deskOf([{ cents: 5 }], { approval: { quorum } });
      const { harness } = await worldOf(desk.agent, { decide: askAlways, people });
      const run = await harness.start("worker", { input: "go", principal: customer });
      expect((await run.outcome()).kind).toBe("succeeded");
      expect(resultsIn(desk.model, 1)[0]).toContain(why);
      expect(desk.paid()).toEqual([]);
      expect(eventsOf(await run.events(), "approval.requested")).toEqual([]);
    }
  });
});

describe("P4: no", () => {
  test("reaches the model with its reason, and cancels no sibling", async () => {
    const desk = deskOf([{ cents: 1 }, { cents: 2 }, { cents: 3 }]);
    const { harness } = await worldOf(desk.agent, { decide: askAlways, people: crew });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const asked = await questionsOf(run, 3);
    const ids = asked.map(({ approvalId }) => approvalId);
    const [one = "", two = "", three = ""] = ids;
    await run.vote({ approvalId: two, by: "ann", decision: "deny", reason: "paid already" });
    await questionsOf(run, 2);
    await run.vote({ approvalId: three, by: "ann", decision: "approve" });
    // One sibling is done while the other still waits.
    await until(() => desk.paid().length === 1);
    await run.vote({ approvalId: one, by: "bob", decision: "approve" });
    expect((await run.outcome()).kind).toBe("succeeded");
    expect(desk.paid()).toEqual([{ cents: 3 }, { cents: 1 }]);
    const results = resultsIn(desk.model, 1);
    expect(results).toHaveLength(3);
    expect(results[0]).toContain("paid");
    expect(results[1]).toContain("Denied: a person said no: paid already");
    expect(results[2]).toContain("paid");
  });

  test("stands when by now no rule asks any more, said or silent", async () => {
    for (const isSaid of [true, false]) {
      const desk = deskOf([{ cents: 5 }], { approval: { expiresMs: isSaid ? 60_000 : 150 } });
      let asked = 0;
      const { harness } = await worldOf(desk.agent, {
        decide: (request) => {
          asked += 1;
          return asked === 1 ? askAlways(request) : { kind: "allow", rules: [] };
        },
        people: crew,
      });
      const run = await harness.start("worker", { input: "go", principal: customer });
      const { approvalId } = await questionOf(run);
      const said = isSaid ? [run.vote({ approvalId, by: "ann", decision: "deny" })] : [];
      await Promise.all(said);
      expect((await run.outcome()).kind).toBe("succeeded");
      expect(desk.paid()).toEqual([]);
    }
  });

  test("is what silence means: at the expiry the run wakes by itself", async () => {
    const desk = deskOf([{ cents: 5 }], { approval: { expiresMs: 150 } });
    const { harness } = await worldOf(desk.agent, { decide: askAlways, people: crew });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { expiresAt, requestedAt } = await questionOf(run);
    expect(expiresAt - requestedAt).toBeLessThanOrEqual(150);
    expect((await run.outcome()).kind).toBe("succeeded");
    expect(desk.paid()).toEqual([]);
    expect(resultsIn(desk.model, 1)[0]).toContain("nobody answered in time");
    expect(eventsOf(await run.events(), "approval.settled")).toMatchObject([
      { decision: "expired" },
    ]);
  });

  test("expiresMs of the harness holds where the tool says nothing", async () => {
    const desk = deskOf();
    const options = { decide: askAlways, people: crew, approvalMs: 120 };
    const { harness } = await worldOf(desk.agent, options);
    const run = await harness.start("worker", { input: "go", principal: customer });
    await run.outcome();
    expect(resultsIn(desk.model, 1)[0]).toContain("nobody answered in time");
  });

  test("a yes that was posted in time and is read after the expiry comes too late", async () => {
    const desk = deskOf([{ cents: 5 }], { approval: { expiresMs: 300 } });
    const options = { decide: askAlways, people: crew };
    const first = await worldOf(desk.agent, { ...options, store: desk.open() });
    const run = await first.harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(run);
    await first.harness.close(100);
    const front = await worldOf(desk.agent, { ...options, store: desk.open(), work: false });
    const there = await front.harness.run(run.runId);
    await there.vote({ approvalId, by: "ann", decision: "approve" });
    await sleep(320);
    const next = await worldOf(desk.agent, { ...options, store: desk.open() });
    await (await next.harness.run(run.runId)).outcome();
    expect(desk.paid()).toEqual([]);
    expect(eventsOf(await there.events(), "inbox.refused")).toMatchObject([
      { what: "vote", reason: "it has expired" },
    ]);
  });
});

describe("P3: a quorum", () => {
  test("needs different people; with one no it is over", async () => {
    for (const last of ["approve", "deny"] as const) {
      const desk = deskOf([{ cents: 5 }], { approval: { quorum: 2, roles: ["lead"] } });
      const { harness } = await worldOf(desk.agent, { decide: askAlways, people: crew });
      const run = await harness.start("worker", { input: "go", principal: customer });
      const { approvalId, people } = await questionOf(run);
      expect(people).toEqual(["ann", "bob"]);
      const vote = (by: string, decision: "approve" | "deny") =>
        run.vote({ approvalId, by, decision });
      await expect(vote("carl", "approve")).rejects.toMatchObject({ code: "approval_invalid" });
      await vote("ann", "approve");
      await until(async () => (await run.approvals())[0]?.votes.length === 1);
      await expect(vote("ann", "approve")).rejects.toThrow('"ann" has already answered');
      expect(desk.paid()).toEqual([]);
      await vote("bob", last);
      await run.outcome();
      expect(desk.paid()).toHaveLength(last === "approve" ? 1 : 0);
    }
  });

  test("is not reached by one person's answers that race each other", async () => {
    const desk = deskOf([{ cents: 5 }], { approval: { quorum: 2 } });
    const { harness } = await worldOf(desk.agent, { decide: askAlways, people: crew });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(run);
    const vote = { approvalId, by: "ann", decision: "approve" } as const;
    // Each is judged before any of them is in the journal.
    await Promise.allSettled(Array.from({ length: 6 }, () => run.vote(vote)));
    await until(async () => eventsOf(await run.events(), "approval.voted").length === 1);
    await sleep(60);
    expect((await run.approvals())[0]?.votes).toHaveLength(1);
    expect(desk.paid()).toEqual([]);
    await run.vote({ ...vote, by: "bob" });
    await run.outcome();
    expect(desk.paid()).toHaveLength(1);
  });

  test("a delegate votes with a right that is lent, in its time", async () => {
    const lent = (until: number): readonly Person[] => [
      { id: "ann", delegates: [{ to: "dora", tools: ["pay"], until }] },
      { id: "dora" },
    ];
    const approval = { people: ["ann"] };
    const desk = deskOf([{ cents: 5 }], { approval });
    const { harness } = await worldOf(desk.agent, {
      decide: askAlways,
      people: lent(Date.now() + 60_000),
    });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(run);
    const vote = { approvalId, by: "dora", decision: "approve" } as const;
    await expect(run.vote(vote)).rejects.toThrow('"dora" was not asked');
    await run.vote({ ...vote, onBehalfOf: "ann" });
    expect((await run.outcome()).kind).toBe("succeeded");
    expect(desk.paid()).toHaveLength(1);
    expect(eventsOf(await run.events(), "approval.voted")).toMatchObject([
      { by: "dora", onBehalfOf: "ann" },
    ]);
    const late = deskOf([{ cents: 5 }], { approval });
    const world = await worldOf(late.agent, { decide: askAlways, people: lent(Date.now() - 1) });
    const other = await world.harness.start("worker", { input: "go", principal: customer });
    const asked = await questionOf(other);
    const again = { ...vote, approvalId: asked.approvalId, onBehalfOf: "ann" };
    await expect(other.vote(again)).rejects.toThrow('"ann" has not delegated this to "dora"');
  });
});

describe("while a call waits", () => {
  test("a cancel ends the run; a later answer is told so", async () => {
    const desk = deskOf();
    const { harness, store } = await worldOf(desk.agent, { decide: askAlways, people: crew });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(run);
    await run.cancel("called off");
    expect((await run.outcome()).kind).toBe("cancelled");
    const vote = run.vote({ approvalId, by: "ann", decision: "approve" });
    await expect(vote).rejects.toMatchObject({ code: "run_terminal" });
    expect(await run.approvals()).toEqual([]);
    expect(await store.approvals({ status: "open" })).toEqual([]);
    expect(desk.paid()).toEqual([]);
  });

  test("a cancel that comes with the yes wins", async () => {
    const desk = deskOf();
    const options = { decide: askAlways, people: crew };
    const first = await worldOf(desk.agent, { ...options, store: desk.open() });
    const { runId } = await first.harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(await first.harness.run(runId));
    await first.harness.close(100);
    const front = await worldOf(desk.agent, { ...options, store: desk.open(), work: false });
    const run = await front.harness.run(runId);
    await run.vote({ approvalId, by: "ann", decision: "approve" });
    await run.cancel();
    const next = await worldOf(desk.agent, { ...options, store: desk.open() });
    expect((await (await next.harness.run(runId)).outcome()).kind).toBe("cancelled");
    expect(desk.paid()).toEqual([]);
  });

  test("the run's wall time goes on, and ends it", async () => {
    const desk = deskOf();
    const { harness } = await worldOf(desk.agent, { decide: askAlways, people: crew });
    const limits = { wallMs: 250 };
    const run = await harness.start("worker", { input: "go", principal: customer, limits });
    await questionOf(run);
    expect(await run.outcome()).toMatchObject({
      kind: "expired",
      reason: { code: "limit_wall_time" },
    });
    expect(desk.paid()).toEqual([]);
  });
});

describe("the tool's own wish", () => {
  test("needsApproval asks; a wish that throws or hangs is a no", async () => {
    const wishes: readonly (readonly [() => boolean | Promise<boolean>, string])[] = [
      [
        () => {
          throw new Error("no rates");
        },
        "no rates",
      ],
      [() => new Promise(() => undefined), "needsApproval failed"],
    ];
    for (const [needsApproval, why] of wishes) {
      const desk = deskOf([{ cents: 5 }], { needsApproval });
      const { harness } = await worldOf(desk.agent, { people: crew, decideTimeoutMs: 50 });
      const run = await harness.start("worker", { input: "go" });
      await run.outcome();
      expect(resultsIn(desk.model, 1)[0]).toContain(why);
      expect(desk.paid()).toEqual([]);
    }
    const desk = deskOf([{ cents: 5 }, { cents: 500 }], {
      needsApproval: ({ cents }: { readonly cents: number }) => cents > 100,
    });
    const { harness } = await worldOf(desk.agent, { people: crew });
    const run = await harness.start("worker", { input: "go" });
    expect(await questionOf(run)).toMatchObject({ input: { cents: 500 } });
    expect(desk.paid()).toEqual([{ cents: 5 }]);
  });

  test("one question gathers what the policy and the tool ask", async () => {
    const desk = deskOf([{ cents: 5 }], { needsApproval: true, effect: read() });
    const { harness } = await worldOf(desk.agent, { decide: askAlways, people: crew });
    const run = await harness.start("worker", { input: "go" });
    expect(await questionOf(run)).toMatchObject({
      question: "May this be paid? May pay be called?",
      rules: ["four-eyes", "tool/needs-approval"],
    });
  });
});
