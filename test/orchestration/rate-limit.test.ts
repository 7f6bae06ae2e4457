import { expect, test } from "vitest";
import { embedded, memoryStore } from "../../src/index.ts";
import { scriptedModel, type ScriptedStep } from "../../src/chaos/door.ts";
import { fixedClock } from "../../src/testing/door.ts";
import { serve } from "../chaos/served.ts";
import { agentOf, eventsOf, play, until, wholeJournal, worldOf } from "./world.ts";

function limited(headers: Record<string, string>, code = "rate_limit_exceeded"): ScriptedStep {
  const error = { message: "Rate limit reached for requests", type: "requests", code };
  return { fail: { status: 429, body: { error }, headers } };
}

async function servedBy(steps: readonly ScriptedStep[]) {
  const model = scriptedModel(steps);
  const server = await serve({ models: () => model });
  return { server, reference: { baseURL: server.urlFor(""), modelId: "simulated" } };
}

test("a retry-after of two minutes parks the run: no process holds it, then it succeeds", async () => {
  const clock = fixedClock();
  const { server, reference } = await servedBy([
    limited({ "retry-after": "120" }),
    { text: "Done." },
  ]);
  const store = memoryStore();
  const { harness: made, problems } = await worldOf(agentOf(reference), {
    store,
    clock,
    engine: embedded({ pollMs: 5 }),
    modelRetry: {},
  });
  const run = await made.start("worker", { input: "go" });
  await until(async () => (await store.get(run.runId))?.status === "parked");
  const parked = await store.get(run.runId);
  expect(parked?.lease).toBeNull();
  const waitMs = (parked?.wakeAt ?? 0) - clock.now();
  expect(waitMs).toBeGreaterThanOrEqual(120_000);
  expect(waitMs).toBeLessThanOrEqual(125_000);
  await clock.advance(119_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(server.requestCount()).toBe(1);
  expect((await store.get(run.runId))?.status).toBe("parked");
  await clock.advance(6_000);
  expect(await run.outcome()).toMatchObject({ kind: "succeeded", text: "Done." });
  expect(server.requestCount()).toBe(2);
  expect(problems).toEqual([]);
  const events = await wholeJournal(store, run.runId);
  expect(eventsOf(events, "model.faulted")).toMatchObject([
    { answer: "park", fault: { kind: "rate_limited", retryAfterMs: 120_000, status: 429 } },
  ]);
  expect(eventsOf(events, "model.answered")[0]?.attempts).toBe(2);
});

test("a parked run that somebody speaks to does not ask before its time", async () => {
  const clock = fixedClock();
  const { server, reference } = await servedBy([
    limited({ "retry-after": "120" }),
    { text: "Done." },
  ]);
  const store = memoryStore();
  const { harness: made } = await worldOf(agentOf(reference), {
    store,
    clock,
    engine: embedded({ pollMs: 5 }),
    modelRetry: {},
  });
  const run = await made.start("worker", { input: "go" });
  await until(async () => (await store.get(run.runId))?.status === "parked");
  await run.steer("Please hurry.");
  await until(async () => {
    const events = await store.read(run.runId, 1);
    return events.filter((event) => event.kind === "run.parked").length === 2;
  });
  expect(server.requestCount()).toBe(1);
  await clock.advance(130_000);
  expect((await run.outcome()).kind).toBe("succeeded");
  expect(server.requestCount()).toBe(2);
});

for (const code of ["insufficient_quota", "credit_balance_exhausted"]) {
  test(`${code} is asked exactly once, and the run says what to do`, async () => {
    const { server, reference } = await servedBy(
      Array.from({ length: 5 }, () => limited({ "retry-after": "1" }, code)),
    );
    const { outcome, events } = await play(agentOf(reference));
    expect(server.requestCount()).toBe(1);
    expect(outcome).toMatchObject({
      kind: "failed_recoverable",
      reason: { code: "model_quota" },
    });
    expect(outcome.reason.hint).toMatch(/credit|billing|limit/i);
    expect(eventsOf(events, "model.faulted")).toMatchObject([{ answer: "fail" }]);
  });
}

for (const [form, headers, ms] of [
  ["seconds", { "retry-after": "0.03" }, 30],
  ["milliseconds", { "retry-after-ms": "40" }, 40],
  [
    "a reset header",
    { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "35ms" },
    35,
  ],
] as const) {
  test(`a wait told in ${form} is obeyed`, async () => {
    const { server, reference } = await servedBy([limited(headers), { text: "Done." }]);
    const { outcome, events } = await play(agentOf(reference));
    expect(outcome.kind).toBe("succeeded");
    expect(server.requestCount()).toBe(2);
    const [fault] = eventsOf(events, "model.faulted");
    expect(fault?.waitMs).toBeGreaterThanOrEqual(ms);
  });
}
