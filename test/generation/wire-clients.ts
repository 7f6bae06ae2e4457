/** The real clients over a `fetch` of the test's own, and what a provider really sends them. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { startWireServer, type ChatAnswer, type WireClient } from "../../src/chaos/door.ts";
import { attemptModel, type Attempt, type AttemptOptions } from "../../src/generation/gateway.ts";
import type { LanguageModel, ModelRequest } from "../../src/generation/model.ts";
import { wireFetch } from "../../src/generation/wire-fetch.ts";
import { Stop } from "../../src/std/stop.ts";

export type Fetch = typeof globalThis.fetch;

export interface WiredClient {
  readonly base: WireClient;
  readonly model: (baseURL: string, fetch: Fetch) => LanguageModel;
}

const apiKey = "test-key-0123456789";

/** Each client that a model may be asked through, by the API it speaks. */
export const WIRED: Readonly<Record<string, WiredClient>> = {
  responses: {
    base: "openai",
    model: (baseURL, fetch) => createOpenAI({ baseURL, apiKey, fetch }).responses("m"),
  },
  chat: {
    base: "openai",
    model: (baseURL, fetch) => createOpenAI({ baseURL, apiKey, fetch }).chat("m"),
  },
  anthropic: {
    base: "ai-sdk-anthropic",
    model: (baseURL, fetch) => createAnthropic({ baseURL, apiKey, fetch })("m"),
  },
  google: {
    base: "gemini",
    model: (baseURL, fetch) => createGoogle({ baseURL, apiKey, fetch })("m"),
  },
  compatible: {
    base: "openai",
    model: (baseURL, fetch) =>
      createOpenAICompatible({ name: "c", baseURL, apiKey, includeUsage: true, fetch })("m"),
  },
};

export const clientNames: readonly string[] = Object.keys(WIRED);

export function wiredModel(client: string, baseURL: string, fetch: Fetch): LanguageModel {
  const wired = WIRED[client];
  if (wired === undefined) throw new Error(`no client ${client}`);
  return wired.model(baseURL, wireFetch(fetch));
}

const tools = ["find", "pay"].map((name) => ({
  name,
  description: `Use this to ${name}.`,
  inputSchema: { type: "object", properties: { order: { type: "string" } } },
  strict: false,
}));

export function requestOf(stop: Stop = new Stop()): ModelRequest {
  return {
    prompt: [{ role: "user", content: [{ type: "text", text: "Pay order W1." }] }],
    tools,
    settings: {},
    abortSignal: stop,
  };
}

/** One response as it came over the wire. */
export interface Recorded {
  readonly client: string;
  readonly name: string;
  readonly isStream: boolean;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

const answers: Readonly<Record<string, ChatAnswer>> = {
  text: {
    kind: "answer",
    text: "Grüße — 你好 👩‍👩‍👧 \u0000 and \u2028 so on, a few words more.",
    finishReason: "stop",
  },
  calls: {
    kind: "answer",
    text: "Both.",
    toolCalls: [
      {
        id: "call_1",
        name: "find",
        argumentsText: '{"order":"W1","why":"ünïcode \\ud83d\\ude00"}',
      },
      { id: "call_2", name: "pay", argumentsText: '{"order":"W2","lines":[1,2.5,{"a":null}]}' },
    ],
    finishReason: "tool_calls",
  },
  cut: { kind: "answer", text: "This goes on and", finishReason: "length" },
};

/** What each client is sent for each of these answers, streamed and whole. */
export async function recordWire(): Promise<readonly Recorded[]> {
  const server = await startWireServer({
    models: (runKey) => ({ name: "recorded", answer: () => answers[runKey] ?? none(runKey) }),
  });
  const recorded: Recorded[] = [];
  try {
    for (const client of clientNames) {
      for (const name of Object.keys(answers)) {
        const asked = { client, name, baseURL: server.urlFor(name, WIRED[client]?.base) };
        recorded.push(await recordOne({ ...asked, isStream: true }));
        recorded.push(await recordOne({ ...asked, isStream: false }));
      }
    }
  } finally {
    await server.close();
  }
  return recorded;
}

function none(runKey: string): never {
  throw new Error(`no answer ${runKey}`);
}

async function recordOne(given: {
  readonly client: string;
  readonly name: string;
  readonly isStream: boolean;
  readonly baseURL: string;
}): Promise<Recorded> {
  const { client, name, isStream, baseURL } = given;
  let bytes = new Uint8Array();
  let contentType = "";
  const model = wiredModel(client, baseURL, async (input, init) => {
    const response = await fetch(input, init);
    bytes = new Uint8Array(await response.clone().arrayBuffer());
    contentType = response.headers.get("content-type") ?? "";
    return response;
  });
  const attempt = await attemptOver(model, isStream);
  if (attempt.kind === "failed") throw new Error(`${client}: ${attempt.fault.message}`);
  return { client, name, isStream, contentType, bytes };
}

export function attemptOver(
  model: LanguageModel,
  isStream: boolean,
  options: AttemptOptions & { readonly stop?: Stop } = {},
): Promise<Attempt> {
  const { stop, ...more } = options;
  const streaming = isStream ? { onDelta: () => undefined } : {};
  return attemptModel(model, requestOf(stop), { ...streaming, ...more });
}

/** A `fetch` that answers every request with these packets, each on its own. */
export function fetchOf(
  packets: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  given: { readonly contentType?: string; readonly status?: number } = {},
): Fetch {
  const { contentType = "text/event-stream", status = 200 } = given;
  return async (_input, init) => {
    const body = ReadableStream.from(packets);
    init?.signal?.throwIfAborted();
    const headers = contentType === "" ? {} : { "content-type": contentType };
    return new Response(body, { status, headers });
  };
}
