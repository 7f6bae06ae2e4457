/**
 * LangChain `createAgent` on LangGraph's SQLite saver, both with their documented defaults:
 * the whole state after every super-step, in a database which is not fsynced (`synchronous` is
 * NORMAL in the driver's build), so a finished turn survives a killed process.
 */
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import assert from "node:assert/strict";
import path from "node:path";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { createAgent, tool } from "langchain";
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

const SYNCHRONOUS_NORMAL = 1;

class ScriptedModel extends BaseChatModel {
  readonly #script: Script;

  constructor(script: Script) {
    super({});
    this.#script = script;
  }

  override _llmType(): string {
    return "scripted";
  }

  /** The script knows its tool already. */
  override bindTools(): this {
    return this;
  }

  override async _generate(): Promise<ChatResult> {
    const turn = this.#script.next();
    const message =
      turn === undefined
        ? new AIMessage(FINAL_TEXT)
        : new AIMessage({
            content: "",
            tool_calls: [{ id: turn.callId, name: TOOL_NAME, args: { n: turn.n } }],
          });
    return { generations: [{ text: message.text, message }] };
  }
}

function lastText(messages: readonly BaseMessage[]): string {
  return messages.at(-1)?.text ?? "";
}

async function open(dir: string): Promise<OpenSystem> {
  const saver = SqliteSaver.fromConnString(path.join(dir, "checkpoints.db"));
  // The tables are made at the first read.
  await saver.getTuple({ configurable: { thread_id: "none" } });
  return {
    prepare: async (script, runName) => {
      const lookup = tool(({ n }) => script.lookup(n), {
        name: TOOL_NAME,
        description: TOOL_DESCRIPTION,
        schema: z.object({ n: z.number().int() }),
      });
      const agent = createAgent({
        model: new ScriptedModel(script),
        tools: [lookup],
        systemPrompt: INSTRUCTIONS,
        checkpointer: saver,
      });
      const config = {
        configurable: { thread_id: runName },
        recursionLimit: 2 * script.turns + 10,
      };
      return async () => {
        const state = await agent.invoke(
          { messages: [{ role: "user", content: script.prompt }] },
          config,
        );
        return lastText(state.messages);
      };
    },
    close: async () => {
      assert.equal(saver.db.pragma("synchronous", { simple: true }), SYNCHRONOUS_NORMAL);
      saver.db.close();
    },
  };
}

await main({
  system: "LangChain createAgent + SqliteSaver",
  version: `${versionOf("langchain", import.meta.url)} (langgraph ${versionOf("@langchain/langgraph", import.meta.url)})`,
  durable: "process",
  open,
});
