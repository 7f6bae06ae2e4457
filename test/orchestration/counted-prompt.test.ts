import { APICallError } from "@ai-sdk/provider";
import { expect, test } from "vitest";
import { memoryStore } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, play, toolOf, type PlayedModel } from "./world.ts";

function named(modelId: string, model: PlayedModel): PlayedModel {
  return { ...model, modelId };
}

/** No model makes so many tokens of it as it has bytes, and a played one says that it has ten. */
const LONG = "x".repeat(30_000);
const look = toolOf({ execute: () => LONG });

function refused(): APICallError {
  const about = { url: "http://model.test", requestBodyValues: {}, isRetryable: false };
  return new APICallError({ message: "no", ...about, statusCode: 401 });
}

test("R1: what one provider counted bounds no prompt to another", async () => {
  const store = memoryStore();
  const reserved: number[] = [];
  const reserve = store.reserve.bind(store);
  store.reserve = (reservation) => {
    for (const line of reservation.lines) {
      if (line.kind === "budget" && line.unit === "inputTokens") reserved.push(line.amount);
    }
    return reserve(reservation);
  };
  let answers = 0;
  const one = named(
    "one",
    modelOf({ calls: [{ tool: "look" }] }, { calls: [{ tool: "none" }] }, () => {
      answers += 1;
      throw refused();
    }),
  );
  const two = named("two", modelOf("1", "2", "Done."));
  const { outcome } = await play(
    agentOf([one, two], { tools: { look }, budget: { inputTokens: 1_000_000 } }),
    { store },
  );
  expect(outcome.text).toBe("Done.");
  expect(answers).toBe(1);
  const [, , third = 0, fourth = 0] = reserved;
  expect(reserved).toHaveLength(4);
  // The first route goes by its own count, the second by bytes.
  expect(third).toBeLessThan(5_000);
  expect(fourth).toBeGreaterThan(LONG.length);
});

/** As a real provider counts: about three bytes a token. */
function counting(model: PlayedModel): PlayedModel {
  return {
    ...model,
    doGenerate: async (options) => {
      const answer = await model.doGenerate(options);
      const total = Math.ceil(JSON.stringify(options.prompt).length / 3);
      const inputTokens = { total, noCache: total, cacheRead: 0, cacheWrite: 0 };
      return { ...answer, usage: { ...answer.usage, inputTokens } };
    },
  };
}

test("a route's window is the same with and without a budget", async () => {
  const step = { calls: [{ tool: "look" }] };
  const steps = Array.from({ length: 8 }, () => step);
  const tools = { look: toolOf({ execute: () => "x".repeat(6_000) }) };
  const firstLarge: number[] = [];
  for (const budget of [{}, { budget: { inputTokens: 1_000_000 } }]) {
    const small = counting(named("small", modelOf(...steps)));
    const large = counting(named("large", modelOf(...steps)));
    const { events } = await play(
      agentOf([{ model: small, contextTokensMax: 15_000 }, large], { tools, ...budget }),
    );
    const answered = eventsOf(events, "model.answered");
    firstLarge.push(answered.find(({ asked }) => asked === "played/large")?.turn ?? 0);
  }
  const [plain = 0, bounded] = firstLarge;
  expect(plain).toBeGreaterThan(2);
  expect(bounded).toBe(plain);
});
