import { describe, expect, test } from "vitest";
import { rateGate } from "../../src/chaos/door.ts";
import { embedded, memoryStore, read } from "../../src/index.ts";
import { fixedClock } from "../../src/testing/door.ts";
import { answeredBy, hits, looking, provider } from "./routed.ts";
import { agentOf, eventsOf, sleep, toolOf, until, worldOf } from "./world.ts";

const tools = { look: toolOf({ effect: read() }) };

describe("a route that asks for a long rest", () => {
  test("is waited for after all when the other one turns out to be dead", async () => {
    const clock = fixedClock();
    const faults = ["rate_limited_long:60000@1"];
    const one = await provider("chat", [{ text: "Done." }], {
      faults,
      gate: rateGate(() => clock.now()),
    });
    const dead = await provider("anthropic", [], { faults: ["server_error"] });
    const store = memoryStore();
    const { harness: made } = await worldOf(agentOf([one.model, dead.model]), {
      store,
      clock,
      engine: embedded({ pollMs: 5 }),
      modelRetry: { attemptsMax: 3, baseMs: 0, maxMs: 0 },
    });
    const run = await made.start("worker", { input: "go" });
    // The waits of no length still wait for the clock.
    for (let n = 0; n < 50; n++) {
      await clock.advance(1);
      await sleep(5);
    }
    expect((await store.get(run.runId))?.status).toBe("parked");
    await clock.advance(70_000);
    expect(await run.outcome()).toMatchObject({ kind: "succeeded", text: "Done." });
    expect(hits(one, dead)).toEqual([2, 3]);
    expect(one.exchanges.filter(({ earlyByMs }) => earlyByMs !== undefined)).toEqual([]);
    const answers = eventsOf(await run.events(), "model.faulted").map(({ answer }) => answer);
    expect(answers).toEqual(["rest", "wait", "wait", "switch"]);
  });

  test("is left for the other at once, and waited for when that one is of no more use", async () => {
    const clock = fixedClock();
    const one = await provider("chat", looking(2), {
      faults: ["rate_limited_long:60000@1"],
      gate: rateGate(() => clock.now()),
    });
    const two = await provider("anthropic", looking(2), { faults: ["unauthorized@3"] });
    const store = memoryStore();
    const { harness: made } = await worldOf(agentOf([one.model, two.model], { tools }), {
      store,
      clock,
      engine: embedded({ pollMs: 5 }),
      modelRetry: {},
    });
    const run = await made.start("worker", { input: "go" });
    await until(async () => (await store.get(run.runId))?.status === "parked");
    expect(hits(one, two)).toEqual([1, 3]);
    await clock.advance(70_000);
    expect((await run.outcome()).kind).toBe("succeeded");
    expect(hits(one, two)).toEqual([2, 3]);
    expect(answeredBy(await run.events())).toEqual([
      "anthropic.messages",
      "anthropic.messages",
      "openai.chat",
    ]);
  });
});
