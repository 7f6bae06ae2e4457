import { describe, expect, test } from "vitest";
import { must, read } from "../../src/index.ts";
import type { Provider } from "./routed.ts";
import { answeredBy, brisk, hits, looking, provider } from "./routed.ts";
import { agentOf, eventsOf, modelOf, play, toolOf } from "./world.ts";

const look = toolOf({ effect: read(), execute: (input) => ({ seen: input }) });
const tools = { look };
const options = { modelRetry: brisk };

describe("a conversation over several providers", () => {
  test("goes from OpenAI to Anthropic to Gemini and back after tool calls, refused nowhere", async () => {
    const steps = looking(11);
    const openai = await provider("responses", steps, {
      faults: ["quota_exhausted@4", "spend_limit@5"],
    });
    const anthropic = await provider("anthropic", steps, { faults: ["payment_required@4"] });
    const gemini = await provider("gemini", steps, { faults: ["quota_per_day@4"] });
    const definition = agentOf([openai.model, anthropic.model, gemini.model], { tools });
    const { outcome, events, problems } = await play(definition, options);
    expect(outcome).toMatchObject({ kind: "succeeded", text: "Done." });
    expect(problems).toEqual([]);
    const order = answeredBy(events);
    expect(order).toHaveLength(12);
    expect([...new Set(order)]).toEqual([
      "openai.responses",
      "anthropic.messages",
      "google.generative-ai",
    ]);
    // Three answers each, then back to the first, which has recovered.
    expect(order.slice(9)).toEqual(order.slice(0, 3));
    expect(openai.refused()).toEqual(["429 quota_exhausted", "429 spend_limit"]);
    expect(anthropic.refused()).toEqual(["402 payment_required"]);
    expect(gemini.refused()).toEqual(["429 quota_per_day"]);
    expect(eventsOf(events, "model.faulted").map(({ answer }) => answer)).toEqual([
      "switch",
      "switch",
      "switch",
      "switch",
    ]);
    expect(eventsOf(events, "call.completed")).toHaveLength(11);
  });

  test("goes through the chat dialect too, streamed, with many calls at once", async () => {
    const steps = [
      { calls: [0, 1, 2].map((n) => ({ name: "look", arguments: { n } })) },
      { text: "More.", calls: [3, 4].map((n) => ({ name: "look", arguments: { n } })) },
      { calls: [5, 6].map((n) => ({ name: "look", arguments: { n } })) },
      ...looking(2).slice(0, 2),
      { text: "Done." },
    ];
    const chat = await provider("chat", steps, {
      faults: ["unauthorized@2", "forbidden@3"],
      chunked: true,
    });
    const anthropic = await provider("anthropic", steps, {
      faults: ["forbidden@2"],
      chunked: true,
    });
    const gemini = await provider("gemini", steps, {
      faults: ["model_not_found@2"],
      chunked: true,
    });
    const routes = [chat.model, anthropic.model, gemini.model];
    const { outcome, events } = await play(agentOf(routes, { tools, stream: true }), options);
    expect(outcome).toMatchObject({ kind: "succeeded", text: "Done." });
    expect(chat.refused()).toEqual(["401 unauthorized", "403 forbidden"]);
    expect(anthropic.refused()).toEqual(["403 forbidden"]);
    expect(gemini.refused()).toEqual(["404 model_not_found"]);
    expect(answeredBy(events)).toHaveLength(6);
  });

  test("stays with the second provider until that one faults", async () => {
    const steps = looking(6);
    const one = await provider("chat", steps, { faults: ["quota_exhausted@2"] });
    const two = await provider("anthropic", steps);
    const { outcome, events } = await play(agentOf([one.model, two.model], { tools }), options);
    expect(outcome.kind).toBe("succeeded");
    expect(answeredBy(events)).toEqual(["openai.chat", ...Array(6).fill("anthropic.messages")]);
    // The first was asked exactly once in vain.
    expect(hits(one, two)).toEqual([2, 6]);
  });
});

