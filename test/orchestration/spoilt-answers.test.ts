import { expect, test } from "vitest";
import { summarise } from "../../src/cli/render/summary.ts";
import { agentOf, eventsOf, modelOf, play, type PlayedModel } from "./world.ts";

function named(modelId: string, model: PlayedModel): PlayedModel {
  return { ...model, modelId };
}

const filtered = { text: "no", finish: "content-filter" };

test("an answer that is not taken counts in the run's usage: it is billed", async () => {
  const one = named("one", modelOf(filtered));
  const two = named("two", modelOf("Fine."));
  const { outcome, events, store, run } = await play(agentOf([one, two]));
  expect(outcome).toMatchObject({ kind: "succeeded", text: "Fine." });
  const usage = { inputTokens: 10, outputTokens: 5 };
  expect(eventsOf(events, "model.faulted")).toMatchObject([
    { answer: "switch", asked: "played/one", billed: { model: "played/one", usage } },
  ]);
  expect(outcome.usage).toEqual({ inputTokens: 20, outputTokens: 10 });
  const row = await store.get(run.runId);
  if (row === undefined) throw new Error("the run is gone");
  const price = (usd: number) => ({ inputUsd: usd, outputUsd: usd });
  const prices = { "played/one": price(1_000), "played/two": price(1_000_000) };
  const told = { row, events, prices, now: Date.now() };
  expect(summarise(told).costUsd).toBeCloseTo(0.015 + 15, 6);
});

test("a run's limit of tokens counts answers that were not taken", async () => {
  const one = named("one", modelOf(filtered));
  const two = named("two", modelOf({ calls: [{ tool: "none" }] }));
  const { outcome } = await play(agentOf([one, two], { limits: { tokensMax: 25 } }));
  expect(outcome.reason.code).toBe("limit_tokens");
});
