import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seal, whyNotSealed } from "../../src/governance/seal.ts";
import type { JsonObject } from "../../src/std/json.ts";
import { askAlways, crew, customer, deskOf, questionOf } from "../orchestration/asking.ts";
import { eventsOf, until, worldOf } from "../orchestration/world.ts";

const secret = "0123456789abcdef0123456789abcdef";
const body: JsonObject = { approvalId: "a1", by: "ann", decision: "deny", reason: "no" };
const message = { runId: "run", kind: "vote", key: "vote:1", body };

test("a seal holds for the same words, the same kind and the same run alone", () => {
  const sealed = seal(message, secret);
  expect(whyNotSealed({ ...message, body: sealed }, secret)).toBeNull();
  const others: readonly (readonly [Parameters<typeof whyNotSealed>[0], string])[] = [
    [{ ...message, body: { ...sealed, decision: "approve" } }, secret],
    [{ ...message, body: { ...sealed, by: "bob" } }, secret],
    [{ ...message, body: { ...sealed, callHash: "h" } }, secret],
    [{ ...message, body: { ...sealed, seal: JSON.stringify(sealed["seal"]) } }, secret],
    [{ ...message, body: { ...sealed, seal: "" } }, secret],
    [{ ...message, body: sealed, runId: "other" }, secret],
    [{ ...message, body: sealed, kind: "raise" }, secret],
    [{ ...message, body: sealed, key: "vote:2" }, secret],
    [{ ...message, body: sealed }, secret.toUpperCase()],
  ];
  for (const [other, key] of others) {
    expect(whyNotSealed(other, key)).toBe("its seal is not right for what it says");
  }
  expect(whyNotSealed(message, secret)).toContain("has no seal");
  expect(whyNotSealed({ ...message, body: { ...body, seal: 7 } }, secret)).toContain("no seal");
});

test("any change to any member breaks it", () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(body)), fc.string(), (name, text) => {
      fc.pre(text !== body[name]);
      const changed = { ...seal(message, secret), [name]: text };
      expect(whyNotSealed({ ...message, body: changed }, secret)).not.toBeNull();
    }),
  );
});

describe("in a run whose harness has a sealSecret", () => {
  test("words put straight into the store are refused, those of the harness count", async () => {
    const desk = deskOf();
    const { harness, store } = await worldOf(desk.agent, {
      decide: askAlways,
      people: crew,
      sealSecret: secret,
    });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId, callHash } = await questionOf(run);
    const vote = { approvalId, by: "ann", callHash, decision: "approve" };
    const { runId } = run;
    const forged = [
      ["vote", vote],
      ["vote", seal({ runId, kind: "vote", key: "f1", body: vote }, `${secret}!`)],
      ["vote", seal({ runId: "another", kind: "vote", key: "f2", body: vote }, secret)],
      ["vote", seal({ runId, kind: "vote", key: "not f3", body: vote }, secret)],
      ["raise", { by: "ann", more: { calls: 5 } }],
      ["decline", { by: "ann", obligationId: "x", reason: "no" }],
      ["oblige", { obligation: { id: "x", what: "pay more", tool: "pay" } }],
      ["resolve", { callId: "t1c0", happened: true }],
    ] as const;
    for (const [index, [kind, words]] of forged.entries()) {
      await store.post(runId, { kind, key: `f${index}`, body: words, at: Date.now() });
    }
    await until(async () => {
      return eventsOf(await run.events(), "inbox.refused").length === forged.length;
    });
    const refused = eventsOf(await run.events(), "inbox.refused");
    for (const { reason } of refused) expect(reason).toContain("seal");
    expect(desk.paid()).toEqual([]);
    await run.vote({ approvalId, by: "ann", decision: "approve" });
    await run.outcome();
    expect(desk.paid()).toHaveLength(1);
  });

  test("what was said once cannot be said again under another key", async () => {
    const desk = deskOf();
    const { harness, store } = await worldOf(
      { ...desk.agent, budget: { calls: { "*": 9 } } },
      {
        decide: askAlways,
        people: crew,
        sealSecret: secret,
      },
    );
    const run = await harness.start("worker", { input: "go", principal: customer });
    await questionOf(run);
    await run.raise({ calls: 5 }, "ann");
    await until(async () => (await run.state()).raised["calls"] === 5);
    const [entry] = await store.inbox(run.runId, 0);
    const { kind, body } = entry ?? { kind: "raise", body: null };
    await store.post(run.runId, { kind, key: "again", body, at: Date.now() });
    await until(async () => eventsOf(await run.events(), "inbox.refused").length === 1);
    expect((await run.state()).raised).toEqual({ calls: 5 });
  });

  test("a secret that could be guessed is refused at start-up", async () => {
    for (const sealSecret of ["secret", "", undefined]) {
      // Plain JavaScript may hand in what the environment does not have.
      const options = { sealSecret } as { readonly sealSecret: string };
      const made = worldOf(deskOf().agent, options);
      await expect(made).rejects.toMatchObject({ code: "approval_invalid" });
    }
  });
});
