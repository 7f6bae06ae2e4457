/** One answer is expected: two come, or none. */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import type { FaultContext, Frame, WireFault } from "../exchange.ts";
import { without } from "./json-tree.ts";

/** Where the two dialects that offer several answers list them. */
function listName(context: FaultContext): "choices" | "candidates" {
  return context.dialect === "gemini" ? "candidates" : "choices";
}

/** Every answer of the list once more, as the next in number. */
function doubled(body: JsonObject, context: FaultContext): JsonObject {
  const name = listName(context);
  const list = body[name];
  if (!Array.isArray(list) || list.length === 0) return body;
  const again = list.map((item: Json) => (isJsonObject(item) ? { ...item, index: 1 } : item));
  return { ...body, [name]: [...list, ...again] };
}

/** A stream tells of each choice in chunks of its own. */
function doubledFrames(frames: readonly Frame[], context: FaultContext): readonly Frame[] {
  const name = listName(context);
  return frames.flatMap((frame) => {
    const { data } = frame;
    if (!isJsonObject(data)) return [frame];
    const both = doubled(data, context);
    const list = both[name];
    if (both === data || !Array.isArray(list)) return [frame];
    return [frame, { ...frame, data: { ...data, [name]: list.slice(list.length / 2) } }];
  });
}

function emptied(body: JsonObject, context: FaultContext): JsonObject {
  const name = listName(context);
  return name === "choices" ? { ...body, choices: [] } : without(body, name);
}

/** One event that answers nothing, and the end. */
function onlyFrame(
  frames: readonly Frame[],
  change: (data: JsonObject) => JsonObject,
): readonly Frame[] {
  // The last event of content: in Gemini's it is the one that tells the usage.
  const shown = frames.findLast(({ data }) => isJsonObject(data));
  if (shown === undefined || !isJsonObject(shown.data)) return frames;
  const done = frames.filter(({ kind }) => kind === "done");
  return [{ ...shown, data: change(shown.data) }, ...done];
}

function blocked(body: JsonObject): JsonObject {
  return {
    ...without(body, "candidates"),
    promptFeedback: { blockReason: "PROHIBITED_CONTENT" },
  };
}

export const choiceFaults: readonly WireFault[] = [
  {
    name: "answered_twice",
    group: "answer",
    summary: "two choices in place of one, both with the same answer",
    dialects: ["openai-chat", "gemini"],
    body: doubled,
    frames: doubledFrames,
  },
  {
    name: "no_choices",
    group: "answer",
    summary: "200 without a single choice",
    dialects: ["openai-chat", "gemini"],
    body: emptied,
    frames: (frames, context) => onlyFrame(frames, (data) => emptied(data, context)),
  },
  {
    name: "prompt_blocked",
    group: "answer",
    summary: "200 with promptFeedback.blockReason and no candidates",
    dialects: ["gemini"],
    body: blocked,
    frames: (frames) => onlyFrame(frames, blocked),
  },
];
