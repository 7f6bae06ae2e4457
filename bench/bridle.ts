/**
 * Bridle under the shared workload. Modes as extra arguments: the store (`full`, `normal`,
 * `memory`) and the effect class of the tool (`idempotent`, `read`, `once`).
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { LanguageModelV4, LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { agent, embedded, harness, idempotent, memoryStore, once, read, tool } from "bridle";
import type { JournalStore } from "bridle";
import { sqlite } from "bridle/sqlite";
import {
  FINAL_TEXT,
  INSTRUCTIONS,
  main,
  readArgs,
  TOOL_DESCRIPTION,
  TOOL_NAME,
  type Durable,
  type OpenSystem,
  type Script,
} from "./peers/workload.ts";

const USAGE: LanguageModelV4GenerateResult["usage"] = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

function answer(script: Script): LanguageModelV4GenerateResult {
  const turn = script.next();
  const calls: LanguageModelV4GenerateResult["content"] =
    turn === undefined
      ? [{ type: "text", text: FINAL_TEXT }]
      : [
          {
            type: "tool-call",
            toolCallId: turn.callId,
            toolName: TOOL_NAME,
            input: `{"n":${turn.n}}`,
          },
        ];
  const unified = turn === undefined ? "stop" : "tool-calls";
  return { content: calls, finishReason: { unified, raw: unified }, usage: USAGE, warnings: [] };
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

const effects = { idempotent: idempotent(), once: once(), read: read() } as const;

function openStore(mode: string, dir: string): JournalStore {
  if (mode === "memory") return memoryStore();
  return sqlite(path.join(dir, "bridle.db"), {
    synchronous: mode === "normal" ? "normal" : "full",
  });
}

const args = readArgs();
const storeMode = args.rest[0] ?? "full";
const effectMode = args.rest[1] ?? "idempotent";
const effect =
  effectMode === "once" ? effects.once : effects[effectMode === "read" ? "read" : "idempotent"];
const durable: { readonly [mode: string]: Durable } = { full: "power", normal: "process" };

async function open(dir: string): Promise<OpenSystem> {
  const scripts = new Map<string, Script>();
  const byRun = new Map<string, Script>();
  const scriptOf = (runId: string): Script => {
    const script = byRun.get(runId);
    if (script === undefined) throw new Error(`no script for run ${runId}`);
    return script;
  };
  const bench = agent({
    name: "bench",
    model: (run) => {
      const script = scripts.get(typeof run.input === "string" ? run.input : "");
      if (script === undefined) throw new Error("no script for this run");
      byRun.set(run.runId, script);
      return scriptedModel(script);
    },
    instructions: INSTRUCTIONS,
    prompt: (name: string) => scripts.get(name)?.prompt ?? "",
    tools: {
      [TOOL_NAME]: tool({
        description: TOOL_DESCRIPTION,
        inputSchema: {
          type: "object",
          properties: { n: { type: "integer" } },
          required: ["n"],
          additionalProperties: false,
        },
        effect,
        execute: ({ n }, { runId }) => scriptOf(runId).lookup(Number(n)),
      }),
    },
    limits: { turnsMax: 100_000, callsMax: 100_000 },
  });
  const store = openStore(storeMode, dir);
  const bridle = await harness({
    agents: [bench],
    store,
    engine: embedded({ concurrency: 1_000 }),
  });
  return {
    prepare: async (script, runName) => {
      scripts.set(runName, script);
      return async () => {
        const run = await bridle.start("bench", { input: runName });
        const outcome = await run.outcome();
        return outcome.text ?? outcome.reason.message;
      };
    },
    close: () => bridle.close(),
  };
}

const manifest: unknown = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);
const version =
  typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "";

await main(
  {
    system: `Bridle ${storeMode} ${effectMode}`,
    version,
    durable: durable[storeMode] ?? "none",
    open,
  },
  args,
);
