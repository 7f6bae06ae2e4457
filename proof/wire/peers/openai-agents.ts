/** OpenAI Agents JS over the Chat Completions API, streaming. */
import {
  Agent,
  OpenAIChatCompletionsModel,
  retryPolicies,
  Runner,
  tool,
  type Tool,
  type RetryPolicy,
} from "@openai/agents";
import OpenAI from "openai";
import { errorMessage } from "../../../src/std/error.ts";
import type { Json, JsonObject } from "../../../src/std/json.ts";
import type { WireDesk, WireTool } from "../desk.ts";
import type { Claim } from "../score.ts";
import { API_KEY, MODEL_ID, RETRIES_MAX, TURNS_MAX, type Peer, type PlayAt } from "./peer.ts";
import { versionOf } from "./version.ts";

export const openaiAgentsStream: Peer = {
  name: "OpenAI Agents stream",
  version: `${versionOf("@openai/agents")}, ${versionOf("openai")}`,
  settings:
    `retry ${RETRIES_MAX} by status, network and provider, unsafe replay approved, ` +
    "schemas validated, unknown tools and errors fed back",
  play: async (desk, at) => {
    try {
      return await converse(desk, at);
    } catch (thrown) {
      return { claimedDone: false, error: errorMessage(thrown) };
    }
  },
};

async function converse(desk: WireDesk, at: PlayAt): Promise<Claim> {
  const { baseURL, patienceMs, signal } = at;
  const client = new OpenAI({ baseURL, apiKey: API_KEY, timeout: patienceMs, logLevel: "off" });
  const runner = new Runner({
    tracingDisabled: true,
    toolNotFoundBehavior: "return_error_to_model",
  });
  const agent = new Agent({
    name: "desk",
    instructions: desk.instructions,
    model: new OpenAIChatCompletionsModel(client, MODEL_ID),
    modelSettings: { retry: { maxRetries: RETRIES_MAX, policy } },
    tools: desk.tools.map(bind),
  });
  const result = await runner.run(agent, desk.prompt, {
    stream: true,
    maxTurns: TURNS_MAX,
    signal,
  });
  await result.completed;
  if (result.error !== null && result.error !== undefined) throw result.error;
  const text = result.finalOutput ?? "";
  return text.trim() === ""
    ? { claimedDone: false, error: "finished without a word" }
    : { claimedDone: true };
}

const worthRetrying = retryPolicies.any(
  retryPolicies.providerSuggested(),
  retryPolicies.networkError(),
  retryPolicies.retryAfter(),
  retryPolicies.httpStatus([408, 409, 429, 500, 502, 503, 504, 529]),
);

/** A model that is asked again has done nothing outside: replaying is safe here. */
const policy: RetryPolicy = async (context) => {
  const decided = await worthRetrying(context);
  const isRetry = typeof decided === "boolean" ? decided : decided.retry;
  return {
    ...(typeof decided === "boolean" ? {} : decided),
    retry: isRetry,
    approveUnsafeReplay: true,
  };
};

/** With a plain JSON Schema the library parses and does not validate: two lines of a user's do. */
function bind({ name, description, parameters, check, run }: WireTool): Tool {
  return tool({
    name,
    description,
    parameters: asSchema(parameters),
    strict: false,
    execute: (input: unknown) => {
      const wrong = check(input);
      if (wrong !== undefined) throw new Error(wrong);
      // The schema has accepted it, and it was parsed from JSON.
      return run(input as Json);
    },
    errorFunction: (_context, error) => `Error: ${errorMessage(error)}`,
  });
}

type ObjectSchema = Extract<
  Parameters<typeof tool>[0]["parameters"],
  { additionalProperties: true }
>;

function asSchema(parameters: JsonObject): ObjectSchema {
  // The public schema files hold object schemas; the library's type asks for a mark it never reads.
  return { ...parameters, additionalProperties: true } as ObjectSchema;
}
