import { expect, test } from "vitest";
import { inspectPolicies } from "../../../src/governance/policy/load.ts";
import { readTally } from "../../../src/governance/policy/tally.ts";
import { readVocabulary } from "../../../src/governance/policy/vocabulary.ts";
import { deskText, setting, tools } from "./desk.ts";

const vocabulary = readVocabulary(tools);

test.each([
  [
    "n = count_within(refund|cancel, 15m, by run)",
    { operator: "count", tools: ["refund", "cancel"], path: null, withinMs: 900_000, by: "run" },
  ],
  [
    "n = sum_within(refund, input.amountCents, 24h, by user)",
    { operator: "sum", path: ["amountCents"], isMicros: false, withinMs: 86_400_000, by: "user" },
  ],
  [
    "n = sum_within(refund, input.rateMicros, 30s, by tenant)",
    { operator: "sum", path: ["rate"], isMicros: true, withinMs: 30_000, by: "tenant" },
  ],
  [
    "n=count_distinct_within( refund | cancel , input.orderId , 7d , by tenant )",
    { operator: "distinct", tools: ["refund", "cancel"], path: ["orderId"], withinMs: 604_800_000 },
  ],
])("%s is understood", (text, tally) => {
  expect(readTally(text, vocabulary)).toMatchObject({ name: "n", ...tally });
});

test.each([
  ["count_within(refund, 1h, by run)", "cannot read"],
  ["n = average_within(refund, 1h, by run)", "cannot read"],
  ["n = count_within(refund, input.orderId, 1h, by run)", "takes 3 parts, not 4"],
  ["n = sum_within(refund, input.anything, 1h, by run)", "refund has no input.anything"],
  ["n = sum_within(refund|findOrder, input.amountCents, 1h, by run)", "findOrder has no"],
  ["n = sum_within(refund, amountCents, 1h, by run)", "no place in the input"],
  ["n = count_within(refund, 0h, by run)", "is no duration"],
  ["n = count_within(refund, 999d, by run)", "is no duration"],
  ["n = count_within(refund, 1h, by team)", "whose calls count"],
])("%s is refused", (text, problem) => {
  expect(readTally(text, vocabulary)).toMatchObject({ problem: expect.stringContaining(problem) });
});

test("a tally that no rule looks at is told, and one of the same name is refused", async () => {
  const idle = "//@ tally idle = count_within(refund, 1h, by run)";
  const of = (text: string) => inspectPolicies({ texts: [{ name: "a", text }] }, setting);
  const { warnings, set } = await of(`${deskText}\n${idle}`);
  expect(warnings.map(({ message }) => message)).toEqual(["no rule looks at the tally idle"]);
  expect(set?.tallies.map(({ name }) => name)).toEqual(["refundedToday", "idle"]);
  const twice = await of(`${deskText}\n${idle}\n${idle}`);
  expect(twice.faults).toMatchObject([{ line: 29, message: "the tally idle is there already" }]);
});
