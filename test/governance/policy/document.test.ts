import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mutatePolicies } from "../../../src/governance/policy/mutate.ts";
import { loadText, refundOf } from "./desk.ts";

test("the policies that docs/policies.md shows are armed, and decide as it says", async () => {
  const document = readFileSync(join(import.meta.dirname, "../../../docs/policies.md"), "utf8");
  const [, text = ""] = /```cedar\n([\s\S]*?)```/.exec(document) ?? [];
  const set = await loadText(text);
  expect(set.decide(refundOf())).toMatchObject({ verdict: "allow", rules: ["refund/clerk"] });
  const large = refundOf({ input: { orderId: "A", amountCents: 30_000 } });
  expect(set.decide(large)).toMatchObject({ verdict: "ask", rules: ["refund/large"] });
  const { mutants, killed } = mutatePolicies(set);
  expect(killed).toBeGreaterThan(mutants * 0.8);
});
