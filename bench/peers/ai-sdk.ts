/** AI SDK 7 `generateText` with a plain model object, its fastest way; nothing is stored. */
import type { LanguageModelV4, LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { generateText, isStepCount, tool } from "ai";
import { z } from "zod";
import type { OpenSystem, Script } from "./workload.ts";
import {
  FINAL_TEXT,
  INSTRUCTIONS,
  main,
  TOOL_DESCRIPTION,
  TOOL_NAME,
  versionOf,
} from "./workload.ts";

const USAGE: LanguageModelV4GenerateResult["usage"] = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

function answer(script: Script): LanguageModelV4GenerateResult {
  const turn = script.next();
  if (turn === undefined) {
    return {
      content: [{ type: "text", text: FINAL_TEXT }],
      finishReason: { unified: "stop", raw: "stop" },
      usage: USAGE,
      warnings: [],
    };
  }
  const input = `{"n":${turn.n}}`;
  return {
    content: [{ type: "tool-call", toolCallId: turn.callId, toolName: TOOL_NAME, input }],
    finishReason: { unified: "tool-calls", raw: "tool_calls" },
    usage: USAGE,
    warnings: [],
  };
}

function scriptedModel(script: Script): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "scripted",
    modelId: "scripted",
    supportedUrls: {},
    doGenerate: async () => answer(script),
    doStream: () => Promise.reject(new Error("not streamed")),
  };
}

async function open(): Promise<OpenSystem> {
  return {
    prepare: async (script) => {
      const model = scriptedModel(script);
      const lookup = tool({
        description: TOOL_DESCRIPTION,
        inputSchema: z.object({ n: z.number().int() }),
        execute: async ({ n }) => script.lookup(n),
      });
      return async () => {
        const result = await generateText({
          model,
          instructions: INSTRUCTIONS,
          prompt: script.prompt,
          tools: { [TOOL_NAME]: lookup },
          stopWhen: isStepCount(script.turns + 1),
        });
        return result.text;
      };
    },
    close: async () => {},
  };
}

await main({
  system: "AI SDK generateText",
  version: versionOf("ai", import.meta.url),
  durable: "none",
  open,
});
