import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { embedded, memoryStore, type Harness, type Run } from "../../src/index.ts";
import { faultPlan, findFault, rateGate, type FaultPlan } from "../../src/chaos/door.ts";
import { fixedClock } from "../../src/testing/door.ts";
import { bridle } from "../cli/command.ts";
import { makeFolder, openJournal } from "../storage/folder.ts";
import { looking, provider } from "./routed.ts";
import { agentOf, eventsOf, sleep, until, wholeJournal, worldOf } from "./world.ts";

function startMany(made: Harness, count: number): Promise<readonly Run[]> {
  return Promise.all(
    Array.from({ length: count }, (_unused, n) => made.start("worker", { input: n })),
  );
}

/** Fails with this until it is told to stop. */
function failing(fault: string): FaultPlan & { isDown: boolean } {
  const down = { fault: findFault(fault), argument: undefined, random: Math.random };
  const plan = { isDown: true, next: () => (plan.isDown ? [down] : []) };
  return plan;
}

const quick = { attemptsMax: 5, baseMs: 1, maxMs: 20, waitMaxMs: 5_000 };

describe("the retries of all runs together", () => {
  test("are no more than the burst and what time adds to it", async () => {
    const dead = await provider("chat", [], { plan: failing("server_error") });
    const fleet = { burst: 20, perSecond: 100 };
    const { harness: made } = await worldOf(agentOf(dead.model), {
      modelRetry: { ...quick, fleet, breaker: { failuresMax: 10_000 } },
    });
    const since = performance.now();
    const runs = await startMany(made, 64);
    const outcomes = await Promise.all(runs.map((run) => run.outcome()));
    const seconds = (performance.now() - since) / 1_000;
    expect(new Set(outcomes.map(({ reason }) => reason.code))).toEqual(new Set(["model_failed"]));
    // Each run made its five attempts: none was given up for want of a place.
    expect(dead.exchanges).toHaveLength(64 * 5);
    expect(seconds).toBeGreaterThan((64 * 4 - fleet.burst) / fleet.perSecond - 0.1);
    // At each moment, not only at the end.
    const [first] = dead.exchanges;
    for (const [n, { atMs }] of dead.exchanges.toSorted((a, b) => a.atMs - b.atMs).entries()) {
      const ms = atMs - (first?.atMs ?? 0) + 250;
      expect(n + 1).toBeLessThanOrEqual(64 + fleet.burst + (fleet.perSecond * ms) / 1_000);
    }
  });
});

describe("50 runs on a dead model", () => {
  test("with another route leave it after one try each and succeed there", async () => {
    const dead = await provider("chat", [], { plan: failing("server_error") });
    const well = await provider("anthropic", looking(0));
    const { harness: made, store } = await worldOf(agentOf([dead.model, well.model]), {
      modelRetry: quick,
    });
    const runs = await startMany(made, 50);
    const outcomes = await Promise.all(runs.map((run) => run.outcome()));
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(50).fill("succeeded"));
    // One first try each at most, and what fails before the breaker opens.
    expect(dead.exchanges.length).toBeGreaterThanOrEqual(10);
    expect(dead.exchanges.length).toBeLessThanOrEqual(50 + 10);
    expect(well.exchanges).toHaveLength(50);
    const [row] = await store.circuits();
    expect(row).toMatchObject({ scope: "model/openai.chat/gpt-4.1", opens: 1 });
    // Who comes now does not touch it at all.
    const before = dead.exchanges.length;
    await Promise.all((await startMany(made, 20)).map((run) => run.outcome()));
    expect(dead.exchanges.length).toBe(before);
    expect(well.exchanges).toHaveLength(70);
  });

  test("without another wait until a probe succeeds; none is lost, and few ask meanwhile", async () => {
    const plan = failing("server_error");
    const only = await provider("chat", looking(0), { plan });
    const breaker = { failuresMax: 10, openMs: 200, openMaxMs: 400 };
    const { harness: made, store } = await worldOf(agentOf(only.model), {
      modelRetry: { ...quick, breaker },
    });
    const since = performance.now();
    const runs = await startMany(made, 50);
    await until(async () => (await store.circuits()).some(({ opens }) => opens > 0));
    await sleep(1_500);
    const inVain = only.exchanges.length;
    const probes = (performance.now() - since) / breaker.openMs;
    expect(inVain).toBeLessThanOrEqual(50 + 10 + probes);
    plan.isDown = false;
    const outcomes = await Promise.all(runs.map((run) => run.outcome()));
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(50).fill("succeeded"));
    expect(only.exchanges.length).toBeLessThanOrEqual(inVain + 1 + 50);
    expect(await store.circuits()).toMatchObject([{ openUntil: 0, failures: 0, probe: null }]);
  });

  test("is told by `bridle show` and `bridle breakers`", async () => {
    const plan = failing("server_error");
    const only = await provider("chat", looking(0), { plan });
    const cwd = makeFolder();
    const store = openJournal(join(cwd, "bridle.db"));
    const breaker = { failuresMax: 2, openMs: 3_000 };
    const { harness: made } = await worldOf(agentOf(only.model), {
      store,
      modelRetry: { ...quick, waitMaxMs: 100, breaker },
    });
    const run = await made.start("worker", { input: "go" });
    await until(async () => (await store.get(run.runId))?.status === "parked");
    const shown = await bridle({ cwd }, "show", run.runId);
    expect(shown.stdout).toContain("unavailable (HTTP 500)");
    expect(shown.stdout).toMatch(/parked +waits for /);
    const listed = await bridle({ cwd }, "breakers");
    expect(listed.stdout).toMatch(/model\/openai\.chat\/gpt-4\.1 +open +2 +1 /);
    plan.isDown = false;
    expect((await run.outcome()).kind).toBe("succeeded");
  });
});

