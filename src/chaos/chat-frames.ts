/** A real answer of OpenAI's chat API, read as far as faults need to know what it brings. */
import { isJsonObject, parseJson, type Json, type JsonObject } from "../std/json.ts";
import type { ChatAnswer } from "./chat.ts";
import type { Frame, FrameKind } from "./exchange.ts";
import { objectAt } from "./faults/json-tree.ts";

/** The events of a stream. Undefined for what is no such stream, an error in it included. */
export function readChatFrames(text: string): readonly Frame[] | undefined {
  const frames: Frame[] = [];
  for (const event of text.split(/\r?\n\r?\n/)) {
    const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
    const data = lines.map((line) => line.slice("data:".length).replace(/^ /, "")).join("\n");
    if (data === "") continue;
    if (data === "[DONE]") {
      frames.push({ kind: "done", data });
      continue;
    }
    const parsed = parseJson(data);
    if (!parsed.ok || !isJsonObject(parsed.value) || "error" in parsed.value) return undefined;
    frames.push({ kind: kindOf(parsed.value), data: parsed.value });
  }
  return frames.length === 0 ? undefined : frames;
}

/** Providers put several things in one chunk: it counts as what is worst to lose. */
function kindOf(chunk: JsonObject): FrameKind {
  const [choice] = listAt(chunk, "choices");
  if (!isJsonObject(choice)) return isJsonObject(chunk["usage"]) ? "usage" : "role";
  if (typeof choice["finish_reason"] === "string") return "finish";
  const delta = objectAt(choice, "delta") ?? {};
  const [call] = listAt(delta, "tool_calls");
  const named = objectAt(call, "function");
  if (named !== undefined) return typeof named["name"] === "string" ? "tool_name" : "arguments";
  if (isText(delta["content"])) return "text";
  return isText(delta["reasoning_content"]) || isText(delta["reasoning"]) ? "reasoning" : "role";
}

/** What an answer has, for faults that need a text or a call. What it says is not told. */
export function contentOf(given: JsonObject | readonly Frame[]): ChatAnswer {
  const message = isJsonObject(given) ? objectAt(listAt(given, "choices")[0], "message") : {};
  const kinds = isJsonObject(given) ? [] : given.map(({ kind }) => kind);
  const hasText = kinds.includes("text") || isText(message?.["content"]);
  const hasCall = kinds.includes("tool_name") || listAt(message ?? {}, "tool_calls").length > 0;
  return {
    kind: "answer",
    finishReason: "stop",
    ...(hasText ? { text: "-" } : {}),
    ...(hasCall ? { toolCalls: [{ id: "-", name: "-", argumentsText: "" }] } : {}),
  };
}

function listAt(object: JsonObject, name: string): readonly Json[] {
  const value = object[name];
  return Array.isArray(value) ? value : [];
}

function isText(value: Json | undefined): boolean {
  return typeof value === "string" && value !== "";
}
