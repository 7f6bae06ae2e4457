/** The limits of an attempt and of the run, over a real wire: in the journal, and in time. */
import { describe, expect, test } from "vitest";
import {
  faultPlan,
  scriptedModel,
  type ExchangeRecord,
  type ScriptedStep,
} from "../../src/chaos/door.ts";
import type { ModelRetry } from "../../src/generation/retry.ts";
import { once, type AgentDefinition } from "../../src/index.ts";
import { serve } from "../chaos/served.ts";
import { agentOf, eventsOf, modelOf, play, toolOf, until, worldOf } from "./world.ts";

const retry: Partial<ModelRetry> = { attemptsMax: 4, baseMs: 1, maxMs: 2, waitMaxMs: 20_000 };
const LATE_MS = 1_500;

interface Served {
  readonly steps?: readonly ScriptedStep[];
  readonly faults?: readonly string[];
}

async function served({ steps = [{ text: "Good morning to you all." }], faults = [] }: Served) {
  const script = scriptedModel(steps);
  const exchanges: ExchangeRecord[] = [];
  const server = await serve({
    models: () => script,
    chunked: true,
    faults: faultPlan({ faults }),
    onExchange: (exchange) => exchanges.push(exchange),
  });
  return { server, exchanges, model: { baseURL: server.urlFor("r"), modelId: "m" } };
}

describe("an attempt that met a limit is in the journal with its phase, and is made again", () => {
  const cases = [
    ["first_byte", "hang_before_headers@1", true, { firstByteMs: 150 }],
    ["first_byte", "hang_after_headers@1", true, { firstByteMs: 150 }],
    ["idle", "stall_in_text@1", true, { idleMs: 150 }],
    ["total", "stall_in_text@1", true, { timeoutMs: 150 }],
    ["total", "hang_before_headers@1", false, { timeoutMs: 150 }],
    ["total", "stall_mid_body@1", false, { timeoutMs: 150 }],
  ] as const;
  for (const [phase, fault, stream, limits] of cases) {
    test(`${phase}: ${fault}`, async () => {
      const { model, exchanges } = await served({ faults: [fault] });
      const { outcome, events } = await play(agentOf(model, { stream }), {
        modelRetry: { ...retry, ...limits },
      });
      expect(outcome.kind).toBe("succeeded");
      const faulted = eventsOf(events, "model.faulted");
      expect(faulted).toMatchObject([{ answer: "wait", fault: { kind: "timeout", phase } }]);
      expect(faulted[0]?.ms ?? 0).toBeGreaterThanOrEqual(140);
      expect(faulted[0]?.ms ?? 0).toBeLessThan(150 + LATE_MS);
      const isMidStream = fault.startsWith("stall_in_text");
      expect((faulted[0]?.arrived?.text ?? "") !== "").toBe(isMidStream);
      await until(() => exchanges.length === 2);
      expect(exchanges[0]?.clientLeft).toBe(true);
    });
  }
});

