/**
 * Providers as servers: each answers like its API, checks what it is sent, and has a script of
 * three answers — two calls at once with reasoning, a tool of its own, one more call.
 */
import { createServer, type Server } from "node:http";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { onTestFinished } from "vitest";
import type { LanguageModel } from "../../src/generation/model.ts";
import { faultsOf, type Api } from "./wire-rules.ts";

export interface Maker {
  readonly api: Api;
  readonly model: (baseURL: string) => LanguageModel;
  readonly answers: readonly unknown[];
}

const apiKey = "none";
const parisArgs = { city: "Paris" };
const romeArgs = { city: "Rome" };

function responsesAnswer(output: readonly unknown[]): unknown {
  return {
    id: "resp_1",
    object: "response",
    created_at: 1,
    model: "gpt-5",
    status: "completed",
    output,
    usage: {
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 9,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 18,
    },
  };
}

function functionCall(id: string, args: unknown): unknown {
  const callId = `call_${id.padStart(24, "A")}`;
  const text = JSON.stringify(args);
  return { type: "function_call", id, call_id: callId, name: "weather", arguments: text };
}

function outputText(id: string, text: string): unknown {
  const content = [{ type: "output_text", text, annotations: [] }];
  return { type: "message", id, role: "assistant", status: "completed", content };
}

function thought(id: string): unknown {
  const summary = [{ type: "summary_text", text: "Two cities." }];
  return { type: "reasoning", id, summary, encrypted_content: "gAAAAcipher" };
}

function anthropicAnswer(content: readonly unknown[]): unknown {
  const usage = { input_tokens: 9, output_tokens: 9 };
  const message = { id: "msg_01", type: "message", role: "assistant", model: "claude" };
  return { ...message, content, stop_reason: "tool_use", stop_sequence: null, usage };
}

function toolUse(id: string, input: unknown): unknown {
  return { type: "tool_use", id, name: "weather", input };
}

const searched = {
  type: "web_search_tool_result",
  tool_use_id: "srvtoolu_1",
  content: [
    {
      type: "web_search_result",
      url: "https://example.com/rain",
      title: "Rain",
      encrypted_content: "cipher",
      page_age: null,
    },
  ],
};

function geminiAnswer(parts: readonly unknown[]): unknown {
  return {
    candidates: [{ content: { role: "model", parts }, finishReason: "STOP", index: 0 }],
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 9, totalTokenCount: 18 },
  };
}

function chatAnswer(message: unknown): unknown {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 },
  };
}

function chatAnswers(ids: readonly string[], reasons: boolean): readonly unknown[] {
  const reasoning = reasons ? { reasoning_content: "Two cities." } : {};
  const call = (id: string | undefined, args: unknown): unknown => {
    return { id, type: "function", function: { name: "weather", arguments: JSON.stringify(args) } };
  };
  const [first, second, third] = ids;
  const role = "assistant";
  const both = [call(first, parisArgs), call(second, romeArgs)];
  return [
    chatAnswer({ role, content: "Looking.", ...reasoning, tool_calls: both }),
    chatAnswer({ role, content: "It rains." }),
    chatAnswer({ role, content: null, ...reasoning, tool_calls: [call(third, romeArgs)] }),
  ];
}

export const makers: Readonly<Record<string, Maker>> = {
  "openai.responses": {
    api: "responses",
    model: (baseURL) => createOpenAI({ baseURL, apiKey }).responses("gpt-5"),
    answers: [
      responsesAnswer([
        thought("rs_1"),
        outputText("msg_1", "Looking."),
        functionCall("fc_1", parisArgs),
        functionCall("fc_2", romeArgs),
      ]),
      responsesAnswer([
        {
          type: "web_search_call",
          id: "ws_1",
          status: "completed",
          action: { type: "search", query: "rain", sources: [] },
        },
        outputText("msg_2", "It rains."),
      ]),
      responsesAnswer([thought("rs_3"), functionCall("fc_3", romeArgs)]),
    ],
  },
  "openai.chat": {
    api: "chat",
    model: (baseURL) => createOpenAI({ baseURL, apiKey }).chat("gpt-4.1"),
    answers: chatAnswers(["call_abcdefgh1", "call_abcdefgh2", "call_abcdefgh3"], false),
  },
  anthropic: {
    api: "anthropic",
    model: (baseURL) => createAnthropic({ baseURL, apiKey })("claude-sonnet-4-5"),
    answers: [
      anthropicAnswer([
        { type: "thinking", thinking: "Two cities.", signature: "sig-of-anthropic" },
        { type: "text", text: "Looking." },
        toolUse("toolu_01", parisArgs),
        toolUse("toolu_02", romeArgs),
      ]),
      anthropicAnswer([
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "rain" } },
        searched,
        { type: "text", text: "It rains." },
      ]),
      anthropicAnswer([
        { type: "thinking", thinking: "Again.", signature: "sig-of-anthropic" },
        toolUse("toolu_03", romeArgs),
      ]),
    ],
  },
  google: {
    api: "gemini",
    model: (baseURL) => createGoogle({ baseURL, apiKey })("gemini-3-pro-preview"),
    answers: [
      geminiAnswer([
        { text: "Two cities.", thought: true },
        { text: "Looking." },
        {
          functionCall: { id: "g1", name: "weather", args: parisArgs },
          thoughtSignature: "sig-of-gemini",
        },
        { functionCall: { id: "g2", name: "weather", args: romeArgs } },
      ]),
      geminiAnswer([
        { executableCode: { language: "PYTHON", code: "print('rain')" } },
        { codeExecutionResult: { outcome: "OUTCOME_OK", output: "rain" } },
        { text: "It rains." },
      ]),
      geminiAnswer([
        {
          functionCall: { id: "g3", name: "weather", args: romeArgs },
          thoughtSignature: "sig-of-gemini",
        },
      ]),
    ],
  },
  moonshot: {
    api: "chat",
    model: (baseURL) => createOpenAICompatible({ name: "moonshot", baseURL, apiKey })("kimi-k2.5"),
    answers: chatAnswers(
      ["functions.weather:0", "functions.weather:1", "functions.weather:2"],
      true,
    ),
  },
  mistral: {
    api: "mistral",
    model: (baseURL) =>
      createOpenAICompatible({ name: "mistral", baseURL, apiKey })("mistral-large"),
    answers: chatAnswers(["Aa1Bb2Cc3", "Aa1Bb2Cc4", "Aa1Bb2Cc5"], false),
  },
};

export interface ServedMaker {
  readonly model: LanguageModel;
  /** What was wrong with the last request; empty: it was answered. */
  readonly faults: () => readonly string[];
  readonly requests: () => number;
}

/** A provider that refuses what its API refuses, until the test ends. */
export async function serveMaker(maker: Maker): Promise<ServedMaker> {
  let faults: readonly string[] = [];
  let requests = 0;
  let answered = 0;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      requests += 1;
      faults = faultsOf(maker.api, JSON.parse(Buffer.concat(pieces).toString()));
      const isFine = faults.length === 0;
      const answer = maker.answers[answered % maker.answers.length];
      if (isFine) answered += 1;
      // The members that the clients look for, each in its own.
      const says = { code: 400, status: "INVALID_ARGUMENT", type: "invalid_request_error" };
      const error = { ...says, message: faults.join("; ") };
      response.writeHead(isFine ? 200 : 400, { "content-type": "application/json" });
      response.end(JSON.stringify(isFine ? answer : { type: "error", error }));
    });
  });
  const port = await listen(server);
  const model = maker.model(`http://127.0.0.1:${port}/v1`);
  return { model, faults: () => faults, requests: () => requests };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
