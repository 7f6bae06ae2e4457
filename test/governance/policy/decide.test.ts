import { describe, expect, test } from "vitest";
import type { PolicyTool } from "../../../src/governance/policy/vocabulary.ts";
import { deskText, loadText, modelOf, refundOf, tools } from "./desk.ts";

const desk = await loadText(deskText);
const pay = (amountCents: number, more: object = {}) =>
  refundOf({ input: { orderId: "A-1", amountCents }, ...more });

describe("P1: a forbid wins, and no permit is a no", () => {
  test("what a rule permits is allowed, by that rule", () => {
    expect(desk.decide(refundOf())).toEqual({
      verdict: "allow",
      rules: ["desk/refund"],
      reason: "",
      errors: [],
    });
  });

  test("what no rule permits is denied, in words", () => {
    const stranger = { id: "u2", tenant: "t1", roles: [], kind: "user" };
    expect(desk.decide(refundOf({ principal: stranger }))).toMatchObject({
      verdict: "deny",
      rules: [],
      reason: "no rule allows this",
    });
  });

  test("a forbid says why in its author's words", () => {
    expect(desk.decide(refundOf({ tallies: { refundedToday: 99_600 } }))).toMatchObject({
      verdict: "deny",
      rules: ["desk/daily-cap"],
      reason: "More than 1,000.00 was paid back for this customer today.",
    });
  });

  test("nobody reaches what another tenant owns", () => {
    const foreign = { id: "u1", tenant: "t2", roles: ["clerk"], kind: "user" };
    expect(desk.decide(refundOf({ principal: foreign }))).toMatchObject({
      verdict: "deny",
      rules: ["bridle/cross-tenant"],
    });
    const { tenant: _, ...shared } = refundOf().resource ?? { type: "", id: "", attributes: {} };
    expect(desk.decide(refundOf({ principal: foreign, resource: shared })).verdict).toBe("allow");
  });
});

describe("P2: a rule that errs is a no", () => {
  const order = '"resource":{"attributes":{"totalCents":9,"status":"paid"}}';
  const text = `@id("all") permit (principal, action == Action::"refund", resource);
@id("overflow") @reason("too much") forbid (principal, action == Action::"refund", resource)
when { context.input.amountCents * 1000000000000 > 5000000000000000 };
//@ allow {"tool":"refund","input":{"orderId":"A","amountCents":5},${order}}
//@ deny {"tool":"refund","input":{"orderId":"A","amountCents":5001},${order},"by":"overflow"}`;

  test("an overflow in a forbid denies, where Cedar alone would allow", async () => {
    const set = await loadText(text);
    expect(set.decide(pay(500)).verdict).toBe("allow");
    const answer = set.decide(pay(10_000_000));
    expect(answer).toMatchObject({ verdict: "deny", rules: ["overflow"] });
    expect(answer.errors).toEqual(["overflow: 10000000000000000000 is beyond 64 bits"]);
    expect(answer.reason).toContain("could not be evaluated");
  });

  test("an overflow below nothing denies too", async () => {
    expect((await loadText(text)).decide(pay(-10_000_000)).verdict).toBe("deny");
  });
});

describe("P3: what policies cannot see exactly is a no", () => {
  const cases: readonly (readonly [string, object, string])[] = [
    ["an integer beyond 2^53", { amountCents: 2 ** 53 }, "money/number out of range"],
    ["a fraction where a whole number is due", { amountCents: 1.5 }, "money/number out of range"],
    ["a missing member", { amountCents: undefined }, "input.amountCents is missing"],
    ["text where a number is due", { amountCents: "500" }, "input.amountCents is no number"],
    ["half a character", { orderId: "\ud800" }, "no well-formed text"],
  ];
  for (const [what, change, reason] of cases) {
    test(`${what} is denied before any rule`, () => {
      const input = { orderId: "A-1", amountCents: 500, ...change };
      const answer = desk.decide(refundOf({ input }));
      expect(answer).toMatchObject({ verdict: "deny", rules: [] });
      expect(answer.reason).toContain(reason);
    });
  }

  test("a resource that is not named, or is another kind, is denied", () => {
    expect(desk.decide(refundOf({ resource: null })).reason).toBe("refund names no Order");
    const user = { type: "Invoice", id: "A-1", attributes: {} };
    expect(desk.decide(refundOf({ resource: user })).reason).toContain("acts on Order");
    const read = refundOf({ tool: "findOrder", input: {} });
    expect(desk.decide(read).reason).toContain("declares no resource");
  });

  test("a tally that was not counted is denied", () => {
    expect(desk.decide(refundOf({ tallies: {} })).reason).toContain(
      "refundedToday was not counted",
    );
  });

  test("a tool that is not known is denied", () => {
    expect(desk.decide(refundOf({ tool: "wire" })).verdict).toBe("deny");
  });
});

describe("P4: a question yields to a person's yes and to nothing else", () => {
  test("it is asked, and after a yes it is allowed", () => {
    expect(desk.decide(pay(30_000))).toEqual({
      verdict: "ask",
      rules: ["desk/large"],
      reason: "Pay back more than 200.00?",
      errors: [],
    });
    expect(desk.decide(pay(30_000, { approved: true }))).toMatchObject({
      verdict: "allow",
      rules: ["desk/refund"],
    });
  });

  test("a yes moves neither a plain forbid nor a missing permit", () => {
    const capped = pay(30_000, { approved: true, tallies: { refundedToday: 99_000 } });
    expect(desk.decide(capped)).toMatchObject({ verdict: "deny", rules: ["desk/daily-cap"] });
    const beyond = pay(60_000, { approved: true });
    expect(desk.decide(beyond)).toMatchObject({ verdict: "deny", rules: [] });
    expect(desk.decide(pay(60_000)).verdict).toBe("deny");
  });
});

