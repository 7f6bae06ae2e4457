import { expect, test } from "vitest";
import { memoryStore, once, read } from "../../src/index.ts";
import { agentOf, modelOf, network, sleep, toolOf, worldOf } from "./world.ts";

/** Far below what a run that waits for a slot for ever would take. */
const LONG_MS = 3_000;

for (const effect of [read(), once()]) {
  test(`a turn that the journal refuses gives its slot of a ${effect.class} tool back`, async () => {
    let hits = 0;
    const only = toolOf({
      effect,
      concurrency: 1,
      execute: () => {
        hits += 1;
        return "ok";
      },
    });
    const tools = { only };
    const large = modelOf({ text: "x".repeat(300_000), calls: [{ tool: "only" }] });
    const small = modelOf({ calls: [{ tool: "only" }] }, "Done.");
    const { harness: made, problems } = await worldOf(
      [agentOf(large, { name: "large", tools }), agentOf(small, { name: "small", tools })],
      { store: memoryStore({ limits: { blobBytesMax: 100_000 } }) },
    );
    const first = await made.start("large", { input: 1 });
    expect((await first.outcome()).reason.code).toBe("limit_event_size");
    expect(hits).toBe(0);
    const second = await made.start("small", { input: 1 });
    const ended = await Promise.race([second.outcome(), sleep(LONG_MS)]);
    expect(ended).toMatchObject({ kind: "succeeded" });
    expect(hits).toBe(1);
    expect(problems).toEqual([]);
  });
}

test("a store that fails while a call waits for its slot costs no slot", async () => {
  const store = memoryStore();
  const circuits = store.circuits.bind(store);
  let failures = 0;
  let hits = 0;
  store.circuits = async () => {
    if (hits === 1 && failures === 0) {
      failures += 1;
      throw new Error("disk");
    }
    return circuits();
  };
  const only = toolOf({
    effect: read(),
    concurrency: 1,
    retry: { retriesMax: 0 },
    execute: async () => {
      hits += 1;
      if (hits > 1) return "ok";
      // Longer than what is known of breakers stays fresh.
      await sleep(300);
      throw network("ECONNREFUSED");
    },
  });
  const model = modelOf({ calls: [{ tool: "only" }, { tool: "only" }] }, "Done.");
  const { harness: made } = await worldOf(agentOf(model, { tools: { only } }), { store });
  const run = await made.start("worker", { input: 1 });
  const ended = await Promise.race([run.outcome(), sleep(2 * LONG_MS)]);
  expect(ended).toMatchObject({ kind: "succeeded" });
  expect(failures).toBe(1);
});
