import { APICallError } from "@ai-sdk/provider";
import { expect, test } from "vitest";
import { agentOf, eventsOf, modelOf, play, toolOf, type PlayedModel } from "./world.ts";

function named(modelId: string, model: PlayedModel): PlayedModel {
  return { ...model, modelId };
}

const tooLong = {
  fails: new APICallError({
    message:
      "This model's maximum context length is 8000 tokens. However, your messages resulted in " +
      "7500 tokens and you requested 1000 tokens",
    url: "http://model.test",
    requestBodyValues: {},
    statusCode: 400,
    isRetryable: false,
  }),
};

test("what fits one model's window does not bind the larger one behind it", async () => {
  const small = named("small", modelOf(tooLong, tooLong));
  const large = named("large", modelOf({ calls: [{ tool: "none" }] }, "Fine."));
  const { outcome, events } = await play(
    agentOf([small, { model: large, on: ["context_overflow"] }], { maxOutputTokens: 1_000 }),
  );
  expect(outcome).toMatchObject({ kind: "succeeded", text: "Fine." });
  expect(eventsOf(events, "model.faulted")).toMatchObject([
    { answer: "shrink", asked: "played/small", outputTokensMax: 500 },
    { answer: "switch", asked: "played/small" },
  ]);
  expect(small.requests.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([1_000, 500]);
  expect(large.requests.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([1_000, 1_000]);
});

test("each route may find out for itself how much output fits", async () => {
  const one = named("one", modelOf(tooLong, tooLong));
  const two = named("two", modelOf(tooLong, "Fine."));
  const { outcome } = await play(agentOf([one, two], { maxOutputTokens: 1_000 }));
  expect(outcome.text).toBe("Fine.");
  expect(two.requests.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([1_000, 500]);
});

test("an answer that is cut off at an output made smaller makes the history smaller instead", async () => {
  const look = toolOf({ execute: () => "x".repeat(20_000) });
  const step = { calls: [{ tool: "look" }] };
  let refused = 0;
  const outputs: (number | undefined)[] = [];
  const model = modelOf(step, step, (options) => {
    const chars = JSON.stringify(options.prompt).length;
    outputs.push(options.maxOutputTokens);
    if (chars > 30_000 && options.maxOutputTokens === 1_000) {
      refused += 1;
      return tooLong;
    }
    return options.maxOutputTokens === 1_000 ? "Whole." : { text: "Wh", finish: "length" };
  });
  const { outcome, events } = await play(
    agentOf(model, { tools: { look }, maxOutputTokens: 1_000 }),
  );
  expect(outcome).toMatchObject({ kind: "succeeded", text: "Whole." });
  expect(refused).toBe(1);
  expect(outputs).toEqual([1_000, 500, 1_000]);
  expect(eventsOf(events, "model.faulted")).toMatchObject([
    { answer: "shrink", outputTokensMax: 500, fault: { kind: "context_overflow" } },
    { answer: "shrink", shrink: { level: 1 }, fault: { kind: "truncated" } },
  ]);
});

test("an answer that is cut off at the author's own limit stands as it is", async () => {
  const model = modelOf({ text: "Wh", finish: "length" });
  const { outcome } = await play(agentOf(model, { maxOutputTokens: 1_000 }));
  expect(outcome.reason.code).toBe("model_truncated");
  expect(model.requests).toHaveLength(1);
});
