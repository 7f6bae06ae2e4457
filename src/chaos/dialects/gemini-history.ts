/**
 * The rules by which Google refuses a history (HTTP 400), in its own words: a turn of calls follows
 * a user or responses, and the very next turn brings as many responses as there were calls.
 */
import type { JsonObject } from "../../std/json.ts";
import { chatFailure, type ChatFailure } from "../chat.ts";
import { callOf, contentOf, contentsOf, responseOf } from "./gemini-contents.ts";

const COUNT_RULE =
  "Please ensure that the number of function response parts is equal to the number of function " +
  "call parts of the function call turn.";
const CALL_RULE =
  "Please ensure that function call turn comes immediately after a user turn or after a function " +
  "response turn.";
const RESPONSE_RULE =
  "Please ensure that function response turn comes immediately after a function call turn.";

/** The first refusal of a body that was read without one. */
export function checkContentsHistory(body: JsonObject): ChatFailure | undefined {
  let before = { isModel: true, calls: 0 };
  for (const value of contentsOf(body) ?? []) {
    const { role, parts } = contentOf(value);
    const isModel = role === "model";
    const calls = parts.filter((part) => callOf(part) !== undefined).length;
    const responses = parts.filter((part) => responseOf(part) !== undefined).length;
    if (before.calls === 0 && responses > 0) return refused(RESPONSE_RULE);
    if (before.calls !== responses) return refused(COUNT_RULE);
    if (calls > 0 && before.isModel) return refused(CALL_RULE);
    before = { isModel, calls: isModel ? calls : 0 };
  }
  return before.calls > 0 ? refused(COUNT_RULE) : undefined;
}

function refused(message: string): ChatFailure {
  return chatFailure({ status: 400, code: "invalid_history", message });
}
