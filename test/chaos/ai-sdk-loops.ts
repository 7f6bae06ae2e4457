/** The AI SDK's own loops, with each of its providers that speaks one of the dialects. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  generateText,
  isStepCount,
  jsonSchema,
  streamText,
  tool,
  type LanguageModel,
  type ToolSet,
} from "ai";
import { anySchema, prompt, TURNS_MAX, type Loop, type Performed, type Place } from "./loop.ts";

type Provide = (place: Place) => LanguageModel;

const apiKey = "simulated";

const providers: Readonly<Record<string, Provide>> = {
  "@ai-sdk/openai-compatible": ({ urlFor }) =>
    createOpenAICompatible({ name: "chaos", baseURL: urlFor() }).chatModel("any"),
  "@ai-sdk/openai, chat": ({ urlFor }) => createOpenAI({ apiKey, baseURL: urlFor() }).chat("any"),
  "@ai-sdk/openai, responses": ({ urlFor }) => createOpenAI({ apiKey, baseURL: urlFor() })("any"),
  "@ai-sdk/anthropic": ({ urlFor }) =>
    createAnthropic({ apiKey, baseURL: urlFor("ai-sdk-anthropic") })("claude-sonnet-5"),
  "@ai-sdk/google": ({ urlFor }) => createGoogle({ apiKey, baseURL: urlFor("gemini") })("any"),
};

/** Each provider, asked for whole and for streamed answers. */
export const aiSdkLoops: readonly (readonly [string, Loop])[] = Object.entries(providers).flatMap(
  ([name, provide]) => [
    [`${name}, generateText`, generating(provide)],
    [`${name}, streamText`, streaming(provide)],
  ],
);

function generating(provide: Provide): Loop {
  return async (place) => {
    const performed: Performed[] = [];
    const { text } = await generateText({
      ...settings(place, provide),
      tools: tools(place, performed),
    });
    return { performed, text };
  };
}

function streaming(provide: Provide): Loop {
  return async (place) => {
    const performed: Performed[] = [];
    let failure: unknown;
    const { text } = streamText({
      ...settings(place, provide),
      tools: tools(place, performed),
      onError: ({ error }) => {
        failure = error;
      },
    });
    const said = await Promise.resolve(text).catch((thrown: unknown) => {
      throw failure ?? thrown;
    });
    if (failure !== undefined) throw failure;
    return { performed, text: said };
  };
}

function settings(place: Place, provide: Provide) {
  return { model: provide(place), prompt, maxRetries: 0, stopWhen: isStepCount(TURNS_MAX) };
}

function tools(place: Place, performed: Performed[]): ToolSet {
  const named = place.tools.map((name) => [
    name,
    tool({
      description: "For the test.",
      inputSchema: jsonSchema({ ...anySchema }),
      execute: (input) => {
        performed.push({ name, arguments: input });
        return "ok";
      },
    }),
  ]);
  return Object.fromEntries(named);
}
