import { expect, test } from "vitest";
import { memoryStore, once, read } from "../../src/index.ts";
import { agentOf, modelOf, sleep, toolOf, worldOf } from "./world.ts";

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