describe("a history that a provider refuses", () => {
  /** The first answer is nothing but signed reasoning, which is in the history from then on. */
  const faults = ["reasoning_only@1"];

  function hashes({ exchanges }: Provider): readonly string[] {
    return exchanges.map(({ requestHash }) => requestHash);
  }

  test("is repaired once, strictly, and never sent again as it was", async () => {
    const one = await provider("anthropic", looking(4), {
      faults: [...faults, "signature_refused@3"],
    });
    const { outcome, events } = await play(agentOf(one.model, { tools }), options);
    expect(outcome.kind).toBe("succeeded");
    expect(eventsOf(events, "model.faulted")).toMatchObject([
      { answer: "repair", fault: { kind: "invalid_request", about: "history" } },
    ]);
    expect(one.refused()).toEqual(["400 signature_refused"]);
    expect(new Set(hashes(one)).size).toBe(one.exchanges.length);
  });

  test("twice on a route goes to another route, and to none a second time", async () => {
    const one = await provider("anthropic", looking(2), {
      faults: [...faults, "signature_refused@2", "signature_refused@3"],
    });
    const two = await provider("gemini", looking(3));
    const { outcome, events } = await play(agentOf([one.model, two.model], { tools }), options);
    expect(outcome.kind).toBe("succeeded");
    expect(eventsOf(events, "model.faulted").map(({ answer }) => answer)).toEqual([
      "repair",
      "switch",
    ]);
    expect(new Set(hashes(one)).size).toBe(3);
    expect(hits(one)).toEqual([3]);
    expect(two.refused()).toEqual([]);
  });

  test("that has no stricter form is not sent twice", async () => {
    const one = await provider("anthropic", looking(2), { faults: ["signature_refused"] });
    const two = await provider("gemini", looking(2));
    const { outcome } = await play(agentOf([one.model, two.model], { tools }), options);
    expect(outcome.kind).toBe("succeeded");
    expect(hits(one, two)).toEqual([1, 3]);
    const ended = await play(agentOf(one.model, { tools }), options);
    expect(ended.outcome).toMatchObject({ reason: { code: "model_failed" } });
    expect(hits(one)).toEqual([2]);
  });
});

