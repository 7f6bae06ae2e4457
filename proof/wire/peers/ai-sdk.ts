/** What both ways of the AI SDK share: the provider, the tools, the settings. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  isStepCount,
  jsonSchema,
  tool,
  type LanguageModel,
  type StopCondition,
  type Tool,
} from "ai";
import type { Json, JsonObject } from "../../../src/std/json.ts";
import type { WireDesk, WireTool } from "../desk.ts";
import type { Claim } from "../score.ts";
import { patientFetch } from "./patient-fetch.ts";
import { API_KEY, MODEL_ID, RETRIES_MAX, TURNS_MAX, type PlayAt } from "./peer.ts";
import { versionOf } from "./version.ts";

export const AI_SDK_VERSION: string = versionOf("ai");

/** The library writes its warnings to the console otherwise. */
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });

export interface AiSdkSettings {
  readonly model: LanguageModel;
  readonly instructions: string;
  readonly prompt: string;
  readonly tools: Record<string, Tool<Json, Json>>;
  readonly stopWhen: StopCondition<Record<string, Tool<Json, Json>>>;
  readonly maxRetries: number;
  readonly abortSignal: AbortSignal;
}

/** `streams`: a request is waited for until its head, not until its end. */
export function aiSdkSettings(desk: WireDesk, at: PlayAt, streams: boolean): AiSdkSettings {
  const { baseURL, signal, patienceMs } = at;
  const fetch = patientFetch(patienceMs, !streams);
  const provider = createOpenAICompatible({ name: "wire", baseURL, apiKey: API_KEY, fetch });
  return {
    model: provider(MODEL_ID),
    instructions: desk.instructions,
    prompt: desk.prompt,
    tools: Object.fromEntries(desk.tools.map((each) => [each.name, bind(each)])),
    stopWhen: isStepCount(TURNS_MAX),
    maxRetries: RETRIES_MAX,
    abortSignal: signal,
  };
}

/** `jsonSchema` accepts anything unless it is given a validator, as its documentation says. */
function bind({ description, parameters, check, run }: WireTool): Tool<Json, Json> {
  const inputSchema = jsonSchema<Json>(asSchema(parameters), {
    validate: (value) => {
      const wrong = check(value);
      // The schema has accepted it, and it was parsed from JSON.
      if (wrong === undefined) return { success: true, value: value as Json };
      return { success: false, error: new Error(wrong) };
    },
  });
  return tool({ description, inputSchema, execute: (input) => run(input) });
}

function asSchema(parameters: JsonObject): Parameters<typeof jsonSchema>[0] {
  // The public schema files hold JSON Schema; its type says more than JSON's does.
  return parameters as Parameters<typeof jsonSchema>[0];
}

/** Only `stop` is an end of the model's own; a careful user looks, and at the text as well. */
export function claimOf(finishReason: string, text: string): Claim {
  if (finishReason !== "stop") return { claimedDone: false, error: `finished: ${finishReason}` };
  if (text.trim() === "") return { claimedDone: false, error: "finished without a word" };
  return { claimedDone: true };
}
