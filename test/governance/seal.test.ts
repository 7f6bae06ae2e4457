import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seal, whyNotSealed } from "../../src/governance/seal.ts";
import type { JsonObject } from "../../src/std/json.ts";
import { askAlways, crew, customer, deskOf, questionOf } from "../orchestration/asking.ts";
import { eventsOf, until, worldOf } from "../orchestration/world.ts";

const secret = "0123456789abcdef0123456789abcdef";
const body: JsonObject = { approvalId: "a1", by: "ann", decision: "deny", reason: "no" };
const message = { runId: "run", kind: "vote", body };

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

describe("in a run whose harness has a voteSecret", () => {
  test("words put straight into the store are refused, those of the harness count", async () => {
    const desk = deskOf();
    const { harness, store } = await worldOf(desk.agent, {
      decide: askAlways,
      people: crew,
      voteSecret: secret,
    });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId, callHash } = await questionOf(run);
    const vote = { approvalId, by: "ann", callHash, decision: "approve" };
    const forged = [
      ["vote", vote],
      ["vote", seal({ runId: run.runId, kind: "vote", body: vote }, `${secret}!`)],
      ["vote", seal({ runId: "another", kind: "vote", body: vote }, secret)],
      ["raise", { by: "ann", more: { calls: 5 } }],
      ["decline", { by: "ann", obligationId: "x", reason: "no" }],
    ] as const;
    for (const [index, [kind, words]] of forged.entries()) {
      await store.post(run.runId, { kind, key: `forged-${index}`, body: words, at: Date.now() });
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

  test("a secret that could be guessed is refused at start-up", async () => {
    for (const voteSecret of ["secret", "", undefined]) {
      // Plain JavaScript may hand in what the environment does not have.
      const options = { voteSecret } as { readonly voteSecret: string };
      const made = worldOf(deskOf().agent, options);
      await expect(made).rejects.toMatchObject({ code: "approval_invalid" });
    }
  });
});
