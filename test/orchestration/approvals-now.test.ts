import { describe, expect, test } from "vitest";
import type { DecisionPoint } from "../../src/governance/door.ts";
import { idempotent } from "../../src/index.ts";
import { askAlways, crew, customer, deskOf, questionOf } from "./asking.ts";
import { eventsOf, network, resultsIn, sleep, until, worldOf } from "./world.ts";

describe("P5: an edit", () => {
  test("is decided on and asked anew; nobody who had a hand in it approves it", async () => {
    const desk = deskOf([{ cents: 500 }]);
    const seen: unknown[] = [];
    const decide: DecisionPoint = (request) => {
      seen.push(request.input);
      return askAlways(request);
    };
    const { harness } = await worldOf(desk.agent, { decide, people: crew });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const first = await questionOf(run);
    const { approvalId } = first;
    await run.vote({ approvalId, by: "ann", decision: "edit", input: { cents: 50 } });
    await until(async () => (await run.approvals())[0]?.approvalId !== approvalId);
    const second = await questionOf(run);
    expect(second).toMatchObject({ input: { cents: 50 }, people: ["bob", "carl"], votes: [] });
    expect(second.callHash).not.toBe(first.callHash);
    expect(seen).toEqual([{ cents: 500 }, { cents: 50 }]);
    const voteAs = (by: string, id: string) =>
      run.vote({ approvalId: id, by, decision: "approve" });
    await expect(voteAs("ann", second.approvalId)).rejects.toThrow("their own request");
    await expect(voteAs("bob", approvalId)).rejects.toThrow("already edited");
    // A second editor does not give the first one their voice back.
    await run.vote({
      approvalId: second.approvalId,
      by: "bob",
      decision: "edit",
      input: { cents: 40 },
    });
    await until(async () => (await run.approvals())[0]?.approvalId !== second.approvalId);
    const third = await questionOf(run);
    expect(third).toMatchObject({ people: ["carl"], requestedBy: ["customer", "ann", "bob"] });
    await expect(voteAs("ann", third.approvalId)).rejects.toThrow("their own request");
    await voteAs("carl", third.approvalId);
    expect((await run.outcome()).receipts).toMatchObject([{ input: { cents: 40 } }]);
    expect(desk.paid()).toEqual([{ cents: 40 }]);
    const told = JSON.stringify(desk.model.requests[1]?.prompt.at(-1));
    expect(told).toContain("A person changed the arguments of your pay call");
  });

  test("by a delegate takes the voice of the one who delegated too", async () => {
    const desk = deskOf();
    const people = [
      { id: "ann", delegates: [{ to: "bob", until: Date.now() + 60_000 }] },
      { id: "bob" },
      { id: "carl" },
    ];
    const { harness } = await worldOf(desk.agent, { decide: askAlways, people });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(run);
    const edit = { decision: "edit", input: { cents: 4 } } as const;
    await run.vote({ approvalId, by: "bob", onBehalfOf: "ann", ...edit });
    await until(async () => (await run.approvals())[0]?.approvalId !== approvalId);
    expect((await questionOf(run)).people).toEqual(["carl"]);
  });

  test("that a rule denies is denied", async () => {
    const desk = deskOf();
    const decide: DecisionPoint = (request) => {
      const { cents } = request.input as { readonly cents: number };
      if (cents > 100) return { kind: "deny", rules: ["cap"], reason: "over the cap" };
      return askAlways(request);
    };
    const { harness } = await worldOf(desk.agent, { decide, people: crew });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(run);
    await run.vote({ approvalId, by: "ann", decision: "edit", input: { cents: 101 } });
    await run.outcome();
    expect(resultsIn(desk.model, 1)[0]).toContain("Denied: over the cap");
    expect(desk.paid()).toEqual([]);
  });

  test("that the tool would not take leaves the question open", async () => {
    const desk = deskOf();
    const { harness } = await worldOf(desk.agent, { decide: askAlways, people: crew });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(run);
    const edits = [{ cents: -1 }, { cents: "5" }, {}, { cents: 5, more: 1 }, [5], "5", null];
    for (const input of edits) {
      await run.vote({ approvalId, by: "ann", decision: "edit", input });
    }
    await until(async () => {
      return eventsOf(await run.events(), "inbox.refused").length === edits.length;
    });
    const reasons = eventsOf(await run.events(), "inbox.refused").map(({ reason }) => reason);
    expect(reasons[0]).toMatch(/^the changed arguments do not fit: .*cents/);
    expect(reasons.at(-1)).toBe("an edit needs the whole input");
    expect(await questionOf(run)).toMatchObject({ approvalId, input: { cents: 5 } });
    await run.vote({ approvalId, by: "ann", decision: "approve" });
    await run.outcome();
    expect(desk.paid()).toEqual([{ cents: 5 }]);
  });
});

