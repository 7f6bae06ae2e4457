/** Loops over the vendors' own clients, and over bare HTTP for a client that drops Google's ids. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import {
  anySchema,
  prompt,
  TURNS_MAX,
  type Loop,
  type Performed,
  type Place,
  type Played,
} from "./loop.ts";

const apiKey = "simulated";

function openai({ urlFor }: Place): OpenAI {
  return new OpenAI({ apiKey, baseURL: urlFor(), maxRetries: 0 });
}

type ChatMessages = OpenAI.Chat.ChatCompletionMessageParam[];
type AskChat = (
  client: OpenAI,
  body: OpenAI.Chat.ChatCompletionCreateParamsNonStreaming,
) => Promise<OpenAI.Chat.ChatCompletion>;

function chatLoop(ask: AskChat): Loop {
  return async (place) => {
    const client = openai(place);
    const messages: ChatMessages = [{ role: "user", content: prompt }];
    const tools = place.tools.map((name) => ({
      type: "function" as const,
      function: { name, parameters: { ...anySchema } },
    }));
    const performed: Performed[] = [];
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const { choices } = await ask(client, { model: "any", messages, tools });
      const message = choices[0]?.message;
      if (message === undefined) throw new Error("no choice");
      const calls = (message.tool_calls ?? []).filter((call) => call.type === "function");
      if (calls.length === 0) return { performed, text: message.content ?? "" };
      messages.push({ role: "assistant", content: message.content, tool_calls: calls });
      for (const { id, function: called } of calls) {
        performed.push({ name: called.name, arguments: JSON.parse(called.arguments) });
        messages.push({ role: "tool", tool_call_id: id, content: "ok" });
      }
    }
    return { performed, text: "" };
  };
}

type AskResponses = (
  client: OpenAI,
  body: OpenAI.Responses.ResponseCreateParamsNonStreaming,
) => Promise<Pick<OpenAI.Responses.Response, "id" | "output" | "output_text">>;

/** With `isChained` only what is new is sent, and the provider remembers the rest. */
function responsesLoop(ask: AskResponses, isChained = false): Loop {
  return async (place) => {
    const client = openai(place);
    const tools = place.tools.map((name) => ({
      type: "function" as const,
      name,
      parameters: { ...anySchema },
      strict: false,
    }));
    const performed: Performed[] = [];
    let input: OpenAI.Responses.ResponseInput = [{ role: "user", content: prompt }];
    let previous: string | null = null;
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const chain = isChained ? { previous_response_id: previous } : {};
      const instructions = "You are of help.";
      const response = await ask(client, { model: "any", instructions, input, tools, ...chain });
      const calls = response.output.filter((item) => item.type === "function_call");
      if (calls.length === 0) return { performed, text: response.output_text };
      const outputs = calls.map(({ call_id: id, name, arguments: text }) => {
        performed.push({ name, arguments: JSON.parse(text) });
        return { type: "function_call_output" as const, call_id: id, output: "ok" };
      });
      previous = response.id;
      const said = response.output.filter(
        (item) => item.type === "function_call" || item.type === "message",
      );
      input = isChained ? outputs : [...input, ...said, ...outputs];
    }
    return { performed, text: "" };
  };
}

type AskMessages = (
  client: Anthropic,
  body: Anthropic.MessageCreateParamsNonStreaming,
) => Promise<Anthropic.Message>;

function messagesLoop(ask: AskMessages): Loop {
  return async (place) => {
    const baseURL = place.urlFor("anthropic");
    const client = new Anthropic({ apiKey, baseURL, maxRetries: 0 });
    const messages: Anthropic.MessageParam[] = [{ role: "user", content: prompt }];
    const tools = place.tools.map((name) => ({
      name,
      input_schema: { type: "object" as const, properties: {} },
    }));
    const performed: Performed[] = [];
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const body = { model: "any", max_tokens: 1000, system: "You are of help.", messages, tools };
      const { content } = await ask(client, body);
      const calls = content.filter((block) => block.type === "tool_use");
      const texts = content.map((block) => (block.type === "text" ? block.text : ""));
      if (calls.length === 0) return { performed, text: texts.join("") };
      messages.push({ role: "assistant", content });
      const results = calls.map(({ id, name, input }) => {
        performed.push({ name, arguments: input });
        return { type: "tool_result" as const, tool_use_id: id, content: "ok" };
      });
      messages.push({ role: "user", content: results });
    }
    return { performed, text: "" };
  };
}

interface GeminiPart {
  readonly text?: string;
  readonly functionCall?: { readonly name: string; readonly args: unknown };
}

/** As Google's older API had it: the calls are given back by name alone. */
async function geminiWithoutIds(place: Place): Promise<Played> {
  const contents: unknown[] = [{ role: "user", parts: [{ text: prompt }] }];
  const tools = [{ functionDeclarations: place.tools.map((name) => ({ name })) }];
  const performed: Performed[] = [];
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const response = await fetch(`${place.urlFor("gemini")}/models/any:generateContent`, {
      method: "POST",
      body: JSON.stringify({ contents, tools }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    const answer: { candidates: { content: { parts: GeminiPart[] } }[] } = JSON.parse(text);
    const parts = answer.candidates[0]?.content.parts ?? [];
    const calls = parts.flatMap(({ functionCall }) => functionCall ?? []);
    if (calls.length === 0) {
      return { performed, text: parts.map(({ text }) => text ?? "").join("") };
    }
    const called = calls.map(({ name, args }) => ({ functionCall: { name, args } }));
    contents.push({ role: "model", parts: called });
    const results = calls.map(({ name, args }) => {
      performed.push({ name, arguments: args });
      return { functionResponse: { name, response: { result: "ok" } } };
    });
    contents.push({ role: "user", parts: results });
  }
  return { performed, text: "" };
}

export const vendorLoops: readonly (readonly [string, Loop])[] = [
  [
    "openai, chat.completions.create",
    chatLoop((client, body) => client.chat.completions.create(body)),
  ],
  [
    "openai, chat.completions.stream",
    chatLoop((client, body) =>
      client.chat.completions.stream({ ...body, stream: true }).finalChatCompletion(),
    ),
  ],
  ["openai, responses.create", responsesLoop((client, body) => client.responses.create(body))],
  [
    "openai, responses.create with previous_response_id",
    responsesLoop((client, body) => client.responses.create(body), true),
  ],
  [
    "openai, responses.stream",
    responsesLoop((client, body) =>
      client.responses.stream({ ...body, stream: true }).finalResponse(),
    ),
  ],
  [
    "openai, responses.stream with previous_response_id",
    responsesLoop(
      (client, body) => client.responses.stream({ ...body, stream: true }).finalResponse(),
      true,
    ),
  ],
  [
    "@anthropic-ai/sdk, messages.create",
    messagesLoop((client, body) => client.messages.create(body)),
  ],
  [
    "@anthropic-ai/sdk, messages.stream",
    messagesLoop((client, body) => client.messages.stream(body).finalMessage()),
  ],
  ["plain HTTP, Gemini without ids", geminiWithoutIds],
];
