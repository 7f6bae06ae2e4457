/** The shapes are the providers' own where the providers' own clients read them as such. */
import { createGoogle } from "@ai-sdk/google";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { expect, onTestFinished, test } from "vitest";
import {
  faultPlan,
  startWireServer,
  type ChatModel,
  type WireClient,
} from "../../../src/chaos/door.ts";

const TEXT = "Good morning ☀ to you all, and a very long day to come.";
const talker: ChatModel = {
  name: "talker",
  answer: () => ({ kind: "answer", text: TEXT, finishReason: "stop" }),
};
const caller: ChatModel = {
  name: "caller",
  answer: () => {
    const argumentsText = '{"order":"A-1 ☀","cents":500}';
    const toolCalls = [{ id: "call_one_of_many", name: "find", argumentsText }];
    return { kind: "answer", toolCalls, finishReason: "tool_calls" };
  },
};

async function baseURL(fault: string, client: WireClient, model = talker): Promise<string> {
  const faults = faultPlan({ faults: [fault] });
  const server = await startWireServer({ models: () => model, chunked: true, faults });
  onTestFinished(() => server.close());
  return server.urlFor("r", client);
}

const messages = [{ role: "user" as const, content: "Hi." }];

async function chat(fault: string, model?: ChatModel): Promise<OpenAI.Chat.ChatCompletion> {
  const client = new OpenAI({
    baseURL: await baseURL(fault, "openai", model),
    apiKey: "any",
    maxRetries: 0,
  });
  return client.chat.completions.stream({ model: "any", messages }).finalChatCompletion();
}

async function respond(fault: string, model?: ChatModel): Promise<OpenAI.Responses.Response> {
  const client = new OpenAI({
    baseURL: await baseURL(fault, "openai", model),
    apiKey: "any",
    maxRetries: 0,
  });
  return client.responses.stream({ model: "any", input: "Hi." }).finalResponse();
}

async function message(fault: string, model?: ChatModel): Promise<Anthropic.Message> {
  const client = new Anthropic({
    baseURL: await baseURL(fault, "anthropic", model),
    apiKey: "any",
    maxRetries: 0,
  });
  return client.messages.stream({ model: "any", max_tokens: 99, messages }).finalMessage();
}

interface Generated {
  readonly text: string;
  readonly finish: string | undefined;
}

async function generate(fault: string): Promise<Generated> {
  const google = createGoogle({ baseURL: await baseURL(fault, "gemini"), apiKey: "any" });
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Hi." }] }];
  const { stream } = await google("any").doStream({ prompt });
  let text = "";
  let finish: string | undefined;
  for await (const part of stream) {
    if (part.type === "text-delta") text += part.delta;
    if (part.type === "finish") finish = part.finishReason.unified;
  }
  return { text, finish };
}

const SORRY = expect.stringContaining("I'm sorry");

test("a refusal is one to each client that has a word for it", async () => {
  const { choices } = await chat("refusal");
  expect(choices[0]?.message).toMatchObject({ refusal: SORRY });
  const { output } = await respond("refusal");
  expect(output).toMatchObject([
    { type: "message", content: [{ type: "refusal", refusal: SORRY }] },
  ]);
  expect(await message("refusal")).toMatchObject({
    stop_reason: "refusal",
    content: [{ type: "text", text: SORRY }],
  });
});

test("reasoning alone is no text to any client", async () => {
  expect((await chat("reasoning_only")).choices[0]?.message.content ?? "").toBe("");
  expect((await respond("reasoning_only")).output).toMatchObject([
    { type: "reasoning", summary: [{ type: "summary_text", text: TEXT }] },
  ]);
  expect((await message("reasoning_only")).content).toMatchObject([
    { type: "thinking", thinking: TEXT },
  ]);
  expect(await generate("reasoning_only")).toEqual({ text: "", finish: "stop" });
});

test("stop reasons that only some know arrive as they are called", async () => {
  expect((await message("pause")).stop_reason).toBe("pause_turn");
  const overflow = await message("overflow_stop_reason");
  expect(overflow.stop_reason).toBe("model_context_window_exceeded");
  expect((await generate("malformed_function_call")).finish).toBe("error");
  expect((await generate("prompt_blocked")).finish).toBe("content-filter");
  expect((await respond("response_failed")).status).toBe("failed");
});

test("an error in a stream is the provider's error", async () => {
  await expect(chat("in_band_error")).rejects.toMatchObject({ code: "server_is_overloaded" });
  await expect(chat("overflow_in_stream")).rejects.toMatchObject({
    code: "context_length_exceeded",
  });
  await expect(respond("in_band_rate_limit")).rejects.toThrow("Rate limit reached");
  await expect(message("in_band_error")).rejects.toMatchObject({
    error: { error: { type: "overloaded_error" } },
  });
  expect(await generate("in_band_error")).toMatchObject({ finish: "error" });
});

test("a stream that ends early is noticed by the clients that look for its end", async () => {
  for (const fault of ["eof_in_arguments", "eof_after_tool_name", "eof_before_finish"]) {
    await expect(chat(fault, caller)).rejects.toThrow("finish_reason");
    await expect(message(fault, caller)).rejects.toThrow("ended without");
  }
  // The Responses' client hands out what it has, and only its status tells.
  const { status, output } = await respond("eof_in_arguments", caller);
  expect(status).toBe("in_progress");
  expect(output).toMatchObject([{ type: "function_call", name: "find" }]);
});

test.each([
  "sse_crlf",
  "sse_comments",
  "sse_extra_fields",
  "sse_blank_lines",
  "split_utf8",
  "tiny_packets",
  "multi_line_data",
  "giant_event",
  "no_space_after_colon",
  "byte_order_mark",
])("%s leaves the answer readable to all of them", async (fault) => {
  expect((await chat(fault)).choices[0]?.message.content).toBe(TEXT);
  expect((await respond(fault)).output_text).toBe(TEXT);
  expect((await message(fault)).content).toMatchObject([{ type: "text", text: TEXT }]);
  expect(await generate(fault)).toEqual({ text: TEXT, finish: "stop" });
});
