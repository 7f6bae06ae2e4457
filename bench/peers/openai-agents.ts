/** OpenAI Agents JS with a model of its own and tracing off; nothing is stored. */
import type { Model, ModelResponse } from "@openai/agents";
import { Agent, Runner, tool, Usage } from "@openai/agents";
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

function answer(script: Script): ModelResponse {
  const turn = script.next();
  const usage = new Usage({ requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 });
  if (turn === undefined) {
    const content = [{ type: "output_text" as const, text: FINAL_TEXT }];
    return {
      usage,
      output: [{ type: "message", role: "assistant", status: "completed", content }],
    };
  }
  return {
    usage,
    output: [
      {
        type: "function_call",
        callId: turn.callId,
        name: TOOL_NAME,
        status: "completed",
        arguments: `{"n":${turn.n}}`,
      },
    ],
  };
}

function scriptedModel(script: Script): Model {
  return {
    getResponse: async () => answer(script),
    getStreamedResponse: () => {
      throw new Error("not streamed");
    },
  };
}

async function open(): Promise<OpenSystem> {
  const runner = new Runner({ tracingDisabled: true });
  return {
    prepare: async (script) => {
      const lookup = tool({
        name: TOOL_NAME,
        description: TOOL_DESCRIPTION,
        parameters: z.object({ n: z.number().int() }),
        execute: ({ n }) => script.lookup(n),
      });
      const agent = new Agent({
        name: "bench",
        instructions: INSTRUCTIONS,
        model: scriptedModel(script),
        tools: [lookup],
      });
      return async () => {
        const result = await runner.run(agent, script.prompt, { maxTurns: script.turns + 1 });
        return result.finalOutput ?? "";
      };
    },
    close: async () => {},
  };
}

await main({
  system: "OpenAI Agents",
  version: versionOf("@openai/agents", import.meta.url),
  durable: "none",
  open,
});
