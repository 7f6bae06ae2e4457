/** Reads Anthropic's messages. A refusal names the member as Anthropic does: `messages.2.role`. */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import type { ChatMessage, ChatTool, ChatToolCall } from "../chat.ts";
import { argumentsText } from "./arguments-value.ts";
import type { ParsedRequest } from "./dialect.ts";
import { badRequest, type Refusal } from "./request-reader.ts";

/** Reads a request body. What Anthropic would refuse is a 400 that names the member at fault. */
export function parseMessagesRequest(body: JsonObject): ParsedRequest {
  const { model, messages, max_tokens: tokensMax } = body;
  if (model === undefined) return badRequest(missing("model"));
  if (typeof model !== "string") return badRequest(wrong("model", "a valid string"));
  if (tokensMax === undefined) return badRequest(missing("max_tokens"));
  if (typeof tokensMax !== "number") return badRequest(wrong("max_tokens", "a valid integer"));
  if (messages === undefined) return badRequest(missing("messages"));
  if (!Array.isArray(messages)) return badRequest(wrong("messages", "a valid list"));
  if (messages.length === 0) {
    return badRequest({ param: "messages", refused: "at least one message is required" });
  }
  const read: ChatMessage[] = readSystem(body["system"]);
  for (const [index, message] of messages.entries()) {
    const refusal = readMessage(read, message, `messages.${index}`);
    if (refusal !== undefined) return badRequest(refusal);
  }
  const tools = readTools(body["tools"] ?? []);
  if ("refused" in tools) return badRequest(tools);
  const stream = body["stream"] === true;
  return {
    kind: "request",
    request: { model, messages: read, tools, stream, includeUsage: true },
  };
}

function readSystem(system: Json | undefined): ChatMessage[] {
  const text = textOf(system);
  return text === "" ? [] : [{ role: "system", text }];
}

/** Adds what one message says. One message of a user may hold several results and a text. */
function readMessage(read: ChatMessage[], message: Json, at: string): Refusal | undefined {
  if (!isJsonObject(message)) return wrong(at, "an object");
  const { role, content } = message;
  if (role !== "user" && role !== "assistant") return wrong(`${at}.role`, "'user' or 'assistant'");
  if (content === undefined) return missing(`${at}.content`);
  if (typeof content !== "string" && !Array.isArray(content)) {
    return wrong(`${at}.content`, "a valid string or list");
  }
  const blocks: readonly Json[] = Array.isArray(content) ? content : [];
  for (const [index, block] of blocks.entries()) {
    const refusal = refuseBlock(block, `${at}.content.${index}`);
    if (refusal !== undefined) return refusal;
  }
  const text = textOf(content);
  if (role === "assistant") {
    read.push({ role, text, toolCalls: blocks.flatMap(readCall) });
    return undefined;
  }
  const results = blocks.flatMap(readResult);
  read.push(...results);
  if (results.length < blocks.length || results.length === 0) read.push({ role, text });
  return undefined;
}

function refuseBlock(block: Json, at: string): Refusal | undefined {
  if (!isJsonObject(block)) return wrong(at, "an object");
  const { type } = block;
  if (typeof type !== "string") return missing(`${at}.type`);
  const wanted =
    type === "tool_use" ? ["id", "name"] : type === "tool_result" ? ["tool_use_id"] : [];
  const absent = wanted.find((name) => typeof block[name] !== "string");
  return absent === undefined ? undefined : missing(`${at}.${type}.${absent}`);
}

function readCall(block: Json): readonly ChatToolCall[] {
  if (!isJsonObject(block) || block["type"] !== "tool_use") return [];
  const { id, name, input } = block;
  if (typeof id !== "string" || typeof name !== "string") return [];
  return [{ id, name, argumentsText: argumentsText(input) }];
}

function readResult(block: Json): readonly ChatMessage[] {
  if (!isJsonObject(block) || block["type"] !== "tool_result") return [];
  const { tool_use_id: callId, content } = block;
  return typeof callId === "string" ? [{ role: "tool", callId, text: textOf(content) }] : [];
}

function readTools(tools: Json): readonly ChatTool[] | Refusal {
  if (!Array.isArray(tools)) return wrong("tools", "a valid list");
  const read: ChatTool[] = [];
  for (const [index, tool] of tools.entries()) {
    const name = isJsonObject(tool) ? tool["name"] : undefined;
    if (!isJsonObject(tool) || typeof name !== "string") return missing(`tools.${index}.name`);
    read.push({ name, parameters: tool["input_schema"] ?? null });
  }
  return read;
}

/** A text, or the text of its blocks joined. */
function textOf(content: Json | undefined): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  let text = "";
  for (const block of content) {
    if (isJsonObject(block) && typeof block["text"] === "string") text += block["text"];
  }
  return text;
}

function missing(param: string): Refusal {
  return { param, refused: "Field required" };
}

function wrong(param: string, expected: string): Refusal {
  return { param, refused: `Input should be ${expected}` };
}
