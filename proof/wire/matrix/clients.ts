/** The real provider clients that a run asks its model through. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import type { Dialect, WireServer } from "../../../src/chaos/door.ts";
import type { ModelReference } from "../../../src/index.ts";
import { API_KEY, MODEL_ID } from "../peers/peer.ts";

export interface ProviderClient {
  /** The package, and the API it is asked to speak where it speaks two. */
  readonly name: string;
  readonly dialect: Dialect;
  /** A model of the run that has this key. */
  model(server: WireServer, runKey: string): ModelReference;
}

const apiKey = API_KEY;

export const clients: readonly ProviderClient[] = [
  {
    name: "openai-compatible",
    dialect: "openai-chat",
    // Named by its address: the harness makes the client itself.
    model: (server, runKey) => ({ baseURL: server.urlFor(runKey), modelId: MODEL_ID }),
  },
  {
    name: "openai chat",
    dialect: "openai-chat",
    model: (server, runKey) =>
      createOpenAI({ apiKey, baseURL: server.urlFor(runKey) }).chat(MODEL_ID),
  },
  {
    name: "openai responses",
    dialect: "openai-responses",
    model: (server, runKey) =>
      createOpenAI({ apiKey, baseURL: server.urlFor(runKey) }).responses(MODEL_ID),
  },
  {
    name: "anthropic",
    dialect: "anthropic",
    model: (server, runKey) =>
      createAnthropic({ apiKey, baseURL: server.urlFor(runKey, "ai-sdk-anthropic") })(MODEL_ID),
  },
  {
    name: "google",
    dialect: "gemini",
    model: (server, runKey) =>
      createGoogle({ apiKey, baseURL: server.urlFor(runKey, "gemini") })(MODEL_ID),
  },
];
