/** What an answer says, read leniently from any dialect: whole, streamed, or what came of it. */
import type { Dialect } from "../../../src/chaos/door.ts";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../../src/std/json.ts";

export interface ReadCall {
  readonly id: Json | undefined;
  readonly name: string;
  /** As text; an object as JSON. */
  argumentsText: string;
}

export interface ReadAnswer {
  /** The JSON of each event, or of the body. Text that is no JSON stays text. */
  readonly events: readonly Json[];
  readonly text: string;
  readonly calls: readonly ReadCall[];
  /** The dialect's own word; undefined when none came. */
  readonly finish: Json | undefined;
  readonly usage: JsonObject | undefined;
  readonly model: Json | undefined;
}

interface Reading {
  text: string;
  calls: ReadCall[];
  finish: Json | undefined;
  usage: JsonObject | undefined;
  model: Json | undefined;
}

export function readAnswer(
  { dialect, stream }: { readonly dialect: Dialect; readonly stream: boolean },
  text: string,
): ReadAnswer {
  const events = (stream ? dataOf(text) : [text]).map((data): Json => {
    const parsed = parseJson(data);
    return parsed.ok ? parsed.value : data;
  });
  const reading: Reading = {
    text: "",
    calls: [],
    finish: undefined,
    usage: undefined,
    model: undefined,
  };
  for (const event of events) if (isJsonObject(event)) readers[dialect](reading, event);
  return { events, ...reading };
}

/** The data of each event, as the standard has it: also of one that is cut off at the end. */
function dataOf(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .split(/\n\n+/)
    .map((event) =>
      event
        .split("\n")
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).replace(/^ /, ""))
        .join("\n"),
    )
    .filter((data) => data !== "");
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((item: Json) => isJsonObject(item)) : [];
}

function at(value: Json | undefined, name: string): JsonObject {
  const member = isJsonObject(value) ? value[name] : undefined;
  return isJsonObject(member) ? member : {};
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function note(reading: Reading, object: JsonObject, names: readonly [string, string]): void {
  const [usage, model] = names;
  const found = object[usage];
  if (isJsonObject(found)) reading.usage = { ...reading.usage, ...found };
  if (object[model] !== undefined) reading.model = object[model];
}

function readChat(reading: Reading, event: JsonObject): void {
  note(reading, event, ["usage", "model"]);
  const choice = objects(event["choices"]).find(({ index }) => index === 0);
  if (choice === undefined) return;
  const said = isJsonObject(choice["message"]) ? choice["message"] : at(choice, "delta");
  reading.text += textOf(said["content"]);
  const finish = choice["finish_reason"];
  if (finish !== null && finish !== undefined) reading.finish = finish;
  for (const call of objects(said["tool_calls"])) {
    const called = at(call, "function");
    const last = reading.calls.at(-1);
    if (called["name"] === undefined && last !== undefined) {
      last.argumentsText += textOf(called["arguments"]);
      continue;
    }
    const argumentsText = textOf(called["arguments"]);
    reading.calls.push({ id: call["id"], name: textOf(called["name"]), argumentsText });
  }
}

function readResponses(reading: Reading, event: JsonObject): void {
  const response = event["object"] === "response" ? event : at(event, "response");
  if (Object.keys(response).length > 0) {
    note(reading, response, ["usage", "model"]);
    if (response["status"] !== "in_progress") reading.finish = response["status"];
  }
  if (event["object"] === "response") {
    for (const item of objects(event["output"])) readItem(reading, item);
    return;
  }
  const { type } = event;
  if (type === "response.output_text.delta") reading.text += textOf(event["delta"]);
  if (type === "response.output_item.added") {
    const item = at(event, "item");
    if (item["type"] === "function_call") readItem(reading, item);
  }
  const last = reading.calls.at(-1);
  if (type === "response.function_call_arguments.delta" && last !== undefined) {
    last.argumentsText += textOf(event["delta"]);
  }
}

function readItem(reading: Reading, item: JsonObject): void {
  if (item["type"] === "function_call") {
    const argumentsText = textOf(item["arguments"]);
    reading.calls.push({ id: item["call_id"], name: textOf(item["name"]), argumentsText });
  }
  for (const part of objects(item["content"])) {
    if (part["type"] === "output_text") reading.text += textOf(part["text"]);
  }
}

function readAnthropic(reading: Reading, event: JsonObject): void {
  const isWhole = event["type"] === "message";
  const message = isWhole ? event : at(event, "message");
  note(reading, message, ["usage", "model"]);
  note(reading, event, ["usage", "model"]);
  const delta = at(event, "delta");
  const reason = isWhole ? message["stop_reason"] : delta["stop_reason"];
  if (reason !== undefined && reason !== null) reading.finish = reason;
  if (isWhole) for (const block of objects(message["content"])) readBlock(reading, block, true);
  if (event["type"] === "content_block_start") {
    readBlock(reading, at(event, "content_block"), false);
  }
  if (delta["type"] === "text_delta") reading.text += textOf(delta["text"]);
  const last = reading.calls.at(-1);
  if (delta["type"] === "input_json_delta" && last !== undefined) {
    last.argumentsText += textOf(delta["partial_json"]);
  }
}

function readBlock(reading: Reading, block: JsonObject, isWhole: boolean): void {
  if (block["type"] === "text") reading.text += textOf(block["text"]);
  if (block["type"] !== "tool_use") return;
  const argumentsText = isWhole ? argumentsOf(block["input"]) : "";
  reading.calls.push({ id: block["id"], name: textOf(block["name"]), argumentsText });
}

function readGemini(reading: Reading, event: JsonObject): void {
  note(reading, event, ["usageMetadata", "modelVersion"]);
  const candidate = objects(event["candidates"]).find(({ index }) => index === 0);
  if (candidate === undefined) return;
  const { finishReason } = candidate;
  if (finishReason !== undefined && finishReason !== null) reading.finish = finishReason;
  for (const part of objects(at(candidate, "content")["parts"])) {
    if (part["thought"] !== true) reading.text += textOf(part["text"]);
    const call = part["functionCall"];
    if (!isJsonObject(call)) continue;
    const argumentsText = argumentsOf(call["args"]);
    reading.calls.push({ id: call["id"], name: textOf(call["name"]), argumentsText });
  }
}

function argumentsOf(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? {});
}

const readers: Readonly<Record<Dialect, (reading: Reading, event: JsonObject) => void>> = {
  "openai-chat": readChat,
  "openai-responses": readResponses,
  anthropic: readAnthropic,
  gemini: readGemini,
};