describe("what an author says about a route", () => {
  test("`on`: only that fault leads there", async () => {
    const steps = looking(1);
    const one = await provider("chat", steps, { faults: ["unauthorized"] });
    const two = await provider("anthropic", steps);
    const three = await provider("gemini", steps);
    const { outcome } = await play(
      agentOf(
        [
          one.model,
          { model: two.model, on: ["context_overflow"] },
          { model: three.model, on: ["auth", "quota_exhausted"] },
        ],
        { tools },
      ),
      options,
    );
    expect(outcome.kind).toBe("succeeded");
    expect(hits(one, two, three)).toEqual([1, 0, 2]);
  });

  test("`on` that fits no fault leaves the fault as the end", async () => {
    const one = await provider("chat", [{ text: "Done." }], { faults: ["quota_exhausted"] });
    const two = await provider("anthropic", [{ text: "Done." }]);
    const { outcome } = await play(
      agentOf([one.model, { model: two.model, on: ["context_overflow"] }]),
      options,
    );
    expect(outcome).toMatchObject({ kind: "failed_recoverable", reason: { code: "model_quota" } });
    expect(hits(one, two)).toEqual([1, 0]);
  });

  test("`afterUnmet`: a stronger model after the gate said no twice, and it stays", async () => {
    const weak = await provider("chat", [
      { text: "Done." },
      { text: "Done, really." },
      { text: "Never asked." },
    ]);
    const strong = await provider("anthropic", [
      { text: "-" },
      { text: "-" },
      { call: { name: "look", arguments: { n: 1 } } },
      { call: { name: "look", arguments: { n: 2 } } },
      { text: "Done." },
    ]);
    const { outcome, events } = await play(
      agentOf([weak.model, { model: strong.model, afterUnmet: 2 }], {
        tools,
        done: [must("it looked twice", ({ receipts }) => receipts.length >= 2)],
        gate: { roundsMax: 4 },
      }),
      options,
    );
    expect(outcome.kind).toBe("succeeded");
    expect(answeredBy(events).map((name) => name.split(".")[0])).toEqual([
      "openai",
      "openai",
      "anthropic",
      "anthropic",
      "anthropic",
    ]);
    expect(hits(weak, strong)).toEqual([2, 3]);
  });

  test("`budgetBelow`: a cheaper model for the last of the budget", async () => {
    const turns = Array.from({ length: 7 }, () => ({ calls: [{ tool: "look" }] }));
    const dear = modelOf(...turns, "Done.");
    const cheap = { ...modelOf(...turns, "Done."), modelId: "cheap" };
    // An answer has 5 tokens: after five of them less than half is left.
    const { outcome, events } = await play(
      agentOf([dear, { model: cheap, budgetBelow: 0.5 }], {
        tools,
        maxOutputTokens: 5,
        budget: { outputTokens: 49 },
      }),
      options,
    );
    expect(outcome.kind).toBe("succeeded");
    expect(eventsOf(events, "model.answered").flatMap(({ asked = [] }) => asked)).toEqual([
      "played/model",
      "played/cheap",
    ]);
    expect([dear.requests.length, cheap.requests.length]).toEqual([5, 3]);
  });

  for (const on of [undefined, ["budget"] as const]) {
    test(`no room in the budget for a route leads to the next one${on ? ", on: budget" : ""}`, async () => {
      const dear = await provider("chat", looking(1));
      const cheap = await provider("anthropic", looking(1));
      const second = on === undefined ? cheap.model : { model: cheap.model, on };
      const { outcome } = await play(
        agentOf([dear.model, second], { tools, maxOutputTokens: 100, budget: { usd: 0.01 } }),
        {
          ...options,
          prices: {
            "openai.chat/gpt-4.1": { inputUsd: 1, outputUsd: 1_000 },
            "anthropic.messages/claude-sonnet-5": { inputUsd: 0.01, outputUsd: 0.01 },
          },
        },
      );
      expect(outcome.kind).toBe("succeeded");
      expect(hits(dear, cheap)).toEqual([0, 2]);
    });
  }

  test("no room for any route says that the budget is the reason", async () => {
    const dear = await provider("chat", looking(1));
    const dearer = await provider("anthropic", looking(1));
    const { outcome } = await play(
      agentOf([dear.model, { model: dearer.model, on: ["budget"] }], { budget: { usd: 0.000001 } }),
      { ...options, unknownPrice: { inputUsd: 1, outputUsd: 1 } },
    );
    expect(outcome).toMatchObject({
      kind: "failed_recoverable",
      reason: { code: "budget_exhausted" },
    });
    expect(hits(dear, dearer)).toEqual([0, 0]);
  });

  for (const [inputTokens, asked] of [
    [4_000, 0],
    [9_000, 1],
  ] as const) {
    test(`what one model counted is no bound for another (${inputTokens} tokens)`, async () => {
      const denied = Object.assign(new Error("no"), { statusCode: 401 });
      const one = modelOf({ calls: [{ tool: "look" }] }, () => ({ fails: denied }));
      const two = { ...modelOf("-", "Done."), modelId: "two" };
      const page = toolOf({ effect: read(), execute: () => "x".repeat(3_000) });
      const made = agentOf([one, two], { tools: { look: page }, budget: { inputTokens } });
      const { outcome } = await play(made, options);
      // The first counted 10 tokens and may have more; the second has counted nothing yet.
      expect(one.requests).toHaveLength(2);
      expect(two.requests).toHaveLength(asked);
      expect(outcome.reason.code).toBe(asked === 1 ? "model_finished" : "budget_exhausted");
    });
  }

  test("a model that a policy forbids is not asked; the next one is", async () => {
    const barred = await provider("chat", looking(1));
    const fine = await provider("anthropic", looking(1));
    const text = `
      @id("models") permit(principal, action == Action::"model", resource)
        unless { resource == Model::"openai.chat/gpt-4.1" };
      @id("look") permit(principal, action == Action::"look", resource);
      //@ allow {"model":"anthropic.messages/claude-sonnet-5"}
      //@ deny {"model":"openai.chat/gpt-4.1"}
      //@ allow {"tool":"look","input":{}}
    `;
    const policies = { texts: [{ name: "models.cedar", text }] };
    const made = agentOf([barred.model, { model: fine.model, on: ["policy"] }], {
      tools,
      policies,
    });
    const { outcome } = await play(made, options);
    expect(outcome.kind).toBe("succeeded");
    expect(hits(barred, fine)).toEqual([0, 2]);
  });

  test("`contextTokensMax`: a long conversation goes elsewhere", async () => {
    const steps = looking(3);
    const small = await provider("chat", steps);
    const large = await provider("anthropic", steps);
    const { outcome, events } = await play(
      agentOf([{ model: small.model, contextTokensMax: 1_200 }, large.model], {
        tools: { look: toolOf({ effect: read(), execute: () => "x".repeat(3_000) }) },
        maxOutputTokens: 100,
      }),
      options,
    );
    expect(outcome.kind).toBe("succeeded");
    expect(answeredBy(events).map((name) => name.split(".")[0])).toEqual([
      "openai",
      "anthropic",
      "anthropic",
      "anthropic",
    ]);
  });

  test("`tools: false`: not for an agent that has tools", async () => {
    const plain = await provider("chat", looking(1));
    const able = await provider("anthropic", looking(1));
    const routes = [{ model: plain.model, tools: false }, able.model];
    expect((await play(agentOf(routes, { tools }), options)).outcome.kind).toBe("succeeded");
    expect(hits(plain, able)).toEqual([0, 2]);
    const talk = await provider("chat", [{ text: "Done." }]);
    const other = await provider("anthropic", [{ text: "Done." }]);
    await play(agentOf([{ model: talk.model, tools: false }, other.model]), options);
    expect(hits(talk, other)).toEqual([1, 0]);
  });

  test("a route's own settings are in place of the agent's", async () => {
    const one = modelOf({ fails: Object.assign(new Error("no"), { statusCode: 401 }) });
    const two = { ...modelOf("Done."), modelId: "other" };
    const settings = { temperature: 0.9, maxOutputTokens: 7 };
    await play(agentOf([one, { model: two, settings }], { temperature: 0.1, topP: 0.5 }), options);
    expect(one.requests[0]).toMatchObject({ temperature: 0.1, topP: 0.5 });
    expect(two.requests[0]).toMatchObject({ temperature: 0.9, topP: 0.5, maxOutputTokens: 7 });
  });
});

