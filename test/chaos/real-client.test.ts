/** The AI SDK's OpenAI-compatible client, unmodified, pointed at the server by its base URL. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type {
  LanguageModelV4,
  LanguageModelV4Content,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
} from "@ai-sdk/provider";
import { describe, expect, test } from "vitest";
import {
  oracleModel,
  scriptedModel,
  simulatedModel,
  type Action,
  type ChatModel,
} from "../../src/chaos/door.ts";
import { serve } from "./served.ts";

const actions: readonly Action[] = [
  { name: "find", arguments: { order_id: "#W1" } },
  { name: "refund", arguments: { order_id: "#W1", cents: 500 } },
  { name: "notify", arguments: { to: "ann", text: "Your money is on its way 💶" } },
];
const tools: LanguageModelV4FunctionTool[] = ["find", "refund", "notify"].map((name) => ({
  type: "function",
  name,
  inputSchema: { type: "object", properties: {} },
}));

interface Turn {
  readonly text: string;
  readonly calls: readonly {
    readonly toolCallId: string;
    readonly toolName: string;
    readonly input: string;
  }[];
  readonly finish: string;
  readonly tokens: number | undefined;
}

type AskTurn = (model: LanguageModelV4, prompt: LanguageModelV4Message[]) => Promise<Turn>;

function turnOf(content: readonly LanguageModelV4Content[]): Pick<Turn, "text" | "calls"> {
  return {
    text: content.map((part) => (part.type === "text" ? part.text : "")).join(""),
    calls: content.filter((part) => part.type === "tool-call"),
  };
}

const generate: AskTurn = async (model, prompt) => {
  const { content, finishReason, usage } = await model.doGenerate({ prompt, tools });
  return { ...turnOf(content), finish: finishReason.unified, tokens: usage.outputTokens.total };
};

const stream: AskTurn = async (model, prompt) => {
  const { stream } = await model.doStream({ prompt, tools });
  const content: LanguageModelV4Content[] = [];
  let finish = "none";
  let tokens: number | undefined;
  for await (const part of stream) {
    if (part.type === "text-delta") content.push({ type: "text", text: part.delta });
    if (part.type === "tool-call") content.push(part);
    if (part.type === "error") throw part.error;
    if (part.type !== "finish") continue;
    finish = part.finishReason.unified;
    tokens = part.usage.outputTokens.total;
  }
  return { ...turnOf(content), finish, tokens };
};

async function clientOf(model: ChatModel): Promise<LanguageModelV4> {
  const server = await serve({ models: (runKey) => (runKey === "run 1" ? model : undefined) });
  const baseURL = server.urlFor("run 1");
  return createOpenAICompatible({ name: "chaos", baseURL, includeUsage: true }).chatModel("any");
}

/** Answers every call with "ok" and goes on after a text, until `turnsMax` or the last action. */
async function converse(model: LanguageModelV4, ask: AskTurn, turnsMax: number): Promise<Turn[]> {
  const prompt: LanguageModelV4Message[] = [
    { role: "user", content: [{ type: "text", text: "Please." }] },
  ];
  const turns: Turn[] = [];
  while (turns.length < turnsMax) {
    const turn = await ask(model, prompt);
    turns.push(turn);
    if (turn.calls.length === 0) {
      if (turns.some((turn) => turn.calls.some((call) => call.toolName === "notify"))) break;
      prompt.push({ role: "assistant", content: [{ type: "text", text: turn.text }] });
      prompt.push({ role: "user", content: [{ type: "text", text: "Go on." }] });
      continue;
    }
    const called = turn.calls.map(({ toolCallId, toolName, input }) => ({
      type: "tool-call" as const,
      toolCallId,
      toolName,
      input: parsedOr(input),
    }));
    prompt.push({ role: "assistant", content: called });
    const content = turn.calls.map(({ toolCallId, toolName }) => ({
      type: "tool-result" as const,
      toolCallId,
      toolName,
      output: { type: "text" as const, value: "ok" },
    }));
    prompt.push({ role: "tool", content });
  }
  return turns;
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

describe.each([
  ["doGenerate", generate],
  ["doStream", stream],
])("%s", (_name, ask) => {
  test("receives an oracle's calls, texts, finish reasons and usage whole", async () => {
    const model = await clientOf(oracleModel({ actions, finalText: "All done." }));
    const turns = await converse(model, ask, 10);
    expect(turns.map((turn) => turn.finish)).toEqual([
      "tool-calls",
      "tool-calls",
      "tool-calls",
      "stop",
    ]);
    expect(turns.flatMap((turn) => turn.calls.map((call) => JSON.parse(call.input)))).toEqual(
      actions.map((action) => action.arguments),
    );
    expect(turns.at(-1)).toMatchObject({ text: "All done.", tokens: 3 });
  });

  test("receives a batch as parallel calls", async () => {
    const model = await clientOf(oracleModel({ actions, finalText: "Done.", batchSize: 3 }));
    const [first] = await converse(model, ask, 5);
    expect(first?.calls.map((call) => call.toolName)).toEqual(["find", "refund", "notify"]);
  });

  test("plays a noisy model to its end", async () => {
    const noisy = simulatedModel({ actions, finalText: "Done.", seed: 3, errorRate: 0.5 });
    const turns = await converse(await clientOf(noisy), ask, 40);
    expect(turns.at(-1)?.text).toBe("Done.");
    const faults = Object.values(noisy.injected()).reduce((sum, count) => sum + count, 0);
    expect(faults).toBeGreaterThan(0);
    const right = turns.flatMap((turn) => turn.calls.map((call) => call.input));
    for (const action of actions) expect(right).toContain(JSON.stringify(action.arguments));
  });

  test("is told by a 400 that a script has no more steps", async () => {
    const script = scriptedModel([{ call: { name: "find" } }]);
    const model = await clientOf(script);
    await expect(converse(model, ask, 5)).rejects.toMatchObject({
      statusCode: 400,
      isRetryable: false,
      message: expect.stringContaining("there is no step 1"),
    });
  });
});

test("both ways of asking receive the same turns", async () => {
  const script = { actions, finalText: "Done.", seed: 11, errorRate: 0.4 };
  const whole = await converse(await clientOf(simulatedModel(script)), generate, 40);
  const streamed = await converse(await clientOf(simulatedModel(script)), stream, 40);
  expect(streamed).toEqual(whole);
});
