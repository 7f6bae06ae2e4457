import { expect, test } from "vitest";
import { mutatePolicies } from "../../../src/governance/policy/mutate.ts";
import { deskText, loadText } from "./desk.ts";

const clerkless =
  '//@ deny {"tool":"refund","input":{"orderId":"A-1","amountCents":500},"resource":{"attributes":{"totalCents":500,"status":"paid"}}}';

test("M1: a conjunct that no example turns on survives, and is named", async () => {
  const { survivors, mutants, killed, untried } = mutatePolicies(await loadText(deskText));
  expect(survivors).toEqual([
    {
      policy: "desk/refund",
      file: "desk.cedar",
      line: 8,
      mutation: "drops the conjunct left of &&",
    },
  ]);
  expect({ killed, untried }).toEqual({ killed: mutants - 1, untried: 0 });
  expect(mutants).toBeGreaterThan(15);
});

test("M1: the example that was missing kills it", async () => {
  const { survivors } = mutatePolicies(await loadText(`${deskText}\n${clerkless}`));
  expect(survivors).toEqual([]);
});

test("M1: comparisons are shifted by one, likes widened, scopes opened", async () => {
  const set = await loadText(`${deskText}
@id("odd") @reason("odd") forbid (principal == User::"t1/u9", action == Action::"findOrder", resource)
when { context.input has orderId && context.input.orderId like "A-*" } unless { principal.kind == "admin" };
//@ deny {"tool":"findOrder","input":{"orderId":"A-1"},"user":{"tenant":"t1","id":"u9"},"by":"odd"}`);
  const { survivors } = mutatePolicies(set);
  const found = survivors.filter(({ policy }) => policy === "odd").map(({ mutation }) => mutation);
  expect(found).toEqual([
    "drops its when",
    "drops the conjunct left of &&",
    "drops the conjunct right of &&",
    "widens a like to *",
    "drops its unless",
  ]);
});

test("M2: rules that Cedar's own engine evaluates are changed and tried as well", async () => {
  const set = await loadText(`${deskText}
@id("home") @reason("no") forbid (principal, action == Action::"findOrder", resource)
when { context.input has orderId && context.input.orderId == "far" && !ip("10.0.0.1").isLoopback() };
//@ deny {"tool":"findOrder","input":{"orderId":"far"},"by":"home"}`);
  const { untried, survivors } = mutatePolicies(set);
  expect(untried).toBe(0);
  const found = survivors.filter(({ policy }) => policy === "home").map(({ mutation }) => mutation);
  expect(found).toContain("drops the conjunct right of &&");
  expect(found).not.toContain("drops a not");
});