describe("an answer that is none", () => {
  for (const fault of ["refusal", "content_filter"]) {
    test(`${fault}: another route is asked; without one the answer stands`, async () => {
      const steps = [{ text: "Done." }];
      const shy = await provider("chat", steps, { faults: [fault] });
      const bold = await provider("anthropic", steps);
      const { outcome } = await play(agentOf([shy.model, bold.model]), options);
      expect(outcome).toMatchObject({ kind: "succeeded", text: "Done." });
      expect(hits(shy, bold)).toEqual([1, 1]);
      const alone = await provider("chat", steps, { faults: [fault] });
      const ended = await play(agentOf(alone.model), options);
      expect(eventsOf(ended.events, "model.answered")).toHaveLength(1);
      expect(hits(alone)).toEqual([1]);
    });
  }

  test("of another model than was asked is a fault only for whoever says so", async () => {
    const steps = [{ text: "Done." }];
    const asked = await provider("chat", steps, { faults: ["model_switched"] });
    const other = await provider("anthropic", steps, { faults: ["model_switched"] });
    const taken = await play(agentOf([asked.model, other.model]), options);
    expect(taken.outcome.kind).toBe("succeeded");
    expect(hits(asked, other)).toEqual([1, 0]);
    const strict = { modelRetry: { ...brisk, switchedModel: "fault" } } as const;
    const { outcome, events } = await play(agentOf([asked.model, other.model]), strict);
    expect(outcome).toMatchObject({ kind: "failed_recoverable", reason: { code: "model_failed" } });
    // Twice each, as asking again helps little.
    expect(hits(asked, other)).toEqual([3, 2]);
    expect(eventsOf(events, "model.faulted").map(({ answer }) => answer)).toEqual([
      "wait",
      "switch",
      "wait",
      "fail",
    ]);
  });
});
