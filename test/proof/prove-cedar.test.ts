import { expect, test } from "vitest";
import { emptyTally, trySet } from "../../proof/cedar/prove.ts";
import { openCedar } from "../../src/governance/policy/cedar.ts";
import type { Expression } from "../../src/governance/policy/expression.ts";
import { createJudge, type Judge } from "../../src/governance/policy/judge.ts";
import type { Rule } from "../../src/governance/policy/rule.ts";
import { seededRandom } from "../../src/std/random.ts";
import { figuresOf, prove } from "./proved.ts";

test("C1, J1: five thousand random requests are decided as Cedar's own engine decides them", async () => {
  const figures = figuresOf(await prove("cedar", "--quick", "--seed", "42", "--json"));
  expect(figures).toMatchObject({ requests: 5000, differences: 0, holds: true });
  expect(figures["allows"]).toBeGreaterThan(1500);
  expect(figures["forbidden"]).toBeGreaterThan(500);
  expect(figures["erring"]).toBeGreaterThan(500);
}, 120_000);

/** Each is wrong in one small way, and the comparison must see it. */
const wrong: Readonly<Record<string, (rules: readonly Rule[]) => Judge>> = {
  "a rule that is forgotten": (rules) => createJudge(rules.slice(1), null),
  "errors that are passed over in silence": (rules) => {
    const judge = createJudge(rules, null);
    return (ask) => ({ ...judge(ask), erring: [] });
  },
  "less-or-equal read as less": (rules) =>
    createJudge(
      rules.map((rule) => ({
        ...rule,
        conditions: rule.conditions.map(({ kind, body }) => ({ kind, body: strict(body) })),
      })),
      null,
    ),
};

/** `<=` as `<`, wherever it stands on the way down the left. */
function strict(expression: Expression): Expression {
  switch (expression.kind) {
    case "binary": {
      const [left, right] = [strict(expression.left), strict(expression.right)];
      const operator = expression.operator === "<=" ? "<" : expression.operator;
      return { kind: "binary", operator, left, right };
    }
    case "unary":
      return { ...expression, of: strict(expression.of) };
    default:
      return expression;
  }
}

test.each(Object.entries(wrong))("the comparison sees %s", async (_what, judgeOf) => {
  const cedar = openCedar("engine");
  const tally = emptyTally();
  const random = seededRandom(7);
  for (let i = 0; i < 40; i++) trySet(cedar, { random, count: 25, judgeOf }, tally);
  expect(tally.requests).toBe(1000);
  expect(tally.differences).toBeGreaterThan(0);
});