describe("models", () => {
  test("may be asked while no rule permits some of them", () => {
    expect(desk.decide(modelOf())).toMatchObject({ verdict: "allow", rules: ["bridle/models"] });
  });

  test("are an allow-list as soon as one is permitted by name", async () => {
    const set = await loadText(`${deskText}
@id("one-model") permit (principal, action == Action::"model", resource == Model::"openai/gpt-5.2");
//@ allow {"model":"openai/gpt-5.2"}
//@ deny {"model":"openai/gpt-4"}`);
    expect(set.ids).not.toContain("bridle/models");
    expect(set.decide(modelOf()).rules).toEqual(["one-model"]);
    expect(set.decide(modelOf({ model: "x/y" })).verdict).toBe("deny");
  });
});

describe("names that could be mistaken", () => {
  test("a tool named like a group is an action of its own", async () => {
    const named: PolicyTool = { name: "read", effect: "once", inputSchema: { type: "object" } };
    const set = await loadText(
      `${deskText}\n@id("own") permit (principal, action == Action::"tool:read", resource) when { principal.kind == "service" };
//@ allow {"tool":"read","user":{"kind":"service"}}`,
      { tools: [...tools, named] },
    );
    const request = refundOf({ tool: "read", input: {}, resource: null });
    expect(set.decide(request).verdict).toBe("deny");
    const service = { id: "u1", tenant: "t1", roles: [], kind: "service" };
    expect(set.decide({ ...request, principal: service }).rules).toEqual(["own"]);
  });

  test("two users of two tenants are never one, whatever their names", async () => {
    const set = await loadText(`${deskText}
@id("one") permit (principal == User::"a/b/c", action == Action::"cancel", resource);
//@ allow {"tool":"cancel","input":{"orderId":"A","amountCents":1},"user":{"tenant":"a","id":"b/c"},"resource":{"attributes":{"totalCents":1,"status":"x"}}}`);
    const of = (tenant: string, id: string) =>
      set.decide(
        refundOf({
          tool: "cancel",
          principal: { id, tenant, roles: [], kind: "user" },
          resource: { type: "Order", id: "A", attributes: { totalCents: 1, status: "x" } },
        }),
      ).verdict;
    expect(of("a", "b/c")).toBe("allow");
    expect(of("a/b", "c")).toBe("deny");
  });
});

describe("T3: fractions are seen in millionths", () => {
  const rated = (limit: string) => `${deskText}
@id("rate") @reason("too high") forbid (principal, action == Action::"refund", resource)
when { context.input has rateMicros && context.input.rateMicros > ${limit} };
//@ deny {"tool":"refund","input":{"orderId":"A","amountCents":1,"rate":0.31},"user":{"roles":["clerk"]},"resource":{"attributes":{"totalCents":1,"status":"x"}},"by":"rate"}`;
  const at = (rate: number) => refundOf({ input: { orderId: "A-1", amountCents: 500, rate } });

  test("exactly, or the answer is no", async () => {
    const set = await loadText(rated("300000"));
    expect(set.decide(at(0.3)).verdict).toBe("allow");
    expect(set.decide(at(0.300001))).toMatchObject({ verdict: "deny", rules: ["rate"] });
    expect(set.decide(at(0.1 + 0.2)).reason).toContain("not exact in millionths");
    expect(set.decide(at(1e300)).reason).toContain("not exact in millionths");
  });

  test("a fraction that no rule looks at may be what it likes", () => {
    expect(desk.decide(at(0.1 + 0.2)).verdict).toBe("allow");
  });
});

test("what only Cedar's own engine evaluates is left to it, and counted", async () => {
  const set = await loadText(`${deskText}
@id("home") @reason("not from there") forbid (principal, action == Action::"findOrder", resource)
when { context.input has orderId && context.input.orderId == "far" && !ip("10.0.0.1").isLoopback() };
@id("huge") @reason("too much") forbid (principal, action == Action::"cancel", resource)
when { context.input.amountCents * 1000 > 9007199254740993 };
@id("cancel") permit (principal, action == Action::"cancel", resource);
//@ deny {"tool":"findOrder","input":{"orderId":"far"},"by":"home"}
//@ allow {"tool":"cancel","input":{"orderId":"A","amountCents":9007199254740},"resource":{"attributes":{"totalCents":1,"status":"x"}}}
//@ deny {"tool":"cancel","input":{"orderId":"A","amountCents":9007199254741},"resource":{"attributes":{"totalCents":1,"status":"x"}},"by":"huge"}`);
  const before = set.wasmDecisions();
  const find = (orderId: string) =>
    set.decide(refundOf({ tool: "findOrder", input: { orderId }, resource: null }));
  expect(find("far")).toMatchObject({ verdict: "deny", rules: ["home"] });
  expect(find("near")).toMatchObject({ verdict: "allow", rules: ["desk/read"] });
  expect(set.decide(refundOf()).verdict).toBe("allow");
  expect(set.wasmDecisions() - before).toBe(2);
  const cancel = set.decide(pay(9_007_199_254_740_991, { tool: "cancel" }));
  expect(cancel).toMatchObject({ verdict: "deny", rules: ["huge"] });
  expect(set.decide(pay(1, { tool: "cancel" })).verdict).toBe("allow");
  expect(set.wasmDecisions() - before).toBe(4);
});
