import type {
  Action,
  ChatAnswer,
  ChatMessage,
  ChatModel,
  ChatRequest,
} from "../../src/chaos/door.ts";

/** A request as the server would hand it to a model. */
export function ask(messages: readonly ChatMessage[]): ChatRequest {
  return { model: "any", messages, tools: [], stream: false, includeUsage: false };
}

export function answerOf(model: ChatModel, messages: readonly ChatMessage[]): ChatAnswer {
  const reply = model.answer(ask(messages));
  if (reply.kind === "failure") throw new Error(JSON.stringify(reply));
  return reply;
}

/** The first message of every conversation in these tests. */
export const opening: ChatMessage = { role: "user", text: "Please do the work." };

export interface PlayedOut {
  readonly messages: readonly ChatMessage[];
  /** Calls that a strict client would run: known tool, whole JSON, in order. */
  readonly performed: readonly { readonly name: string; readonly argumentsText: string }[];
  readonly turns: number;
  readonly isFinished: boolean;
}

export interface Client {
  readonly model: ChatModel;
  readonly actions: readonly Action[];
  readonly turnsMax: number;
  /** Rewrites the id of the nth call of a turn, as some clients do. */
  readonly renameId?: (id: string, turn: number, nth: number) => string;
  readonly resultOf?: (name: string, turn: number) => string;
}

/**
 * A compliant client: answers every call, keeps every message, and goes on after a text until all
 * actions were performed.
 */
export function playOut(client: Client): PlayedOut {
  const messages: ChatMessage[] = [opening];
  const performed: { name: string; argumentsText: string }[] = [];
  const wanted = client.actions.map((action) =>
    callText(action.name, JSON.stringify(action.arguments)),
  );
  const isComplete = (): boolean => {
    const made = performed.map((call) => callText(call.name, call.argumentsText));
    return wanted.every((text) => countOf(made, text) >= countOf(wanted, text));
  };
  for (let turn = 0; turn < client.turnsMax; turn++) {
    const answer = answerOf(client.model, messages);
    const toolCalls = (answer.toolCalls ?? []).map((call, nth) => ({
      ...call,
      id: client.renameId?.(call.id, turn, nth) ?? call.id,
    }));
    messages.push({ role: "assistant", text: answer.text ?? "", toolCalls });
    for (const call of toolCalls) {
      performed.push(call);
      const text = client.resultOf?.(call.name, turn) ?? "ok";
      messages.push({ role: "tool", callId: call.id, text });
    }
    if (toolCalls.length > 0) continue;
    if (isComplete()) return { messages, performed, turns: turn + 1, isFinished: true };
    messages.push({ role: "user", text: "That is not all. Please go on." });
  }
  return { messages, performed, turns: client.turnsMax, isFinished: false };
}

function callText(name: string, argumentsText: string): string {
  return `${name} ${argumentsText}`;
}

function countOf(texts: readonly string[], wanted: string): number {
  return texts.filter((text) => text === wanted).length;
}
