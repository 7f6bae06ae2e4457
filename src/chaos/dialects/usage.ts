import type { ChatAnswer, ChatRequest, ChatToolCall, ChatUsage } from "../chat.ts";

/** Tokens in a text, estimated as four characters each: no tokenizer is asked. */
function estimateTokens(characters: number): number {
  return Math.ceil(characters / 4);
}

/** The usage that a model told, or an estimate. */
export function usageOf(answer: ChatAnswer, request: ChatRequest): ChatUsage {
  return answer.usage ?? estimateUsage(answer, request);
}

function estimateUsage(answer: ChatAnswer, request: ChatRequest): ChatUsage {
  let prompt = request.tools.length === 0 ? 0 : JSON.stringify(request.tools).length;
  for (const message of request.messages) {
    prompt += message.text.length;
    if (message.role === "assistant") prompt += callCharacters(message.toolCalls);
  }
  const completion = (answer.text ?? "").length + callCharacters(answer.toolCalls ?? []);
  return { promptTokens: estimateTokens(prompt), completionTokens: estimateTokens(completion) };
}

function callCharacters(calls: readonly ChatToolCall[]): number {
  let characters = 0;
  for (const call of calls) characters += call.name.length + call.argumentsText.length;
  return characters;
}
