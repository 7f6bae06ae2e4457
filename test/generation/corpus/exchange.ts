/** The real clients against a real server: what they throw, and what their streams bring. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV4, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { expect, onTestFinished } from "vitest";
import { classifyFault, faultOfFinish } from "../../../src/generation/fault/classify.ts";
import type { ModelFault } from "../../../src/journal/model-fault.ts";
import { NOW } from "./row.ts";

const apiKey = "test-key-0123456789";

/** Each client by the API it speaks. */
export const CLIENTS: Readonly<Record<string, (baseURL: string) => LanguageModelV4>> = {
  responses: (baseURL) => createOpenAI({ baseURL, apiKey }).responses("m"),
  chat: (baseURL) => createOpenAI({ baseURL, apiKey }).chat("m"),
  anthropic: (baseURL) => createAnthropic({ baseURL, apiKey })("m"),
  google: (baseURL) => createGoogleGenerativeAI({ baseURL, apiKey })("m"),
  compatible: (baseURL) =>
    createOpenAICompatible({ name: "c", baseURL, apiKey }).languageModel("m"),
};

export function modelAt(client: string, baseURL: string): LanguageModelV4 {
  const make = CLIENTS[client];
  if (make === undefined) throw new Error(`no client ${client}`);
  return make(baseURL);
}

/** What a proxy or a portal answers with. */
export const PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>x</body></html>";

/** What the fault is, without its words; they hold no key. */
export function bare(fault: ModelFault | null): object | null {
  if (fault === null) return null;
  const { message, ...rest } = fault;
  expect(message).not.toMatch(/test-key|\n|^$/);
  return rest;
}

/** Listens until the test ends; its address. */
export async function listen(
  answer: RequestListener,
  make: (answer: RequestListener) => Server = createServer,
): Promise<string> {
  const server = make(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://127.0.0.1:${port}/v1`;
}

/** The fault of one exchange; null when the answer is whole and good. */
export type Exchanged = ModelFault | null;

const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }];

/** Asks for a whole answer, as the gateway does. */
export async function askWhole(
  model: LanguageModelV4,
  abortSignal: AbortSignal,
): Promise<Exchanged> {
  try {
    const { content, finishReason } = await model.doGenerate({ prompt, abortSignal });
    return faultOfFinish(finishReason, { arrived: content.length === 0 ? "nothing" : "text" });
  } catch (thrown) {
    return classifyFault({ thrown, now: NOW });
  }
}

type Arrived = "nothing" | "text" | "arguments";

/** Asks for a stream and reads it to its end or its first error. */
export async function askStream(
  model: LanguageModelV4,
  abortSignal: AbortSignal,
): Promise<Exchanged> {
  let arrived: Arrived | undefined;
  let contentType: string | undefined;
  try {
    const { stream, response } = await model.doStream({ prompt, abortSignal });
    arrived = "nothing";
    contentType = response?.headers?.["content-type"];
    for await (const part of stream) {
      if (part.type === "error")
        return classifyFault({ thrown: part.error, now: NOW, arrived, contentType });
      if (part.type === "finish") {
        return faultOfFinish(part.finishReason, { isStreamed: true, arrived, contentType });
      }
      arrived = after(arrived, part);
    }
    const thrown = new Error("the stream ended before the answer did");
    return classifyFault({ thrown, now: NOW, arrived, contentType });
  } catch (thrown) {
    return classifyFault({ thrown, now: NOW, arrived, contentType });
  }
}

function after(arrived: Arrived, { type }: LanguageModelV4StreamPart): Arrived {
  if (type.startsWith("tool-")) return "arguments";
  return type === "text-delta" && arrived === "nothing" ? "text" : arrived;
}

/** A page, a body or events, with a status. */
export function answerWith(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): RequestListener {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = text.startsWith("<") ? "text/html" : "application/json";
  return (request, response) => {
    request.resume();
    response.writeHead(status, { "content-type": type, ...headers });
    response.end(text);
  };
}

/** Events as `data:` lines, each with its name where it has one; then a clean end. */
export function events(...all: readonly object[]): RequestListener {
  return (request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(all.map(eventText).join(""));
  };
}

/** The same, and then the connection is cut. */
export function eventsThenReset(...all: readonly object[]): RequestListener {
  return (request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(all.map(eventText).join(""), () => {
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    });
  };
}

/** The same, and then nothing more comes. */
export function eventsThenSilence(...all: readonly object[]): RequestListener {
  return (request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    response.write(all.map(eventText).join(""));
  };
}

function eventText(event: object): string {
  const name = "type" in event && typeof event.type === "string" ? `event: ${event.type}\n` : "";
  return `${name}data: ${JSON.stringify(event)}\n\n`;
}
