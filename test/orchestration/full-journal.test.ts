import { APICallError } from "@ai-sdk/provider";
import { expect, test } from "vitest";
import { memoryStore } from "../../src/index.ts";
import { eventsReserved } from "../../src/journal/limits.ts";
import { agentOf, modelOf, sleep, wholeJournal, worldOf } from "./world.ts";

const EVENTS_MAX = eventsReserved + 60;

function overloaded(): APICallError {
  const about = { url: "http://model.test", requestBodyValues: {}, isRetryable: true };
  return new APICallError({ message: "no", ...about, statusCode: 503 });
}

for (const waitMaxMs of [0, 1_000]) {
  test(`a run whose faults fill its journal ends in order (waits of ${waitMaxMs} ms)`, async () => {
    const store = memoryStore({ limits: { eventsPerRunMax: EVENTS_MAX } });
    let asked = 0;
    const model = modelOf(() => {
      asked += 1;
      throw overloaded();
    });
    const { harness: made, problems } = await worldOf(agentOf(model), {
      store,
      modelRetry: {
        attemptsMax: 1_000,
        runRetriesMax: 10_000,
        baseMs: 1,
        maxMs: 1,
        waitMaxMs,
        breaker: { failuresMax: 100_000 },
      },
    });
    const run = await made.start("worker", { input: 1 });
    const outcome = await Promise.race([run.outcome(), sleep(12_000)]);
    expect(outcome).toMatchObject({
      kind: "failed_recoverable",
      reason: { code: "limit_events" },
    });
    const events = await wholeJournal(store, run.runId);
    expect(events.length).toBeLessThanOrEqual(EVENTS_MAX);
    // An answer could not have been written any more: it is not asked for.
    expect(asked).toBeLessThanOrEqual(EVENTS_MAX - eventsReserved);
    expect(problems).toEqual([]);
  });
}