describe("D5, P6: a yes counts for what is so now", () => {
  /** Approved while no worker lives, then taken up by the next one. */
  async function approvedThen(
    before: Parameters<typeof worldOf>[1],
    after: Parameters<typeof worldOf>[1],
    parts: Parameters<typeof deskOf>[1] = {},
  ) {
    const desk = deskOf([{ cents: 5 }], parts);
    const common = { decide: askAlways, people: crew };
    const first = await worldOf(desk.agent, { ...common, ...before, store: desk.open() });
    const { runId } = await first.harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(await first.harness.run(runId));
    await first.harness.close(100);
    const front = await worldOf(desk.agent, {
      ...common,
      ...before,
      store: desk.open(),
      work: false,
    });
    await (await front.harness.run(runId)).vote({ approvalId, by: "ann", decision: "approve" });
    const next = await worldOf(desk.agent, { ...common, ...after, store: desk.open() });
    return { desk, run: await next.harness.run(runId), approvalId };
  }

  test("a rule that denies by now wins over the person", async () => {
    const decide: DecisionPoint = () => ({ kind: "deny", rules: ["stop"], reason: "stopped" });
    const { desk, run } = await approvedThen({}, { decide });
    await run.outcome();
    expect(desk.paid()).toEqual([]);
    expect(resultsIn(desk.model, 1)[0]).toContain("Denied: stopped");
  });

  test("a rule that asks by now and did not ask then is asked about", async () => {
    const decide: DecisionPoint = () => ({
      kind: "ask",
      rules: ["large-sum"],
      question: "So much?",
    });
    const { desk, run, approvalId } = await approvedThen({}, { decide });
    await until(async () => (await run.approvals())[0]?.approvalId !== approvalId);
    expect((await questionOf(run)).question).toBe("What was approved has changed. So much?");
    expect(desk.paid()).toEqual([]);
  });

  test("a yes that nobody has taken yet is judged by the list of whoever takes it", async () => {
    const { desk, run } = await approvedThen({}, { people: crew.slice(1) });
    await until(async () => eventsOf(await run.events(), "inbox.refused").length === 1);
    expect(await questionOf(run)).toMatchObject({ votes: [] });
    expect(desk.paid()).toEqual([]);
  });

  test("one that was counted does not count once its person is struck from the list", async () => {
    const desk = deskOf([{ cents: 5 }], { approval: { quorum: 2 } });
    const common = { decide: askAlways, people: crew };
    const first = await worldOf(desk.agent, { ...common, store: desk.open() });
    const run = await first.harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(run);
    await run.vote({ approvalId, by: "ann", decision: "approve" });
    await until(async () => (await run.approvals())[0]?.votes.length === 1);
    await questionOf(run);
    await first.harness.close(100);
    const people = crew.slice(1);
    const next = await worldOf(desk.agent, { ...common, people, store: desk.open() });
    const there = await next.harness.run(run.runId);
    await there.vote({ approvalId, by: "bob", decision: "approve" });
    await until(async () => (await there.approvals())[0]?.approvalId !== approvalId);
    expect(await questionOf(there)).toMatchObject({
      question: "Who may approve has changed. May this be paid?",
      people: ["bob", "carl"],
    });
    expect(desk.paid()).toEqual([]);
  });

  test("one that was not used before its expiry is asked for again", async () => {
    const desk = deskOf([{ cents: 5 }], { approval: { expiresMs: 250 } });
    let decisions = 0;
    const decide: DecisionPoint = async (request) => {
      decisions += 1;
      if (decisions === 2) await sleep(270);
      return askAlways(request);
    };
    const { harness } = await worldOf(desk.agent, { decide, people: crew });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(run);
    await run.vote({ approvalId, by: "ann", decision: "approve" });
    await run.outcome();
    expect(desk.paid()).toEqual([]);
    const events = await run.events();
    expect(eventsOf(events, "approval.settled").map(({ decision }) => decision)).toEqual([
      "approved",
      "expired",
    ]);
    expect(eventsOf(events, "approval.requested")[1]?.question).toContain("not used in time");
  });

  test("another version of the resource is asked about again, the same is not", async () => {
    for (const [versions, paid] of [
      [["7", "8"], 0],
      [["7", "7"], 1],
    ] as const) {
      const left: string[] = [...versions];
      const resource = {
        type: "Order",
        of: () => ({ id: "A1", version: left.shift() ?? versions[1] }),
      };
      const { desk, run, approvalId } = await approvedThen({}, {}, { resource });
      if (paid === 1) await run.outcome();
      else await until(async () => (await run.approvals())[0]?.approvalId !== approvalId);
      expect(desk.paid()).toHaveLength(paid);
      if (paid === 1) continue;
      const again = await questionOf(run);
      expect(again.question).toContain("What was approved has changed.");
      expect(again.resource).toEqual({ type: "Order", id: "A1", version: "8" });
      await run.vote({ approvalId: again.approvalId, by: "ann", decision: "approve" });
      await run.outcome();
      expect(desk.paid()).toHaveLength(1);
    }
  });
});

describe("D1: an idempotent call in doubt is decided on before its key is used again", () => {
  async function repeated(isForbidden: boolean) {
    let runs = 0;
    let isStopped = false;
    const desk = deskOf([{ cents: 5 }], {
      effect: idempotent(),
      retry: { retriesMax: 0 },
      execute: () => {
        runs += 1;
        isStopped = isForbidden;
        if (runs === 1) throw network("ECONNRESET");
        return "paid";
      },
    });
    const decide: DecisionPoint = (request) =>
      isStopped ? { kind: "deny", rules: ["stop"], reason: "stopped" } : askAlways(request);
    const { harness } = await worldOf(desk.agent, { decide, people: crew });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId } = await questionOf(run);
    await run.vote({ approvalId, by: "ann", decision: "approve" });
    return { outcome: await run.outcome(), runs };
  }

  test("the approval it had still counts", async () => {
    const { outcome, runs } = await repeated(false);
    expect(outcome).toMatchObject({ kind: "succeeded", inDoubt: [] });
    expect(runs).toBe(2);
  });

  test("a rule that denies by now stops it", async () => {
    const { outcome, runs } = await repeated(true);
    expect(outcome).toMatchObject({ kind: "failed_recoverable", inDoubt: [{ callId: "t1c0" }] });
    expect(runs).toBe(1);
  });
});
