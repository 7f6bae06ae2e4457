/** The model port: any AI SDK language model, named or given, asked one request at a time. */
import type { LanguageModelV2, LanguageModelV3, LanguageModelV4 } from "@ai-sdk/provider";
import type { AssistantPart, Message } from "../journal/message.ts";
import type { Usage } from "../journal/usage.ts";
import type { JsonObject } from "../std/json.ts";
import type { Stop } from "../std/stop.ts";

/** Any AI SDK model object, whichever of the three interface versions it implements. */
export type LanguageModel = LanguageModelV4 | LanguageModelV3 | LanguageModelV2;

/** An OpenAI-compatible server by its address: vLLM, Ollama, llama.cpp, a gateway, a test. */
export interface CompatibleModel {
  /** Ends in `/v1` for most servers. */
  readonly baseURL: string;
  readonly modelId: string;
  /** The environment variable that holds the key; left out for servers that want none. */
  readonly apiKeyEnv?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A model object, `"provider/model"`, or the address of an OpenAI-compatible server. */
export type ModelReference = LanguageModel | string | CompatibleModel;

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly strict: boolean;
}

/** Sampling settings, passed to the provider as they are. */
export interface ModelSettings {
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly stopSequences?: readonly string[];
  readonly reasoning?: "none" | "minimal" | "low" | "medium" | "high";
  readonly providerOptions?: JsonObject;
}

export interface SystemMessage {
  readonly role: "system";
  readonly content: string;
}

export interface ModelRequest {
  /** The whole prompt, the system message first. The array is the request's own. */
  readonly prompt: readonly (SystemMessage | Message)[];
  readonly tools: readonly ToolSpec[];
  readonly settings: ModelSettings;
  readonly abortSignal: AbortSignal | Stop;
}

export interface ModelAnswer {
  readonly content: readonly AssistantPart[];
  /** The provider named sources that it had the model read. They are not kept. */
  readonly consulted: boolean;
  /** Arguments that were not JSON, by the position of the call among those to dispatch. */
  readonly malformed: Readonly<Record<string, string>>;
  /** `stop`, `length`, `content-filter`, `tool-calls`, `pause`, `error`, `other`. */
  readonly finish: string;
  /** The provider's own word for it, where it gave one. */
  readonly rawFinish?: string;
  readonly usage: Usage;
  /** `provider/model` as the provider reports it. */
  readonly model: string;
  readonly responseId?: string;
}

/** A piece of a streamed answer, for showing only: nothing acts on it. */
export type Delta =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  /** What was shown of this answer is void: it broke off and is asked for again. */
  | { readonly kind: "restarted" };
