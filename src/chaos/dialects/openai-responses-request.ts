/** Reads the input of OpenAI's Responses: a list of items, where calls and texts stand apart. */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import {
  chatFailure,
  type ChatFailure,
  type ChatMessage,
  type ChatTool,
  type ChatToolCall,
} from "../chat.ts";
import type { ParsedRequest } from "./dialect.ts";
import { badRequest, readList, textOfParts, wrongType, type Refusal } from "./request-reader.ts";
import type { RunMemory } from "./response-memory.ts";

/** What one item adds: a message, a call of the answer before it, or nothing. */
type ReadItem =
  | { readonly kind: "message"; readonly message: ChatMessage }
  | { readonly kind: "call"; readonly call: ChatToolCall }
  | { readonly kind: "nothing" };

/** Reads a request body. What is only named by its id is looked up in what was said before. */
export function parseInputRequest(body: JsonObject, memory: RunMemory): ParsedRequest {
  const { model, input, previous_response_id: previousId, instructions } = body;
  if (typeof model !== "string") return badRequest(wrongType("model", "a string"));
  const messages: ChatMessage[] = [];
  if (typeof instructions === "string") messages.push({ role: "system", text: instructions });
  if (typeof previousId === "string") {
    const before = memory.conversation(previousId);
    if (before === undefined) return unknownResponse(previousId);
    messages.push(...before);
  }
  const items: Json =
    typeof input === "string" ? [{ role: "user", content: input }] : (input ?? null);
  const resolved = resolveItems(items, memory);
  if ("status" in resolved) return resolved;
  const read = readList(resolved.items, "input", readItem);
  if ("refused" in read) return badRequest(read);
  if (read.length === 0 && typeof previousId !== "string") {
    return badRequest({ refused: "At least one item is needed.", param: "input" });
  }
  for (const item of read) addItem(messages, item);
  const tools = readList(body["tools"] ?? [], "tools", readTool);
  if ("refused" in tools) return badRequest(tools);
  return {
    kind: "request",
    request: {
      model,
      messages,
      tools: tools.flatMap(({ declared }) => declared),
      stream: body["stream"] === true,
      includeUsage: true,
    },
  };
}

/** Puts the item that is meant in the place of each reference. */
function resolveItems(items: Json, memory: RunMemory): { readonly items: Json } | ChatFailure {
  if (!Array.isArray(items)) return { items };
  const resolved: Json[] = [];
  for (const item of items) {
    const id = referredId(item);
    const meant = id === undefined ? item : memory.item(id);
    if (meant === undefined) return unknownItem(id ?? "");
    resolved.push(meant);
  }
  return { items: resolved };
}

function referredId(item: Json): string | undefined {
  if (!isJsonObject(item) || item["type"] !== "item_reference") return undefined;
  return typeof item["id"] === "string" ? item["id"] : "";
}

function readItem(item: Json, param: () => string): ReadItem | Refusal {
  if (!isJsonObject(item)) return wrongType(param(), "an object");
  switch (item["type"] ?? "message") {
    case "message":
      return readMessage(item, param);
    case "function_call":
      return readCall(item, param);
    case "function_call_output":
      return readOutput(item, param);
    default:
      // Reasoning and the calls of OpenAI's own tools: no model here has said them.
      return { kind: "nothing" };
  }
}

function readMessage(item: JsonObject, param: () => string): ReadItem | Refusal {
  const { role } = item;
  const text = textOfParts(item["content"]);
  if (text === undefined) return wrongType(`${param()}.content`, "a string or an array of parts");
  if (role === "assistant") return { kind: "message", message: { role, text, toolCalls: [] } };
  if (role === "user" || role === "system" || role === "developer") {
    return { kind: "message", message: { role, text } };
  }
  return wrongType(`${param()}.role`, "system, developer, user or assistant");
}

function readCall(item: JsonObject, param: () => string): ReadItem | Refusal {
  const { call_id: id, name, arguments: argumentsText } = item;
  if (typeof id !== "string") return wrongType(`${param()}.call_id`, "a string");
  if (typeof name !== "string") return wrongType(`${param()}.name`, "a string");
  if (typeof argumentsText !== "string") {
    return wrongType(`${param()}.arguments`, "a string of JSON");
  }
  return { kind: "call", call: { id, name, argumentsText } };
}

function readOutput(item: JsonObject, param: () => string): ReadItem | Refusal {
  const { call_id: callId, output } = item;
  if (typeof callId !== "string") return wrongType(`${param()}.call_id`, "a string");
  const text = textOfParts(output);
  if (text === undefined) return wrongType(`${param()}.output`, "a string or an array of parts");
  return { kind: "message", message: { role: "tool", callId, text } };
}

/** A call belongs to the answer that it follows: text and calls of one answer are one message. */
function addItem(messages: ChatMessage[], item: ReadItem): void {
  if (item.kind === "nothing") return;
  if (item.kind === "message") {
    messages.push(item.message);
    return;
  }
  const last = messages.at(-1);
  if (last?.role !== "assistant") {
    messages.push({ role: "assistant", text: "", toolCalls: [item.call] });
    return;
  }
  messages[messages.length - 1] = { ...last, toolCalls: [...last.toolCalls, item.call] };
}

/** A tool that OpenAI runs itself declares nothing. */
function readTool(
  tool: Json,
  param: () => string,
): { readonly declared: readonly ChatTool[] } | Refusal {
  if (!isJsonObject(tool)) return wrongType(param(), "an object");
  if (tool["type"] !== "function") return { declared: [] };
  const { name, parameters = null } = tool;
  if (typeof name !== "string") return wrongType(`${param()}.name`, "a string");
  return { declared: [{ name, parameters }] };
}

function unknownResponse(id: string): ChatFailure {
  return chatFailure({
    status: 400,
    code: "previous_response_not_found",
    message: `Previous response with id '${id}' not found.`,
    param: "previous_response_id",
  });
}

function unknownItem(id: string): ChatFailure {
  const advice = "Items are not persisted when `store` is set to false.";
  return chatFailure({
    status: 404,
    code: "item_not_found",
    message: `Item with id '${id}' not found. ${advice}`,
    param: "input",
  });
}
