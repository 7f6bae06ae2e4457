/**
 * LangGraph at its leanest that is still durable: a graph of two hand-written nodes, messages in
 * the beta delta channel, the SQLite saver made to fsync (`synchronous` FULL) and durability
 * "sync", so that a finished turn survives a power cut.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { END, MessagesDeltaValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { z } from "zod";
import type { OpenSystem, Script } from "./workload.ts";
import { FINAL_TEXT, INSTRUCTIONS, main, TOOL_NAME, versionOf } from "./workload.ts";

const SYNCHRONOUS_FULL = 2;
const State = new StateSchema({ messages: MessagesDeltaValue });
const LookupInput = z.object({ n: z.number().int() });

function answer(script: Script): AIMessage {
  const turn = script.next();
  if (turn === undefined) return new AIMessage(FINAL_TEXT);
  return new AIMessage({
    content: "",
    tool_calls: [{ id: turn.callId, name: TOOL_NAME, args: { n: turn.n } }],
  });
}

function toolCallsOf(message?: BaseMessage): NonNullable<AIMessage["tool_calls"]> {
  return AIMessage.isInstance(message) ? (message.tool_calls ?? []) : [];
}

function runTools(script: Script, messages: readonly BaseMessage[]): readonly ToolMessage[] {
  return toolCallsOf(messages.at(-1)).map(
    (call) =>
      new ToolMessage({
        tool_call_id: call.id ?? "",
        name: call.name,
        content: script.lookup(LookupInput.parse(call.args).n),
      }),
  );
}

/** The graph's type has a dozen parameters; whoever needs it takes it from here. */
function buildGraph(script: Script, saver: SqliteSaver) {
  return new StateGraph(State)
    .addNode("model", () => ({ messages: [answer(script)] }))
    .addNode("tools", (state) => ({ messages: [...runTools(script, state.messages)] }))
    .addEdge(START, "model")
    .addConditionalEdges("model", (state) =>
      toolCallsOf(state.messages.at(-1)).length > 0 ? "tools" : END,
    )
    .addEdge("tools", "model")
    .compile({ checkpointer: saver });
}

async function open(dir: string): Promise<OpenSystem> {
  const saver = SqliteSaver.fromConnString(path.join(dir, "checkpoints.db"));
  // The tables are made at the first read, and the journal mode set: FULL must come after it.
  await saver.getTuple({ configurable: { thread_id: "none" } });
  saver.db.pragma("synchronous = FULL");
  return {
    prepare: async (script, runName) => {
      const graph = buildGraph(script, saver);
      const messages = [new SystemMessage(INSTRUCTIONS), new HumanMessage(script.prompt)];
      return async () => {
        const state = await graph.invoke(
          { messages },
          {
            configurable: { thread_id: runName },
            durability: "sync",
            recursionLimit: 2 * script.turns + 10,
          },
        );
        return state.messages.at(-1)?.text ?? "";
      };
    },
    close: async () => {
      assert.equal(saver.db.pragma("synchronous", { simple: true }), SYNCHRONOUS_FULL);
      saver.db.close();
    },
  };
}

await main({
  system: "LangGraph delta channel, FULL",
  version: versionOf("@langchain/langgraph", import.meta.url),
  durable: "power",
  open,
});
