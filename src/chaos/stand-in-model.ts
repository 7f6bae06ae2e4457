/** Models for agents that nobody has written a script for. */
import { isDeepStrictEqual } from "node:util";
import { parseJson } from "../std/json.ts";
import { mintCallId } from "./call-mark.ts";
import type { ChatAnswer, ChatMessage, ChatRequest, ChatTool } from "./chat.ts";
import type { ChatModel } from "./model.ts";
import { sampleArguments } from "./sample-arguments.ts";

/** How often the call is asked for when none of its results arrives. */
const ATTEMPTS_MAX = 3;
/** A loop that answers every result with a new user message comes to its end here. */
const DECISIONS_MAX = 50;

/**
 * Asks once after each user message for the first tool that is offered, with arguments of the shape
 * that its schema asks for, and then says that it is done. Without tools it only says so.
 */
export function standInModel(): ChatModel {
  return {
    name: "stand-in",
    answer: (request) => {
      const [tool] = request.tools;
      const since = sinceLastPrompt(request.messages);
      const isOver =
        decisionsIn(since) >= ATTEMPTS_MAX || decisionsIn(request.messages) >= DECISIONS_MAX;
      if (tool === undefined || isOver || isAnswered(since, tool)) {
        return text("Done. No model was asked: this answer is simulated.");
      }
      return callOf(tool, request);
    },
  };
}

/** Says what the last message said. */
export function echoModel(): ChatModel {
  return {
    name: "echo",
    answer: ({ messages }) => text(`Simulated echo: ${messages.at(-1)?.text ?? ""}`),
  };
}

function text(words: string): ChatAnswer {
  return { kind: "answer", text: words, finishReason: "stop" };
}

function callOf(tool: ChatTool, request: ChatRequest): ChatAnswer {
  const decision = decisionsIn(request.messages);
  const id = mintCallId("", { decision, kind: "right", index: 0 });
  const argumentsText = JSON.stringify(sampleArguments(tool.parameters));
  const toolCalls = [{ id, name: tool.name, argumentsText }];
  return { kind: "answer", toolCalls, finishReason: "tool_calls" };
}

function decisionsIn(messages: readonly ChatMessage[]): number {
  return messages.filter(({ role }) => role === "assistant").length;
}

function sinceLastPrompt(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const last = messages.findLastIndex(({ role }) => role !== "assistant" && role !== "tool");
  return messages.slice(last + 1);
}

/** Whether a result came for the call as it was meant: a damaged one is asked for again. */
function isAnswered(messages: readonly ChatMessage[], tool: ChatTool): boolean {
  const wanted = sampleArguments(tool.parameters);
  const answered = new Set(
    messages.flatMap((message) => (message.role === "tool" ? [message.callId] : [])),
  );
  return messages.some((message) => {
    if (message.role !== "assistant") return false;
    return message.toolCalls.some((call) => {
      const parsed = parseJson(call.argumentsText);
      const isMeant = parsed.ok && isDeepStrictEqual(parsed.value, wanted);
      return isMeant && call.name === tool.name && answered.has(call.id);
    });
  });
}
