import { describe, expect, test } from "vitest";
import { read } from "../../src/index.ts";
import { findFault, type FaultPlan } from "../../src/chaos/door.ts";
import { brisk, looking, provider, type Provider } from "./routed.ts";
import { agentOf, eventsOf, play, toolOf } from "./world.ts";

const options = { modelRetry: brisk };

/** Refuses what is longer than so many characters, as a provider with a small window does. */
function windowOf(chars: number, fault: string): FaultPlan {
  return {
    next: ({ request }) => {
      const isLong = JSON.stringify(request.messages).length > chars;
      return isLong ? [{ fault: findFault(fault), argument: undefined, random: Math.random }] : [];
    },
  };
}

function hashes({ exchanges }: Provider): readonly string[] {
  return exchanges.map(({ requestHash }) => requestHash);
}

function wordsOf(chars: number): string {
  return "a long page of words ".repeat(Math.ceil(chars / 21)).slice(0, chars);
}

const tools = { look: toolOf({ effect: read(), execute: () => wordsOf(20_000) }) };

describe("a conversation that does not fit", () => {
  for (const [client, fault] of [
    ["chat", "overflow"],
    ["responses", "overflow"],
    ["anthropic", "overflow_anthropic"],
    ["gemini", "overflow_gemini"],
    ["chat", "overflow_vllm"],
  ] as const) {
    test(`is sent smaller until it does, and stays smaller (${client}, ${fault})`, async () => {
      const plan = windowOf(60_000, fault);
      const one = await provider(client, looking(9), { plan });
      const { outcome, events } = await play(agentOf(one.model, { tools }), options);
      expect(outcome).toMatchObject({ kind: "succeeded", text: "Done." });
      const shrunk = eventsOf(events, "model.faulted");
      expect(shrunk.length).toBeGreaterThanOrEqual(2);
      expect(new Set(shrunk.map(({ answer }) => answer))).toEqual(new Set(["shrink"]));
      // A refused body is never sent again.
      expect(new Set(hashes(one)).size).toBe(one.exchanges.length);
      // What is left out is paid for once in a few turns, not in each.
      expect(shrunk.length).toBeLessThanOrEqual(4);
      expect(one.exchanges.filter(({ status }) => (status ?? 0) >= 400)).toHaveLength(
        shrunk.length,
      );
      expect(prefixBreaks(one)).toBeLessThanOrEqual(shrunk.length);
    });
  }

  test("even at its smallest ends the run, with what to do about it", async () => {
    const one = await provider("chat", looking(9), { faults: ["overflow"] });
    const { outcome, events } = await play(agentOf(one.model, { tools }), options);
    expect(outcome).toMatchObject({
      kind: "failed_recoverable",
      reason: { code: "model_overflow" },
    });
    expect(outcome.reason.hint).not.toBe("");
    expect(one.exchanges).toHaveLength(1);
    expect(eventsOf(events, "model.faulted")).toMatchObject([{ answer: "fail" }]);
  });

  test("after all that can be left out ends the run, no body sent twice", async () => {
    // Fits three pages, and nothing at all once there are more.
    const plan = windowOf(60_000, "overflow");
    const never: FaultPlan = {
      next: (exchange) => {
        if (exchange.decision < 3) return plan.next(exchange);
        return [{ fault: findFault("overflow"), argument: undefined, random: Math.random }];
      },
    };
    const one = await provider("chat", looking(9), { plan: never });
    const { outcome, events } = await play(agentOf(one.model, { tools }), options);
    expect(outcome).toMatchObject({ reason: { code: "model_overflow" } });
    const answers = eventsOf(events, "model.faulted").map(({ answer }) => answer);
    expect(answers.length).toBeGreaterThan(1);
    expect(answers.length).toBeLessThanOrEqual(4);
    expect(answers.at(-1)).toBe("fail");
    expect(new Set(hashes(one)).size).toBe(one.exchanges.length);
  });

  test("for one route fits another: `on` the overflow", async () => {
    const small = await provider("chat", looking(3), { plan: windowOf(30_000, "overflow") });
    const large = await provider("gemini", looking(3));
    const { outcome } = await play(
      agentOf([small.model, { model: large.model, on: ["context_overflow"] }], {
        tools: { look: toolOf({ effect: read(), execute: () => ({ error: "e".repeat(900) }) }) },
        instructions: wordsOf(29_000),
      }),
      options,
    );
    expect(outcome.kind).toBe("succeeded");
    expect(new Set(hashes(small)).size).toBe(small.exchanges.length);
    expect(large.exchanges.length).toBeGreaterThan(0);
    expect(large.refused()).toEqual([]);
  });

  test("for the output it reserves asks for less output first, and goes on doing so", async () => {
    const one = await provider("anthropic", looking(2), { faults: ["overflow_output@2"] });
    const made = agentOf(one.model, { tools, maxOutputTokens: 32_000 });
    const { outcome, events } = await play(made, options);
    expect(outcome.kind).toBe("succeeded");
    const [fault] = eventsOf(events, "model.faulted");
    expect(fault).toMatchObject({ answer: "shrink", outputTokensMax: 200_000 - 178_211 });
    expect(fault?.shrink).toBeUndefined();
    expect(one.exchanges).toHaveLength(4);
  });

  test("goes by the output that the route itself reserves", async () => {
    const one = await provider("anthropic", looking(2), { faults: ["overflow_output"] });
    const route = { model: one.model, settings: { maxOutputTokens: 1_000 } };
    const { outcome } = await play(agentOf([route], { maxOutputTokens: 32_000 }), options);
    // Less than 1,000 was not asked for, and nothing else could be left out.
    expect(outcome).toMatchObject({ reason: { code: "model_overflow" } });
    expect(one.exchanges).toHaveLength(1);
  });
});

/** How often a request does not begin with the whole of the answered one before it. */
function prefixBreaks({ requests }: Provider): number {
  let breaks = 0;
  let kept = 0;
  for (const [n, request] of requests.entries()) {
    const before = requests[n - 1];
    if (before === undefined) continue;
    const prefix = request.messages.slice(0, before.messages.length);
    if (JSON.stringify(prefix) === JSON.stringify(before.messages)) kept += 1;
    else breaks += 1;
  }
  expect(kept).toBeGreaterThan(3);
  return breaks;
}
