import type {
  LanguageModelV2,
  LanguageModelV3,
  LanguageModelV4,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { describe, expect, test } from "vitest";
import { once } from "../../src/index.ts";
import { agentOf, eventsOf, play, toolOf } from "../orchestration/world.ts";

type Any = LanguageModelV2 | LanguageModelV3 | LanguageModelV4;

const finishes = {
  v2: (name: string) => name,
  v3: (name: string) => ({ unified: name, raw: name }),
  v4: (name: string) => ({ unified: name, raw: name }),
};
const totals = {
  inputTokens: { total: 100, noCache: 60, cacheRead: 40, cacheWrite: 0 },
  outputTokens: { total: 20, text: 15, reasoning: 5 },
};
const usages = {
  v2: {
    inputTokens: 100,
    outputTokens: 20,
    totalTokens: 120,
    reasoningTokens: 5,
    cachedInputTokens: 40,
  },
  v3: totals,
  v4: totals,
};

const signature = { anthropic: { signature: "sig-1" } };
const firstParts = [
  { type: "reasoning", text: "Let me pay.", providerMetadata: signature },
  { type: "text", text: "Paying." },
  {
    type: "tool-call",
    toolCallId: "c1",
    toolName: "pay",
    input: '{"cents":5}',
    providerMetadata: { google: { thoughtSignature: "sig-2" } },
  },
];

/** A model of one interface version whose first answer is `parts`, and the prompts it was shown. */
function model(
  version: "v2" | "v3" | "v4",
  parts: readonly unknown[] = firstParts,
): { readonly object: Any; readonly prompts: string[] } {
  const prompts: string[] = [];
  const answer = (prompt: unknown): { content: readonly unknown[]; finish: string } => {
    const isFirst = !JSON.stringify(prompt).includes('"role":"assistant"');
    prompts.push(JSON.stringify(prompt));
    return isFirst
      ? { content: parts, finish: "tool-calls" }
      : { content: [{ type: "text", text: "Paid." }], finish: "stop" };
  };
  const object = {
    specificationVersion: version,
    provider: "made",
    modelId: version,
    supportedUrls: {},
    doGenerate: async ({ prompt }: { prompt: unknown }) => {
      const { content, finish } = answer(prompt);
      return {
        content,
        finishReason: finishes[version](finish),
        usage: usages[version],
        warnings: [],
        response: { id: "resp-1", modelId: `${version}-2026` },
      };
    },
    doStream: async ({ prompt }: { prompt: unknown }) => {
      const { content, finish } = answer(prompt);
      const stream: unknown[] = [
        { type: "stream-start", warnings: [] },
        { type: "response-metadata", id: "resp-1", modelId: `${version}-2026` },
        ...content.flatMap((part, index) => streamed(part, String(index))),
        { type: "finish", finishReason: finishes[version](finish), usage: usages[version] },
      ];
      return { stream: ReadableStream.from(stream) };
    },
  };
  return { object: object as unknown as Any, prompts };
}

/** A part as a stream sends it, its text in two pieces. */
function streamed(part: unknown, id: string): unknown[] {
  const {
    type,
    text = "",
    providerMetadata,
  } = part as {
    type: string;
    text?: string;
    providerMetadata?: unknown;
  };
  if (type !== "text" && type !== "reasoning") return [part];
  const middle = Math.ceil(text.length / 2);
  return [
    { type: `${type}-start`, id },
    { type: `${type}-delta`, id, delta: text.slice(0, middle) },
    { type: `${type}-delta`, id, delta: text.slice(middle) },
    { type: `${type}-end`, id, ...(providerMetadata ? { providerMetadata } : {}) },
  ];
}

for (const version of ["v2", "v3", "v4"] as const) {
  for (const stream of [false, true]) {
    describe(`a ${version} model${stream ? ", streamed" : ""}`, () => {
      test("is asked, acted on and counted; what it signed goes back to it", async () => {
        const { object, prompts } = model(version);
        const inputs: unknown[] = [];
        const pay = toolOf({
          effect: once(),
          execute: (input) => {
            inputs.push(input);
            return "paid";
          },
        });
        const deltas: string[] = [];
        const { outcome, events } = await play(agentOf(object, { tools: { pay }, stream }), {
          onDelta: (_runId, delta) =>
            deltas.push(`${delta.kind} ${"text" in delta ? delta.text : ""}`),
        });
        expect(outcome).toMatchObject({ kind: "succeeded", text: "Paid.", turns: 2 });
        expect(inputs).toEqual([{ cents: 5 }]);
        expect(outcome.usage).toEqual({
          inputTokens: 200,
          cachedInputTokens: 80,
          outputTokens: 40,
          reasoningTokens: 10,
        });
        const answered = eventsOf(events, "model.answered")[0];
        expect(answered).toMatchObject({ model: `made/${version}-2026`, responseId: "resp-1" });
        const shown: { role: string; content: Record<string, unknown>[] }[] = JSON.parse(
          prompts[1] ?? "[]",
        );
        const assistant = shown.find((message) => message.role === "assistant")?.content;
        expect(assistant).toMatchObject([
          { type: "reasoning", text: "Let me pay.", providerOptions: signature },
          { type: "text", text: "Paying." },
          {
            type: "tool-call",
            toolCallId: "c1",
            input: { cents: 5 },
            providerOptions: { google: { thoughtSignature: "sig-2" } },
          },
        ]);
        expect(shown.at(-1)).toMatchObject({ role: "tool", content: [{ toolCallId: "c1" }] });
        expect(deltas.length > 0).toBe(stream);
      });

      test("that ran a tool itself gets call and result back; nothing is dispatched", async () => {
        const found = { type: "tool-result", toolCallId: "s1", toolName: "search" };
        const { object, prompts } = model(version, [
          {
            type: "tool-call",
            toolCallId: "s1",
            toolName: "search",
            input: '{"q":"x"}',
            providerExecuted: true,
          },
          { ...found, result: { hits: [] }, preliminary: true },
          { ...found, result: { hits: ["a"] }, providerMetadata: { p: { id: "1" } } },
          { ...found, toolCallId: "s2", result: "quota", isError: true },
          { type: "tool-call", toolCallId: "s1", toolName: "pay", input: "" },
        ]);
        const ids: string[] = [];
        const pay = toolOf({
          effect: once(),
          execute: (_input, { toolCallId }) => {
            ids.push(toolCallId);
            return "paid";
          },
        });
        const { outcome, events } = await play(agentOf(object, { tools: { pay }, stream }));
        expect(outcome.kind).toBe("succeeded");
        expect(eventsOf(events, "call.refused")).toEqual([]);
        // The harness's call must not share the id of the provider's.
        expect(ids).toEqual(["call_t1c0"]);
        const shown: { role: string; content: Record<string, unknown>[] }[] = JSON.parse(
          prompts[1] ?? "[]",
        );
        const assistant = shown.find((message) => message.role === "assistant")?.content;
        expect(assistant).toMatchObject([
          { type: "tool-call", toolCallId: "s1", providerExecuted: true },
          {
            type: "tool-result",
            toolCallId: "s1",
            output: { type: "json", value: { hits: ["a"] } },
            providerOptions: { p: { id: "1" } },
          },
          { type: "tool-result", output: { type: "error-text", value: "quota" } },
          { type: "tool-call", toolCallId: "call_t1c0" },
        ]);
      });
    });
  }
}

/** A streaming model that plays one list of parts per request. */
function streaming(...answers: readonly (readonly unknown[])[]): LanguageModelV4 & {
  readonly asked: () => number;
} {
  let asked = 0;
  return {
    specificationVersion: "v4",
    provider: "made",
    modelId: "stream",
    supportedUrls: {},
    asked: () => asked,
    doGenerate: () => Promise.reject(new Error("not asked to stream")),
    doStream: async () => {
      const parts = answers[asked] ?? answers.at(-1) ?? [];
      asked += 1;
      // The parts are those of the interface; the tests below leave some out on purpose.
      return { stream: ReadableStream.from(parts as LanguageModelV4StreamPart[]) };
    },
  };
}

const finish = { type: "finish", finishReason: finishes.v4("stop"), usage: totals };
const call = { type: "tool-call", toolCallId: "c1", toolName: "pay", input: "{}" };
const words = (id: string, text: string): unknown[] => [
  { type: "text-start", id },
  { type: "text-delta", id, delta: text },
];

describe("W2: a stream", () => {
  test("that ends before its answer did runs no call and is asked again", async () => {
    let runs = 0;
    const pay = toolOf({
      effect: once(),
      execute: () => {
        runs += 1;
        return "paid";
      },
    });
    const model = streaming([call], [...words("1", "Nothing to pay."), finish]);
    const { outcome, events } = await play(agentOf(model, { tools: { pay }, stream: true }));
    expect(runs).toBe(0);
    expect(outcome).toMatchObject({ kind: "succeeded", text: "Nothing to pay." });
    expect(eventsOf(events, "model.answered")[0]?.attempts).toBe(2);
  });

  test("that breaks in the middle runs no call", async () => {
    const broken = { type: "error", error: Object.assign(new Error("x"), { isRetryable: true }) };
    let runs = 0;
    const pay = toolOf({
      effect: once(),
      execute: () => {
        runs += 1;
        return "paid";
      },
    });
    const model = streaming([call, broken], [...words("1", "Fine."), finish]);
    const { outcome } = await play(agentOf(model, { tools: { pay }, stream: true }));
    expect([runs, outcome.text]).toEqual([0, "Fine."]);
  });

  test("whose parts are never ended is whole all the same, in the order they began", async () => {
    const model = streaming([
      ...words("1", "First, "),
      ...words("2", "then "),
      { type: "text-end", id: "2" },
      finish,
    ]);
    const { outcome } = await play(agentOf(model, { stream: true }));
    expect(outcome.text).toBe("First, then ");
  });

  test("whose parts never began is whole too", async () => {
    const model = streaming([{ type: "text-delta", id: "1", delta: "Hi" }, finish]);
    expect((await play(agentOf(model, { stream: true }))).outcome.text).toBe("Hi");
  });

  test("is not spoilt by an onDelta that throws", async () => {
    const model = streaming([...words("1", "Fine."), finish]);
    const { outcome } = await play(agentOf(model, { stream: true }), {
      onDelta: () => {
        throw new Error("the terminal is gone");
      },
    });
    expect([outcome.text, model.asked()]).toEqual(["Fine.", 1]);
  });
});
