/** A run that is stopped while its model is asked: the connection closes, the journal says so. */
import { describe, expect, test } from "vitest";
import {
  faultPlan,
  scriptedModel,
  type ExchangeRecord,
  type ScriptedStep,
} from "../../src/chaos/door.ts";
import { embedded, memoryStore, type JournalStore } from "../../src/index.ts";
import { readEvents } from "../../src/journal/read-run.ts";
import { serve } from "../chaos/served.ts";
import { clientNames, WIRED, wiredModel } from "../generation/wire-clients.ts";
import { agentOf, eventsOf, kindsOf, until, wholeJournal, worldOf } from "./world.ts";

const answer: ScriptedStep = { text: "Good morning to you and to everybody else in this house." };
/** A cancel is answered in less than this, whatever the model does. */
const SOON_MS = 1_500;

interface Asked {
  readonly client: string;
  readonly stream: boolean;
  readonly steps?: readonly ScriptedStep[];
  readonly faults?: readonly string[];
  readonly store?: JournalStore;
}

/** A run whose model is being asked, and the server's own record of its requests. */
async function askedRun({ client, stream, steps = [answer], faults = [], store }: Asked) {
  const exchanges: ExchangeRecord[] = [];
  const script = scriptedModel(steps);
  const server = await serve({
    models: () => script,
    chunked: true,
    faults: faultPlan({ faults }),
    onExchange: (exchange) => exchanges.push(exchange),
  });
  const model = wiredModel(client, server.urlFor("r", WIRED[client]?.base), fetch);
  const agent = agentOf(model, { stream });
  const world = await worldOf(agent, {
    store: store ?? memoryStore(),
    engine: embedded({ pollMs: 20 }),
    modelRetry: { attemptsMax: 4, baseMs: 1, maxMs: 2, waitMaxMs: 60_000 },
  });
  const run = await world.harness.start("worker", { input: "go" });
  await until(() => server.requestCount() > 0);
  return { ...world, run, agent, server, exchanges };
}

async function wait(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

const places: readonly (readonly [string, string, boolean])[] = [
  ["before the headers of a stream", "hang_before_headers", true],
  ["before the headers of a whole answer", "hang_before_headers", false],
  ["before the first byte of a stream", "hang_after_headers", true],
  ["before the first byte of a whole answer", "hang_after_headers", false],
  ["in the midst of a whole answer", "stall_mid_body", false],
  ["in the midst of a stream", "stall_in_text", true],
];

describe("a cancel while the model is asked closes the connection and ends the run", () => {
  for (const client of clientNames) {
    for (const [name, fault, stream] of places) {
      test(`${client}: ${name}`, async () => {
        const asked = await askedRun({ client, stream, faults: [fault] });
        const { run, exchanges, store, problems } = asked;
        await wait(100);
        expect(exchanges).toEqual([]);
        const started = Date.now();
        await run.cancel("no longer wanted");
        expect(await run.outcome()).toMatchObject({
          kind: "cancelled",
          reason: { code: "cancelled", message: "no longer wanted" },
        });
        await until(() => exchanges.length > 0, SOON_MS);
        expect(Date.now() - started).toBeLessThan(SOON_MS);
        expect(exchanges).toMatchObject([{ clientLeft: true }]);
        const events = await wholeJournal(store, run.runId);
        const [fallen, ...more] = eventsOf(events, "model.faulted");
        expect(more).toEqual([]);
        expect(fallen).toMatchObject({ answer: "stop", fault: { kind: "aborted" } });
        const isMidStream = fault === "stall_in_text";
        expect(answer.text.startsWith(fallen?.arrived?.text ?? "-")).toBe(isMidStream);
        expect(problems).toEqual([]);
      });
    }
  }
});

const limited: ScriptedStep = {
  fail: {
    status: 429,
    headers: { "retry-after": "20" },
    body: { error: { message: "Rate limit reached", code: "rate_limit_exceeded" } },
  },
};

test("a cancel during a wait ends the run without another request", async () => {
  const { run, server, store } = await askedRun({
    client: "chat",
    stream: true,
    steps: [limited, answer],
  });
  const waiting = async () => kindsOf(await readEvents(store, run.runId)).includes("model.faulted");
  await until(waiting);
  await wait(50);
  const started = Date.now();
  await run.cancel();
  expect((await run.outcome()).kind).toBe("cancelled");
  expect(Date.now() - started).toBeLessThan(SOON_MS);
  expect(server.requestCount()).toBe(1);
  const faults = eventsOf(await wholeJournal(store, run.runId), "model.faulted");
  expect(faults).toMatchObject([{ answer: "wait", fault: { kind: "rate_limited" } }]);
});

test("a drain during a wait gives the run back at once, and the next one waits on", async () => {
  const steps: ScriptedStep[] = [
    { fail: { ...limited.fail, headers: { "retry-after": "3" } } },
    answer,
  ];
  const first = await askedRun({ client: "chat", stream: true, steps });
  const { run, store, agent, server } = first;
  await until(async () => kindsOf(await readEvents(store, run.runId)).includes("model.faulted"));
  const started = Date.now();
  await first.harness.drain(30_000);
  expect(Date.now() - started).toBeLessThan(SOON_MS);
  expect((await store.get(run.runId))?.lease).toBeNull();
  const second = await worldOf(agent, { store, modelRetry: { waitMaxMs: 60_000 } });
  const outcome = await (await second.harness.run(run.runId)).outcome();
  expect(outcome).toMatchObject({ kind: "succeeded", text: answer.text });
  const events = await wholeJournal(store, run.runId);
  const notBefore = eventsOf(events, "model.faulted")[0]?.notBefore ?? Number.NaN;
  expect(eventsOf(events, "model.answered")[0]?.at ?? 0).toBeGreaterThanOrEqual(notBefore);
  expect(server.requestCount()).toBe(2);
  expect(eventsOf(events, "run.leased").map((leased) => "after" in leased)).toEqual([false]);
});

test("a drain during a stream waits for its answer, and no further turn is begun", async () => {
  const store = memoryStore();
  const asked = { client: "anthropic", stream: true, store, faults: ["slow_loris:1000"] };
  const { run, harness, server } = await askedRun(asked);
  await harness.drain(20_000);
  const kinds = kindsOf(await readEvents(store, run.runId));
  expect(kinds).toContain("model.answered");
  expect(kinds).not.toContain("model.faulted");
  expect(server.requestCount()).toBe(1);
});

test("a drain that cannot wait for a stream gives the run back, and another goes on", async () => {
  const first = await askedRun({ client: "google", stream: true, faults: ["stall_in_text@1"] });
  const { run, store, agent, exchanges, problems } = first;
  await wait(100);
  await first.harness.drain(50);
  await until(() => exchanges.length > 0, SOON_MS);
  expect(exchanges).toMatchObject([{ clientLeft: true }]);
  expect((await store.get(run.runId))?.lease).toBeNull();
  const second = await worldOf(agent, { store });
  const outcome = await (await second.harness.run(run.runId)).outcome();
  expect(outcome).toMatchObject({ kind: "succeeded", text: answer.text });
  const events = await wholeJournal(store, run.runId);
  // Given back in order: nobody crashed, and the provider did nothing wrong.
  expect(eventsOf(events, "run.leased").map((leased) => "after" in leased)).toEqual([false]);
  expect(eventsOf(events, "model.faulted")).toEqual([]);
  expect([...problems, ...second.problems]).toEqual([]);
});
