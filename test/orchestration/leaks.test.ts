import { describe, expect, test } from "vitest";
import { harness, idempotent, memoryStore, once, read } from "../../src/index.ts";
import { agentOf, modelOf, network, sleep, toolOf, until, worldOf } from "./world.ts";

/** What keeps the process alive, counted by kind; immediates come and go. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}

describe("nothing is left behind", () => {
  test("by 200 runs with reads, effects, retries and a reconcile", async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): void => {
      warnings.push(`${warning.name}: ${warning.message}`);
    };
    process.on("warning", listen);
    const look = toolOf({ effect: read(), execute: () => sleep(1) });
    const set = toolOf({
      effect: idempotent(),
      retry: { baseMs: 1, maxMs: 1 },
      // Every first attempt fails: what a breaker is there for is not what is looked at here.
      breaker: false,
      execute: (_input, { attempt }) => {
        if (attempt === 1) throw network("ECONNRESET");
        return "set";
      },
    });
    const pay = toolOf({
      effect: once({ settlesWithinMs: 0, reconcile: () => "found" }),
      execute: () => {
        throw new Error("lost");
      },
    });
    const reads = Array.from({ length: 20 }, () => ({ tool: "look" }));
    const model = modelOf({ calls: [...reads, { tool: "set" }, { tool: "pay" }] }, "Done.");
    const before = timers();
    const made = await harness({
      agents: [agentOf(model, { tools: { look, set, pay } })],
      store: memoryStore(),
    });
    const runs = await Promise.all(
      Array.from({ length: 200 }, (_, n) => made.start("worker", { input: n })),
    );
    const outcomes = await Promise.all(runs.map((run) => run.outcome()));
    expect(outcomes.every((outcome) => outcome.kind === "succeeded")).toBe(true);
    await made.close(1_000);
    await sleep(50);
    process.off("warning", listen);
    expect(timers()).toBeLessThanOrEqual(before);
    expect(warnings.filter((warning) => warning.includes("MaxListeners"))).toEqual([]);
  });

  test("by a wait for an outcome that a drain ends: it is told, and how to go on", async () => {
    const before = timers();
    const { harness: made } = await worldOf(agentOf(modelOf(() => new Promise(() => undefined))));
    const run = await made.start("worker", { input: 1 });
    const waiting = [run.outcome(), run.outcome()];
    const told = await Promise.all([
      Promise.allSettled(waiting),
      sleep(20).then(() => made.drain(20)),
    ]);
    for (const result of told[0]) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "aborted" } });
      expect(String((result as PromiseRejectedResult).reason.hint)).toContain("next process");
    }
    await expect(run.outcome()).rejects.toMatchObject({ code: "aborted" });
    await sleep(50);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test("of a run that ended, its outcome is told after a drain too", async () => {
    const { harness: made } = await worldOf(agentOf(modelOf("Done.")));
    const run = await made.start("worker", { input: 1 });
    await run.outcome();
    await made.drain();
    expect((await run.outcome()).kind).toBe("succeeded");
  });

  test("for others, when one run cannot be read", async () => {
    const store = memoryStore();
    const agent = agentOf(modelOf("Done."));
    const front = await worldOf(agent, { store, work: false });
    const bad = await front.harness.start("worker", { input: 1 });
    const good = await front.harness.start("worker", { input: 2 });
    const waiting = Promise.allSettled([bad.outcome(), good.outcome()]);
    const get = store.get.bind(store);
    await sleep(20);
    store.get = async (runId) => {
      if (runId === bad.runId) throw new Error("disk");
      return get(runId);
    };
    await worldOf(agent, { store });
    const [first, second] = await waiting;
    expect(first).toMatchObject({ status: "rejected", reason: { message: "disk" } });
    expect(second).toMatchObject({ status: "fulfilled", value: { kind: "succeeded" } });
  });
});

test("an onProblem that throws stops nothing", async () => {
  const store = memoryStore();
  const other = agentOf(modelOf("Done."), { name: "other" });
  const front = await worldOf([other, agentOf(modelOf("Done."))], { store, work: false });
  await front.harness.start("other", { input: 1 });
  const run = await front.harness.start("worker", { input: 1 });
  let told = 0;
  await worldOf(agentOf(modelOf("Done.")), {
    store,
    onProblem: () => {
      told += 1;
      throw new Error("the logger is broken");
    },
  });
  expect((await run.outcome()).kind).toBe("succeeded");
  await until(() => told > 0);
});
