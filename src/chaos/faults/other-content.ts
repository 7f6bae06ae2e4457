/** Text told as something else: as a refusal, or as reasoning, in each dialect's own form. */
import type { JsonObject } from "../../std/json.ts";
import type { Dialect, FaultContext, Frame, WireFault } from "../exchange.ts";
import { mapObjects, objectAt, without } from "./json-tree.ts";

type Change = (object: JsonObject, context: FaultContext) => JsonObject;

/** Both stages. `rename` is for the Responses API, whose events are named for what they bring. */
function told(
  changes: Partial<Record<Dialect, Change>>,
  rename: readonly (readonly [string, string])[],
): Required<Pick<WireFault, "body" | "frames">> {
  const change: Change = (object, context) => changes[context.dialect]?.(object, context) ?? object;
  const renamed = (name: string): string =>
    rename.reduce((text, [from, to]) => text.replace(from, to), name);
  const frameOf = (frame: Frame, context: FaultContext): Frame => {
    const data = mapObjects(frame.data, (object) => change(object, context));
    const event = frame.event === undefined ? undefined : renamed(frame.event);
    return event === undefined ? { ...frame, data } : { ...frame, data, event };
  };
  return {
    body: (body, context) => mapObjects(body, (object) => change(object, context)),
    frames: (frames, context) => frames.map((frame) => frameOf(frame, context)),
  };
}

/** `from` becomes `to` where it holds text; an empty text is no content and stays. */
function moveText(object: JsonObject, from: string, to: string): JsonObject {
  const text = object[from];
  if (typeof text !== "string" || text === "") return object;
  return { ...without(object, from), [to]: text };
}

/** OpenAI's chat has text in a message, when whole, and in a delta, when streamed. */
function inMessage(to: string): Change {
  return (object) => {
    const message = objectAt(object, "message");
    const delta = objectAt(object, "delta");
    if (message !== undefined) {
      return { ...object, message: { content: null, ...moveText(message, "content", to) } };
    }
    return delta === undefined ? object : { ...object, delta: moveText(delta, "content", to) };
  };
}

function retype(object: JsonObject, from: string, to: string): JsonObject {
  const { type } = object;
  return typeof type === "string" ? { ...object, type: type.replace(from, to) } : object;
}

const refuseInResponses: Change = (object) => {
  const { type } = object;
  if (type === "output_text") {
    return { type: "refusal", refusal: object["text"] ?? "" };
  }
  if (typeof type !== "string" || !type.startsWith("response.output_text.")) return object;
  const renamed = retype(object, ".output_text.", ".refusal.");
  return without(moveText(renamed, "text", "refusal"), "logprobs");
};

const refuseInAnthropic: Change = (object) =>
  typeof object["stop_reason"] === "string" ? { ...object, stop_reason: "refusal" } : object;

/** OpenAI's own clients read `refusal`; Anthropic says it by the stop reason alone. */
export const refusalObjects: Required<Pick<WireFault, "body" | "frames">> = told(
  {
    "openai-chat": inMessage("refusal"),
    "openai-responses": refuseInResponses,
    anthropic: refuseInAnthropic,
  },
  [[".output_text.", ".refusal."]],
);

const reasonInAnthropic: Change = (object) => {
  if (object["type"] === "text") {
    return { type: "thinking", thinking: object["text"] ?? "", signature: "" };
  }
  if (object["type"] !== "text_delta") return object;
  return { type: "thinking_delta", thinking: object["text"] ?? "" };
};

const reasonInGemini: Change = (object) =>
  typeof object["text"] === "string" ? { ...object, thought: true } : object;

const reasonInResponses: Change = (object) => {
  const { type } = object;
  if (type === "output_text") return { type: "summary_text", text: object["text"] ?? "" };
  if (type === "message") {
    const { id = "rs_simulated", content = [] } = object;
    return { type: "reasoning", id, summary: content };
  }
  if (typeof type !== "string") return object;
  const renamed = retype(
    retype(object, ".output_text.", ".reasoning_summary_text."),
    ".content_part.",
    ".reasoning_summary_part.",
  );
  if (renamed["type"] === type) return object;
  const { content_index = 0, ...others } = renamed;
  return without({ ...others, summary_index: content_index }, "logprobs");
};

/** Chat has no standard for reasoning: `reasoning_content` is what most servers write. */
export const reasoningObjects: Required<Pick<WireFault, "body" | "frames">> = told(
  {
    "openai-chat": inMessage("reasoning_content"),
    "openai-responses": reasonInResponses,
    anthropic: reasonInAnthropic,
    gemini: reasonInGemini,
  },
  [
    [".output_text.", ".reasoning_summary_text."],
    [".content_part.", ".reasoning_summary_part."],
  ],
);