describe("the run's time caps", () => {
  for (const stream of [true, false]) {
    for (const fault of ["hang_before_headers", "stall_mid_body"]) {
      const how = stream ? "a stream" : "a whole answer";
      test(`an attempt: ${how}, ${fault}`, async () => {
        const { model, exchanges } = await served({ faults: [fault] });
        // Two timers end together here: whichever comes first, the end is the same.
        const runs = Array.from({ length: 12 }, async (_, n) => {
          const limits = { wallMs: 200 + n };
          const started = Date.now();
          const ended = await play(agentOf(model, { stream, limits }), { modelRetry: retry });
          return { ...ended, tookMs: Date.now() - started };
        });
        for (const { outcome, tookMs, events } of await Promise.all(runs)) {
          expect(outcome).toMatchObject({ kind: "expired", reason: { code: "limit_wall_time" } });
          expect(tookMs).toBeLessThan(220 + LATE_MS);
          expect(eventsOf(events, "model.faulted")).toHaveLength(1);
        }
        await until(() => exchanges.length === 12);
        expect(exchanges.every(({ clientLeft }) => clientLeft)).toBe(true);
      });
    }
  }

  test("what a tool is told as its deadline, and a tool without one of its own", async () => {
    const seen: number[] = [];
    const note = toolOf({
      effect: once(),
      timeoutMs: 60_000,
      execute: (_input, { deadline }) => {
        seen.push(deadline);
        return "noted";
      },
    });
    const { model } = await served({
      steps: [{ call: { name: "note", arguments: {} } }, { text: "Done." }],
    });
    const started = Date.now();
    const limits = { wallMs: 5_000 };
    await play(agentOf(model, { tools: { note }, limits }), { modelRetry: retry });
    expect(seen).toHaveLength(1);
    expect(seen[0] ?? 0).toBeGreaterThan(started);
    expect(seen[0] ?? 0).toBeLessThanOrEqual(started + 5_000 + 200);
  });
});

function limited(seconds: number): ScriptedStep {
  const body = { error: { message: "Rate limit reached", code: "rate_limit_exceeded" } };
  return { fail: { status: 429, headers: { "retry-after": String(seconds) }, body } };
}

describe("no wait is begun that would outlast the run", () => {
  for (const [name, seconds] of [
    ["held in the process", 4],
    ["parked", 60],
  ] as const) {
    test(`not one that would be ${name}`, async () => {
      const { model, server } = await served({ steps: [limited(seconds), { text: "Hi." }] });
      const started = Date.now();
      const { outcome, events } = await play(agentOf(model, { limits: { wallMs: 3_000 } }), {
        modelRetry: retry,
      });
      expect(Date.now() - started).toBeLessThan(LATE_MS);
      expect(outcome).toMatchObject({
        kind: "failed_recoverable",
        reason: { code: "model_failed" },
      });
      expect(outcome.reason.message).toContain("HTTP 429");
      const faulted = eventsOf(events, "model.faulted");
      expect(faulted).toMatchObject([{ answer: "fail", fault: { kind: "rate_limited" } }]);
      expect(eventsOf(events, "run.parked")).toEqual([]);
      expect(server.requestCount()).toBe(1);
    });
  }

  test("nor one for a rest that another run was told", async () => {
    const { model, server } = await served({ steps: [limited(600), { text: "Hi." }] });
    const agents: AgentDefinition[] = [
      agentOf(model, { name: "first" }),
      agentOf(model, { name: "second", limits: { wallMs: 5_000 } }),
    ];
    const { harness, store } = await worldOf(agents, { modelRetry: retry });
    const first = await harness.start("first", { input: "go" });
    await until(async () => (await store.get(first.runId))?.status === "parked");
    const started = Date.now();
    const outcome = await (await harness.start("second", { input: "go" })).outcome();
    expect(Date.now() - started).toBeLessThan(LATE_MS);
    expect(outcome).toMatchObject({ kind: "failed_recoverable", reason: { code: "model_failed" } });
    expect(outcome.reason.message).toContain("Rate limit reached");
    expect(server.requestCount()).toBe(1);
  });
});

test("an abort that nobody wanted is a lost connection: asked again, then told", async () => {
  const given: unknown[] = [];
  const model = modelOf(() => {
    given.push(null);
    return { fails: new DOMException("This operation was aborted", "AbortError") };
  });
  const { outcome, events } = await play(agentOf(model), { modelRetry: retry });
  expect(outcome).toMatchObject({ kind: "failed_recoverable", reason: { code: "model_failed" } });
  expect(given).toHaveLength(4);
  expect(
    eventsOf(events, "model.faulted").map(({ answer, fault }) => [answer, fault.kind]),
  ).toEqual([
    ["wait", "unreachable"],
    ["wait", "unreachable"],
    ["wait", "unreachable"],
    ["fail", "unreachable"],
  ]);
});
