import { expect, test } from "vitest";
import { embedded, memoryStore } from "../../src/index.ts";
import { agentOf, modelOf, network, sleep, until, worldOf } from "./world.ts";

/** Runs that wait for one of the nine places that a model has after its first failure. */
const CROWD = 100;

test("runs that wait for a failing model reserve nothing, and all come to their end", async () => {
  const store = memoryStore();
  const counted = { reserves: 0 };
  const reserve = store.reserve.bind(store);
  store.reserve = (reservation) => {
    counted.reserves += 1;
    return reserve(reservation);
  };
  const flow = { asked: 0, inFlight: 0, most: 0, isOpen: false };
  const model = modelOf(async () => {
    flow.asked += 1;
    if (flow.asked === 1) throw network("ECONNRESET");
    flow.inFlight += 1;
    flow.most = Math.max(flow.most, flow.inFlight);
    while (!flow.isOpen) await sleep(10);
    flow.inFlight -= 1;
    return "Done.";
  });
  const { harness: made } = await worldOf(agentOf(model, { budget: { usd: 1 } }), {
    store,
    engine: embedded({ pollMs: 20, concurrency: 2 * CROWD }),
    prices: { "played/model": { inputUsd: 1, outputUsd: 2 } },
    modelRetry: {},
  });
  const first = await made.start("worker", { input: 0 });
  await until(() => flow.asked > 0);
  const runs = await Promise.all(
    Array.from({ length: CROWD }, (_unused, n) => made.start("worker", { input: n + 1 })),
  );
  await until(() => flow.inFlight === 9);
  await sleep(200);
  const before = counted.reserves;
  await sleep(1_000);
  expect(counted.reserves - before).toBeLessThanOrEqual(5);
  expect(flow.most).toBe(9);
  flow.isOpen = true;
  const outcomes = await Promise.all([first, ...runs].map((run) => run.outcome()));
  expect(outcomes.map(({ kind }) => kind)).toEqual(outcomes.map(() => "succeeded"));
});