describe("200 runs that one 429 sent to rest", () => {
  test("come back apart, and none before its time", async () => {
    const clock = fixedClock();
    const told = 120_000;
    const one = await provider("chat", looking(0), {
      plan: faultPlan({ faults: [`rate_limited_long:${told}@1`] }),
      gate: rateGate(() => clock.now()),
    });
    const store = memoryStore();
    const { harness: made } = await worldOf(agentOf(one.model), {
      store,
      clock,
      engine: embedded({ pollMs: 5, concurrency: 256 }),
      modelRetry: {},
    });
    const restAt = clock.now();
    const runs = [await made.start("worker", { input: "first" })];
    await until(async () => (await store.get(runs[0]?.runId ?? ""))?.status === "parked");
    runs.push(...(await startMany(made, 199)));
    await until(async () => (await store.list({ status: "parked", limit: 500 })).length === 200);
    expect(one.exchanges).toHaveLength(1);
    const wakes = (await store.list({ status: "parked", limit: 500 })).map(
      ({ wakeAt }) => (wakeAt ?? 0) - restAt,
    );
    expect(Math.min(...wakes)).toBeGreaterThanOrEqual(told);
    expect(Math.max(...wakes)).toBeLessThanOrEqual(told + 5_000);
    // Even over five seconds: 40 in one second, and about 4 in each tenth of one.
    const tenths = Map.groupBy(wakes, (ms) => Math.floor(ms / 100));
    expect(tenths.size).toBeGreaterThan(30);
    expect(Math.max(...[...tenths.values()].map(({ length }) => length))).toBeLessThan(20);
    await clock.advance(told - 1_000);
    await sleep(50);
    expect(one.exchanges).toHaveLength(1);
    for (let ms = 0; ms < 7_000; ms += 500) {
      await clock.advance(500);
      await sleep(20);
    }
    for (const run of runs) expect((await run.outcome()).kind).toBe("succeeded");
    expect(one.exchanges).toHaveLength(201);
    expect(one.exchanges.filter(({ earlyByMs }) => earlyByMs !== undefined)).toEqual([]);
  });
});

describe("a run that is parked for a rate limit", () => {
  async function parked() {
    const clock = fixedClock();
    const one = await provider("chat", looking(0), {
      plan: faultPlan({ faults: ["rate_limited_long:120000@1"] }),
      gate: rateGate(() => clock.now()),
    });
    const store = memoryStore();
    const hasty = agentOf(one.model, { name: "hasty", limits: { wallMs: 60_000 } });
    const { harness: made } = await worldOf([agentOf(one.model), hasty], {
      store,
      clock,
      engine: embedded({ pollMs: 5 }),
      modelRetry: {},
    });
    const run = await made.start("worker", { input: "go" });
    await until(async () => (await store.get(run.runId))?.status === "parked");
    return { clock, one, store, run, made };
  }

  test("ends at once when it is cancelled", async () => {
    const { one, store, run } = await parked();
    await run.cancel("not needed any more");
    expect((await run.outcome()).kind).toBe("cancelled");
    expect(one.exchanges).toHaveLength(1);
    await wholeJournal(store, run.runId);
  });

  test("ends at once when another run's rest outlasts it, and asks nobody", async () => {
    const { one, store, made } = await parked();
    const run = await made.start("hasty", { input: "go" });
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ kind: "failed_recoverable", reason: { code: "model_failed" } });
    expect(outcome.reason.message).toContain("left alone for too long");
    expect(one.exchanges).toHaveLength(1);
    await wholeJournal(store, run.runId);
  });

  test("is not parked for a rest that outlasts it: it ends, and says why", async () => {
    const clock = fixedClock();
    const one = await provider("chat", looking(0), { faults: ["rate_limited_long:120000@1"] });
    const store = memoryStore();
    const { harness: made } = await worldOf(agentOf(one.model, { limits: { wallMs: 60_000 } }), {
      store,
      clock,
      engine: embedded({ pollMs: 5 }),
      modelRetry: {},
    });
    const run = await made.start("worker", { input: "go" });
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ kind: "failed_recoverable", reason: { code: "model_failed" } });
    const events = await wholeJournal(store, run.runId);
    expect(eventsOf(events, "model.faulted")).toMatchObject([{ answer: "fail" }]);
  });
});
