import { expect, test } from "vitest";
import { explainDecision } from "../../../src/governance/policy/explain.ts";
import { deskText, loadText, modelOf, refundOf } from "./desk.ts";

const desk = await loadText(deskText);

test("an allow names its rule, with the values its conditions met", () => {
  expect(explainDecision(desk, refundOf())).toEqual([
    "Allowed: refund by desk/refund.",
    'desk/refund (desk.cedar:8): user roles ["clerk"] holds "clerk"; ' +
      "input amount cents 500 is at most order total cents 50000.",
    "No rule forbids it.",
  ]);
});

test("a denial says what would have to be different", () => {
  expect(explainDecision(desk, refundOf({ tallies: { refundedToday: 99_600 } }))).toEqual([
    "Denied: refund by desk/daily-cap: More than 1,000.00 was paid back for this customer today.",
    "desk/daily-cap (desk.cedar:14): past refunded today 99600 + input amount cents 500 = 100100 " +
      "is more than 100000.",
    "desk/daily-cap would not stand in the way if past refunded today 99600 + " +
      "input amount cents 500 were at most 100000 (now 100100).",
  ]);
});

test("a question says that a person's yes is enough", () => {
  const lines = explainDecision(desk, refundOf({ input: { orderId: "A", amountCents: 30_000 } }));
  expect(lines[0]).toBe("A person must approve refund by desk/large: Pay back more than 200.00?");
  expect(lines[2]).toContain("if a person says yes, or input amount cents were at most 20000");
});

test("without a permit, each near one says what it lacks, and only that", () => {
  const principal = { id: "u1", tenant: "t1", roles: ["guest"], kind: "user" };
  expect(explainDecision(desk, refundOf({ principal }))).toEqual([
    "Denied: refund: no rule allows this",
    'desk/refund would permit it if user roles held "clerk" (now ["guest"]).',
  ]);
  const cancel = explainDecision(desk, refundOf({ tool: "cancel" }));
  expect(cancel[1]).toBe('No rule permits Action::"cancel" at all.');
});

test("a value no policy can see is named", () => {
  const lines = explainDecision(desk, refundOf({ input: { orderId: "A", amountCents: 0.5 } }));
  expect(lines).toEqual([expect.stringContaining("input.amountCents is 0.5, no whole number")]);
});

test("negations, alternatives, scopes and models are said in words", async () => {
  const set = await loadText(`${deskText}
@id("one") permit (principal == User::"t1/boss", action == Action::"model", resource == Model::"a/b")
when { !(context.untrusted || principal.roles.isEmpty()) && !(principal.kind like "bot*") };
//@ allow {"model":"a/b","user":{"tenant":"t1","id":"boss","roles":["x"]}}`);
  expect(explainDecision(set, modelOf({ model: "c/d" }))[1]).toBe(
    'one would permit it if the user were User::"t1/boss", not User::"t1/u1", ' +
      'and if the resource were Model::"a/b", not Model::"c/d".',
  );
  const principal = { id: "boss", tenant: "t1", roles: ["x"], kind: "user" };
  expect(explainDecision(set, modelOf({ model: "a/b", principal }))[1]).toContain(
    'untrusted is false; user roles ["x"] is not empty; user kind "user" is not like "bot*".',
  );
});

test("what observing or a draft would change is told", async () => {
  const set = await loadText(deskText, { mode: "observe" });
  const lines = explainDecision(set, refundOf({ tallies: { refundedToday: 99_600 } }));
  expect(lines.slice(0, 2)).toEqual([
    "Allowed: refund.",
    "If the set were enforced, it would be deny by desk/daily-cap.",
  ]);
  expect(lines[2]).toContain("= 100100 is more than 100000");
});
