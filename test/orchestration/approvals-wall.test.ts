import { expect, test } from "vitest";
import { once } from "../../src/index.ts";
import { agentOf, modelOf, sleep, toolOf, wholeJournal, worldOf } from "./world.ts";

/** One call waits for a person who never answers; its sibling outlasts the run's time. */
test("a run whose time is over ends, although a question is open for longer", async () => {
  const model = modelOf({ calls: [{ tool: "pay" }, { tool: "ship" }] }, "Done.");
  const paid: unknown[] = [];
  const definition = agentOf(model, {
    limits: { wallMs: 150 },
    tools: {
      pay: toolOf({ effect: once(), needsApproval: true, execute: () => paid.push(1) }),
      ship: toolOf({ effect: once(), execute: () => sleep(300).then(() => "shipped") }),
    },
  });
  const { harness, store } = await worldOf(definition, { people: [{ id: "ann" }] });
  const run = await harness.start("worker", { input: "go", principal: { id: "bob" } });
  // A loop without an end would keep this timer from ever firing: the test file would hang.
  const outcome = await run.outcome();
  expect(outcome).toMatchObject({ kind: "expired", reason: { code: "limit_wall_time" } });
  expect(outcome.receipts).toMatchObject([{ tool: "ship" }]);
  expect(paid).toEqual([]);
  expect((await wholeJournal(store, run.runId)).length).toBeLessThan(15);
});
