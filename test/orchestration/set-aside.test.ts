import { expect, test } from "vitest";
import { agentOf, modelOf, until, worldOf, type PlayedModel } from "./world.ts";

function named(modelId: string, model: PlayedModel): PlayedModel {
  return { ...model, modelId };
}

const text = `
@id("models") permit(principal, action == Action::"model", resource)
when { resource == Model::"played/dear" };
//@ allow {"model":"played/dear"}
//@ deny {"model":"played/cheap"}
`;

test("a budget that a person may raise is asked about, though the next route is forbidden", async () => {
  const dear = named("dear", modelOf("Fine."));
  const cheap = named("cheap", modelOf("Fine."));
  const price = { inputUsd: 1, outputUsd: 2 };
  const { harness: made, store } = await worldOf(
    agentOf([dear, cheap], {
      budget: { usd: 0.000_01, onExhausted: "ask" },
      policies: { texts: [{ name: "models.cedar", text }] },
    }),
    { prices: { "played/dear": price, "played/cheap": price } },
  );
  const run = await made.start("worker", { input: 1 });
  await until(async () =>
    ["parked", "finished"].includes((await store.get(run.runId))?.status ?? ""),
  );
  const state = await run.state();
  expect(state.outcome).toBeNull();
  expect(state.waitingFor).toContain("a person to raise the budget");
  expect([...dear.requests, ...cheap.requests]).toEqual([]);
});
