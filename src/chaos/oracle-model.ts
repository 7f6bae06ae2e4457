import { prepareScript, type ActionScript } from "./action-script.ts";
import { mintCallId } from "./call-mark.ts";
import type { ChatAnswer } from "./chat.ts";
import type { ChatModel } from "./model.ts";
import { dueActions, progressOf, type Progress } from "./progress.ts";

/**
 * A model that never errs: it asks for the script's actions in order, waits for each result, and
 * ends with the final text. Throws `input_invalid` for a script that makes no sense.
 */
export function oracleModel(script: ActionScript): ChatModel {
  const prepared = prepareScript(script);
  return {
    name: "oracle",
    answer: (request) => rightAnswer(progressOf(prepared, request.messages)),
  };
}

/** What the task needs next: the due actions as tool calls, or the final text. */
export function rightAnswer(progress: Progress): ChatAnswer {
  const { script, decision } = progress;
  const due = dueActions(progress);
  if (due.length === 0) return textAnswer(script.finalText);
  const toolCalls = due.map((index) => ({
    id: mintCallId(script.key, { decision, kind: "right", index }),
    name: script.actions[index]?.name ?? "",
    argumentsText: script.actionTexts[index] ?? "",
  }));
  return { kind: "answer", toolCalls, finishReason: "tool_calls" };
}

export function textAnswer(text: string): ChatAnswer {
  return { kind: "answer", text, finishReason: "stop" };
}
