/** Providers as real servers in four dialects, for agents with several routes. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import {
  faultPlan,
  scriptedModel,
  type ChatRequest,
  type ExchangeRecord,
  type FaultPlan,
  type ScriptedStep,
  type WireServerOptions,
} from "../../src/chaos/door.ts";
import type { LanguageModel } from "../../src/generation/model.ts";
import type { JournalEvent } from "../../src/index.ts";
import { serve } from "../chaos/served.ts";
import { eventsOf } from "./world.ts";

const apiKey = "none";

type UrlOf = (client?: "ai-sdk-anthropic" | "gemini") => string;

type Client = "chat" | "responses" | "anthropic" | "gemini";

const clients: Readonly<Record<Client, (urlOf: UrlOf) => LanguageModel>> = {
  chat: (urlOf) => createOpenAI({ apiKey, baseURL: urlOf() }).chat("gpt-4.1"),
  responses: (urlOf) => createOpenAI({ apiKey, baseURL: urlOf() }).responses("gpt-5"),
  anthropic: (urlOf) =>
    createAnthropic({ apiKey, baseURL: urlOf("ai-sdk-anthropic") })("claude-sonnet-5"),
  gemini: (urlOf) => createGoogle({ apiKey, baseURL: urlOf("gemini") })("gemini-3-pro"),
};

export interface Provider {
  readonly model: LanguageModel;
  /** The same for one run, whose faults are drawn for it alone. */
  readonly modelFor: (runKey: string) => LanguageModel;
  /** What became of each request, oldest first. */
  readonly exchanges: ExchangeRecord[];
  /** Requests that reached the model: what a fault answered in its place did not. */
  readonly requests: ChatRequest[];
  /** Statuses of 400 and above, with the faults that were planned for them. */
  readonly refused: () => readonly string[];
}

/** One provider with a script, that meets these faults (`name@2`, `name*3`). */
export async function provider(
  client: Client,
  steps: readonly ScriptedStep[],
  more: Omit<Partial<WireServerOptions>, "faults"> & {
    readonly faults?: readonly string[];
    readonly plan?: FaultPlan;
  } = {},
): Promise<Provider> {
  const model = scriptedModel(steps, client);
  const exchanges: ExchangeRecord[] = [];
  const requests: ChatRequest[] = [];
  const { faults = [], plan = faultPlan({ faults }), ...options } = more;
  const server = await serve({
    models: () => model,
    faults: plan,
    onExchange: (exchange) => exchanges.push(exchange),
    onRequest: ({ request }) => requests.push(request),
    ...options,
  });
  return {
    model: clients[client]((name) => server.urlFor("", name)),
    modelFor: (runKey) => clients[client]((name) => server.urlFor(runKey, name)),
    exchanges,
    requests,
    refused: () =>
      exchanges.flatMap(({ status, faults: met }) =>
        (status ?? 0) >= 400 ? [`${status} ${met.join(" ")}`.trim()] : [],
      ),
  };
}

/** A script that looks `turns` times and is done. */
export function looking(turns: number): readonly ScriptedStep[] {
  const looks = Array.from({ length: turns }, (_, n): ScriptedStep => {
    return { text: `Look ${n}.`, call: { name: "look", arguments: { n } } };
  });
  return [...looks, { text: "Done." }];
}

/** Waits between attempts that no test has to sit through. */
export const brisk = { attemptsMax: 3, baseMs: 1, maxMs: 2, waitMaxMs: 2_000 } as const;

/** Which route gave each answer. */
export function answeredBy(events: readonly JournalEvent[]): string[] {
  let asked = "";
  return eventsOf(events, "model.answered").map((event) => {
    asked = event.asked ?? asked;
    return asked.split("/")[0] ?? "";
  });
}

/** Requests that each of them got, refused ones included. */
export function hits(...providers: readonly Provider[]): number[] {
  return providers.map(({ exchanges }) => exchanges.length);
}
