import { APICallError } from "@ai-sdk/provider";
import { expect, test } from "vitest";
import { embedded, memoryStore } from "../../src/index.ts";
import { fixedClock } from "../../src/testing/door.ts";
import { agentOf, eventsOf, modelOf, until, wholeJournal, worldOf } from "./world.ts";
import type { PlayedModel, Turn } from "./world.ts";

function named(modelId: string, model: PlayedModel): PlayedModel {
  return { ...model, modelId };
}

function refusal(statusCode: number, responseHeaders: Record<string, string> = {}): Turn {
  const about = { url: "http://model.test", requestBodyValues: {}, isRetryable: false };
  return { fails: new APICallError({ message: "no", ...about, statusCode, responseHeaders }) };
}

const limited = refusal(429, { "retry-after": "60" });

async function playOn(one: PlayedModel, two: PlayedModel, wallMs = 3_600_000) {
  const clock = fixedClock();
  const store = memoryStore();
  const { harness: made } = await worldOf(agentOf([one, two], { limits: { wallMs } }), {
    store,
    clock,
    engine: embedded({ pollMs: 5 }),
    modelRetry: { waitMaxMs: 10_000 },
  });
  const run = await made.start("worker", { input: 1 });
  const standing = async () => (await store.get(run.runId))?.status ?? "";
  await until(async () => ["parked", "finished"].includes(await standing()));
  return { clock, store, run, standing };
}

test("a route that asked for a minute is waited for when the one behind it gives up", async () => {
  const one = named("one", modelOf(limited, "Done."));
  const two = named("two", modelOf(refusal(401)));
  const { clock, store, run, standing } = await playOn(one, two);
  expect(await standing()).toBe("parked");
  expect([one.requests.length, two.requests.length]).toEqual([1, 1]);
  await clock.advance(67_000);
  expect(await run.outcome()).toMatchObject({ kind: "succeeded", text: "Done." });
  const events = await wholeJournal(store, run.runId);
  expect(eventsOf(events, "model.faulted")).toMatchObject([
    { answer: "rest", asked: "played/one", notBefore: expect.any(Number) },
    { answer: "switch", asked: "played/two" },
  ]);
  expect([one.requests.length, two.requests.length]).toEqual([2, 1]);
});

test("of two routes that both rest for long the first to wake is asked", async () => {
  const one = named("one", modelOf(limited, "One."));
  const two = named("two", modelOf(refusal(429, { "retry-after": "30" }), "Two."));
  const { clock, run, standing } = await playOn(one, two);
  expect(await standing()).toBe("parked");
  await clock.advance(35_000);
  expect((await run.outcome()).text).toBe("Two.");
  expect(one.requests).toHaveLength(1);
});

test("a rest that outlasts the run is not waited for", async () => {
  const one = named("one", modelOf(limited));
  const two = named("two", modelOf(refusal(401)));
  const { run } = await playOn(one, two, 50_000);
  expect((await run.outcome()).reason.code).toBe("model_failed");
});
