import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import type {
  AssistantMessage,
  ChatMessage,
  ChatRequest,
  ChatTool,
  ChatToolCall,
} from "../chat.ts";
import type { ParsedRequest } from "./dialect.ts";
import { badRequest, readList, textOfParts, wrongType, type Refusal } from "./request-reader.ts";

/** Reads a request body. What OpenAI would refuse is a 400 that names the member at fault. */
export function parseChatRequest(body: JsonObject): ParsedRequest {
  const request = readRequest(body);
  return "refused" in request ? badRequest(request) : { kind: "request", request };
}

function readRequest(body: JsonObject): ChatRequest | Refusal {
  if (typeof body["model"] !== "string") return wrongType("model", "a string");
  const messages = readList(body["messages"], "messages", readMessage);
  if ("refused" in messages) return messages;
  if (messages.length === 0)
    return { refused: "At least one message is needed.", param: "messages" };
  const tools = readList(body["tools"] ?? [], "tools", readTool);
  if ("refused" in tools) return tools;
  const options = body["stream_options"];
  return {
    model: body["model"],
    messages,
    tools,
    stream: body["stream"] === true,
    includeUsage: isJsonObject(options) && options["include_usage"] === true,
  };
}

function readMessage(value: Json, param: () => string): ChatMessage | Refusal {
  if (!isJsonObject(value)) return wrongType(param(), "an object");
  const role = value["role"];
  if (role === "assistant") return readAssistantMessage(value, param);
  const text = textOfParts(value["content"]);
  if (role === "system" || role === "developer" || role === "user") {
    return text === undefined ? wrongContent(param) : { role, text };
  }
  if (role === "tool") {
    const callId = value["tool_call_id"];
    if (typeof callId !== "string") return wrongType(`${param()}.tool_call_id`, "a string");
    return text === undefined ? wrongContent(param) : { role, callId, text };
  }
  return wrongType(`${param()}.role`, "system, developer, user, assistant or tool");
}

function readAssistantMessage(value: JsonObject, param: () => string): AssistantMessage | Refusal {
  const text = textOfParts(value["content"] ?? "");
  if (text === undefined) return wrongContent(param);
  const calls = value["tool_calls"] ?? [];
  if (Array.isArray(calls) && calls.length === 0) return { role: "assistant", text, toolCalls: [] };
  const toolCalls = readList(calls, `${param()}.tool_calls`, readToolCall);
  return "refused" in toolCalls ? toolCalls : { role: "assistant", text, toolCalls };
}

function readToolCall(value: Json, param: () => string): ChatToolCall | Refusal {
  const called = isJsonObject(value) ? value["function"] : undefined;
  if (!isJsonObject(value) || typeof value["id"] !== "string") {
    return wrongType(`${param()}.id`, "a string");
  }
  if (!isJsonObject(called)) return wrongType(`${param()}.function`, "an object");
  if (typeof called["name"] !== "string") return wrongType(`${param()}.function.name`, "a string");
  if (typeof called["arguments"] !== "string") {
    return wrongType(`${param()}.function.arguments`, "a string of JSON");
  }
  return { id: value["id"], name: called["name"], argumentsText: called["arguments"] };
}

function readTool(value: Json, param: () => string): ChatTool | Refusal {
  const declared = isJsonObject(value) ? value["function"] : undefined;
  if (!isJsonObject(declared) || typeof declared["name"] !== "string") {
    return wrongType(`${param()}.function.name`, "a string");
  }
  return { name: declared["name"], parameters: declared["parameters"] ?? null };
}

function wrongContent(param: () => string): Refusal {
  return wrongType(`${param()}.content`, "a string or an array of parts");
}
