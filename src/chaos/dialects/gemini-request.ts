/**
 * Reads Google's contents. Its calls need have no ids: then a call is named by its place in the
 * conversation, and a response belongs to the first open call of its name, or else to the first
 * open call. A client that sends the ids back is understood by them.
 */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import type { ChatMessage, ChatTool, ChatToolCall, ToolMessage } from "../chat.ts";
import type { Address } from "../run-address.ts";
import { argumentsText } from "./arguments-value.ts";
import type { ParsedRequest } from "./dialect.ts";
import { callOf, contentOf, contentsOf, memberOf, responseOf } from "./gemini-contents.ts";
import { badRequest } from "./request-reader.ts";

/** Any version, any model, one of the two verbs; its colon may come percent-encoded. */
export const CONTENT_PATH: RegExp =
  /^\/v1(?:alpha|beta)?\/(?:tunedM|m)odels\/([^:]+)(?::|%3[Aa])(g|streamG)enerateContent$/;

/** Where a tool's text stands in a response: what Google's guides and the common clients write. */
const TEXT_MEMBERS = ["output", "result", "content", "error"] as const;

/** Reads a request body and its path, which names the model. */
export function parseContentRequest(body: JsonObject, address: Address): ParsedRequest {
  const [, model = "", verb = ""] = CONTENT_PATH.exec(address.path) ?? [];
  const stream = verb === "streamG";
  if (stream && address.query.get("alt") !== "sse") {
    return badRequest({ param: "", refused: "This server streams with alt=sse only." });
  }
  const contents = contentsOf(body);
  if (contents === undefined) {
    return badRequest({ param: "contents", refused: "contents is not specified" });
  }
  const messages = readSystem(body);
  let open: ChatToolCall[] = [];
  for (const [turn, value] of contents.entries()) {
    const { role, parts } = contentOf(value);
    if (parts.length === 0) {
      return badRequest({
        param: `contents[${turn}].parts`,
        refused: "contents.parts must not be empty.",
      });
    }
    if (!isRole(role)) {
      return badRequest({ param: "", refused: "Please use a valid role: user, model." });
    }
    const text = parts.map((part) => textIn(part)).join("");
    if (role === "model") {
      open = readCalls(parts, turn);
      messages.push({ role: "assistant", text, toolCalls: [...open] });
      continue;
    }
    const results = parts.flatMap((part) => readResult(part, open, turn));
    messages.push(...results);
    if (results.length < parts.length) messages.push({ role: "user", text });
  }
  const tools = readTools(body["tools"]);
  return { kind: "request", request: { model, messages, tools, stream, includeUsage: true } };
}

function isRole(role: Json | undefined): boolean {
  return role === undefined || role === "user" || role === "model" || role === "function";
}

function readSystem(body: JsonObject): ChatMessage[] {
  const system = memberOf(body, "systemInstruction", "system_instruction");
  if (system === undefined) return [];
  const text = contentOf(system)
    .parts.map((part) => textIn(part))
    .join("");
  return text === "" ? [] : [{ role: "system", text }];
}

/** Thoughts are no part of what was said. */
function textIn(part: JsonObject): string {
  return typeof part["text"] === "string" && part["thought"] !== true ? part["text"] : "";
}

function readCalls(parts: readonly JsonObject[], turn: number): ChatToolCall[] {
  const calls = parts.map(callOf).filter((call) => call !== undefined);
  return calls.map(({ id, name, args }, nth) => ({
    id: typeof id === "string" && id !== "" ? id : `gemini-${turn}-${nth}`,
    name: typeof name === "string" ? name : "",
    argumentsText: argumentsText(args),
  }));
}

/** Takes the call that is answered from those that are open. */
function readResult(part: JsonObject, open: ChatToolCall[], turn: number): readonly ToolMessage[] {
  const given = responseOf(part);
  if (given === undefined) return [];
  const { id, name, response } = given;
  const byId = open.findIndex((call) => call.id === id);
  const byName = open.findIndex((call) => call.name === name);
  const at = byId !== -1 ? byId : Math.max(0, byName);
  const [call] = open.splice(at, 1);
  const callId = call?.id ?? (typeof id === "string" ? id : `gemini-${turn}-stray`);
  return [{ role: "tool", callId, text: textOfResponse(response) }];
}

function textOfResponse(response: Json | undefined): string {
  if (!isJsonObject(response)) return "";
  for (const member of TEXT_MEMBERS) {
    const value = response[member];
    if (typeof value === "string") return value;
  }
  return JSON.stringify(response);
}

function readTools(tools: Json | undefined): readonly ChatTool[] {
  const listed: readonly Json[] = Array.isArray(tools) ? tools : [];
  return listed.flatMap((tool) => {
    if (!isJsonObject(tool)) return [];
    const declared = tool["functionDeclarations"] ?? tool["function_declarations"];
    return Array.isArray(declared) ? declared.flatMap(readDeclaration) : [];
  });
}

function readDeclaration(declared: Json): readonly ChatTool[] {
  if (!isJsonObject(declared) || typeof declared["name"] !== "string") return [];
  const parameters = declared["parametersJsonSchema"] ?? declared["parameters"] ?? null;
  return [{ name: declared["name"], parameters }];
}
