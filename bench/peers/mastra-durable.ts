/**
 * Mastra's durable agent on libSQL file storage with running checkpoints kept, which its
 * documentation asks for when a killed process shall be recoverable (they are off by default).
 * Its storage sets `synchronous` to NORMAL: a finished turn survives a killed process.
 */
import type { MastraModelConfig } from "@mastra/core/llm";
import path from "node:path";
import { Mastra } from "@mastra/core";
import { Agent } from "@mastra/core/agent";
import { createDurableAgent } from "@mastra/core/agent/durable";
import { createTool } from "@mastra/core/tools";
import { LibSQLStore } from "@mastra/libsql";
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

// Taken from Mastra's own types: it is built against an older patch of the AI SDK's interface.
type Model = Extract<MastraModelConfig, { readonly specificationVersion: "v4" }>;
type StreamResult = Awaited<ReturnType<Model["doStream"]>>;
type Part = StreamResult["stream"] extends ReadableStream<infer P> ? P : never;

const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

function answer(script: Script): readonly Part[] {
  const turn = script.next();
  if (turn === undefined) {
    return [
      { type: "stream-start", warnings: [] },
      { type: "text-start", id: "text" },
      { type: "text-delta", id: "text", delta: FINAL_TEXT },
      { type: "text-end", id: "text" },
      { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage: USAGE },
    ];
  }
  const input = `{"n":${turn.n}}`;
  return [
    { type: "stream-start", warnings: [] },
    { type: "tool-call", toolCallId: turn.callId, toolName: TOOL_NAME, input },
    { type: "finish", finishReason: { unified: "tool-calls", raw: "tool_calls" }, usage: USAGE },
  ];
}

function streamOf(parts: readonly Part[]): StreamResult {
  return { stream: ReadableStream.from<Part>(parts) };
}

function scriptedModel(script: Script): Model {
  return {
    specificationVersion: "v4",
    provider: "scripted",
    modelId: "scripted",
    supportedUrls: {},
    doGenerate: (): Promise<never> => Promise.reject(new Error("only streamed")),
    doStream: async () => streamOf(answer(script)),
  };
}

function buildAgent(script: Script, runName: string) {
  const lookup = createTool({
    id: TOOL_NAME,
    description: TOOL_DESCRIPTION,
    inputSchema: z.object({ n: z.number().int() }),
    mcp: { annotations: { readOnlyHint: true, idempotentHint: true } },
    execute: async ({ n }) => script.lookup(n),
  });
  const agent = new Agent({
    id: runName,
    name: runName,
    instructions: INSTRUCTIONS,
    model: scriptedModel(script),
    tools: { [TOOL_NAME]: lookup },
  });
  return createDurableAgent({
    agent,
    maxSteps: script.turns + 1,
    shouldPersistSnapshot: ({ workflowStatus }) =>
      ["pending", "paused", "suspended", "running"].includes(workflowStatus),
  });
}

async function open(dir: string): Promise<OpenSystem> {
  const storage = new LibSQLStore({ id: "bench", url: `file:${path.join(dir, "mastra.db")}` });
  await storage.init();
  const mastra = new Mastra({ storage, logger: false });
  return {
    prepare: async (script, runName) => {
      const durable = buildAgent(script, runName);
      mastra.addAgent(durable);
      return async () => {
        const { output } = await durable.stream(script.prompt);
        return output.text;
      };
    },
    close: async () => {
      // Waits for the workflows, whose last writes come after the text.
      await mastra.shutdown();
      await storage.close();
    },
  };
}

await main({
  system: "Mastra durable agent + libSQL",
  version: versionOf("@mastra/core", import.meta.url),
  durable: "process",
  open,
});
