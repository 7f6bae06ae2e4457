/**
 * What each provider's API refuses about a conversation, checked on the body that a real client
 * sent. Each rule is one that the provider answers with a 400; all faults of a body are told.
 */

type Fields = Readonly<Record<string, unknown>>;

export type Api = "anthropic" | "chat" | "gemini" | "mistral" | "responses";

export function faultsOf(api: Api, body: unknown): readonly string[] {
  const faults: string[] = brokenTexts(body);
  const rules = { anthropic, chat, gemini, mistral, responses };
  rules[api](fieldsOf(body), faults);
  return faults;
}

function anthropic(body: Fields, faults: string[]): void {
  const messages = listOf(body["messages"]);
  const seen = new Set<unknown>();
  if (messages[0]?.["role"] !== "user") faults.push("the first message is not the user's");
  for (const [index, { role, content }] of messages.entries()) {
    const blocks = listOf(content);
    if (blocks.length === 0) faults.push(`message ${index} is empty`);
    for (const block of blocks) anthropicBlock(block, { index, faults });
    if (role === "user") {
      const results = blocks.filter(({ type }) => type === "tool_result");
      if (blocks.slice(0, results.length).some(({ type }) => type !== "tool_result")) {
        faults.push(`message ${index} has a tool_result behind something else`);
      }
      const asked = listOf(messages[index - 1]?.["content"])
        .filter(isToolUse)
        .map(idOf);
      const given = results.map((block) => block["tool_use_id"]);
      if (!sameMembers(asked, given)) faults.push(`message ${index} does not answer ${index - 1}`);
      continue;
    }
    if (role !== "assistant") faults.push(`message ${index} has no known role`);
    for (const block of blocks.filter(isToolUse)) {
      if (seen.has(block["id"])) faults.push(`tool_use ids are not unique: ${idOf(block)}`);
      seen.add(block["id"]);
    }
    if (String(blocks.at(-1)?.["type"]).endsWith("thinking")) {
      faults.push(`message ${index} ends in thinking`);
    }
    if (blocks.some(isToolUse) && messages[index + 1]?.["role"] !== "user") {
      faults.push(`tool_use of message ${index} has no tool_result immediately after`);
    }
    const searches = blocks.filter(({ type }) => type === "server_tool_use").map(idOf);
    const found = blocks.filter(({ type }) => type === "web_search_tool_result");
    if (
      !sameMembers(
        searches,
        found.map((block) => block["tool_use_id"]),
      )
    ) {
      faults.push(`message ${index} has a server tool without its result`);
    }
  }
}

function isToolUse({ type }: Fields): boolean {
  return type === "tool_use";
}

function anthropicBlock(block: Fields, { index, faults }: Place): void {
  const { type, text, id, name, input, signature } = block;
  const where = `message ${index}`;
  if (type === "text" && String(text).trim() === "") faults.push(`${where} has blank text`);
  if (type === "thinking" && signature !== KNOWN.anthropic) faults.push(`${where}: bad signature`);
  if (type !== "tool_use") return;
  if (!/^[a-zA-Z0-9_-]+$/.test(String(id))) faults.push(`${where} has the id ${String(id)}`);
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(String(name))) faults.push(`${where} calls ${String(name)}`);
  if (!isFields(input)) faults.push(`${where} has arguments that are no object`);
}

interface Place {
  readonly index: number;
  readonly faults: string[];
}

function chat(body: Fields, faults: string[]): void {
  chatMessages(body, { id: /^[^]{1,40}$/, faults });
}

function mistral(body: Fields, faults: string[]): void {
  chatMessages(body, { id: /^[a-zA-Z0-9]{9}$/, faults });
  const messages = listOf(body["messages"]);
  for (const [index, { role }] of messages.entries()) {
    const last = messages[index - 1]?.["role"];
    if (role === "user" && last === "tool") faults.push("unexpected role 'user' after role 'tool'");
  }
}

function chatMessages(
  body: Fields,
  { id: allowed, faults }: { readonly id: RegExp; readonly faults: string[] },
): void {
  const seen = new Set<unknown>();
  let waiting: unknown[] = [];
  for (const [index, message] of listOf(body["messages"]).entries()) {
    const { role, content } = message;
    if (role === "tool") {
      const place = waiting.indexOf(message["tool_call_id"]);
      if (place === -1) faults.push(`message ${index} answers no call directly before it`);
      else waiting = waiting.toSpliced(place, 1);
      continue;
    }
    if (waiting.length > 0) faults.push(`no tool output before message ${index}`);
    waiting = [];
    if (role !== "assistant") continue;
    const calls = listOf(message["tool_calls"]);
    if (calls.length === 0 && (content === null || content === "")) {
      faults.push(`message ${index} has neither content nor tool calls`);
    }
    for (const call of calls) {
      const { name, arguments: text } = fieldsOf(call["function"]);
      if (!allowed.test(String(call["id"]))) faults.push(`the id ${String(call["id"])}`);
      if (seen.has(call["id"])) faults.push(`ids are not unique: ${String(call["id"])}`);
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(String(name))) faults.push(`calls ${String(name)}`);
      if (!isFields(parsed(text))) faults.push("arguments that are no object");
      seen.add(call["id"]);
      waiting.push(call["id"]);
    }
  }
  if (waiting.length > 0) faults.push("no tool output at the end");
}

/** Items, each answered by its id; what is referred to must be in the server's own store. */
function responses(body: Fields, faults: string[]): void {
  const items = listOf(body["input"]);
  const asked = new Set<unknown>();
  const given = new Set<unknown>();
  for (const [index, item] of items.entries()) {
    const { type, id, call_id: callId } = item;
    if (type === "function_call") {
      if (!/^[^]{1,64}$/.test(String(callId))) faults.push(`call_id ${String(callId)}`);
      if (asked.has(callId)) faults.push(`a call_id twice: ${String(callId)}`);
      if (!isFields(parsed(item["arguments"]))) faults.push("arguments that are no object");
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(String(item["name"]))) faults.push("a name");
      asked.add(callId);
    }
    if (type === "function_call_output") {
      if (!asked.has(callId)) faults.push(`no tool call found for ${String(callId)}`);
      if (given.has(callId)) faults.push(`an output twice: ${String(callId)}`);
      given.add(callId);
    }
    const isReference = type === "item_reference";
    if (isReference && !KNOWN.openai.has(String(id))) faults.push(`no item ${String(id)}`);
    const isReasoning = type === "reasoning" || (isReference && String(id).startsWith("rs_"));
    if (isReasoning && !isOutputItem(items[index + 1])) {
      faults.push(`reasoning ${String(id)} without its required following item`);
    }
  }
  for (const callId of asked) {
    if (!given.has(callId)) faults.push(`no tool output found for ${String(callId)}`);
  }
}

function isOutputItem(item: Fields | undefined): boolean {
  const { type, role, id } = item ?? {};
  if (type === "item_reference") return !String(id).startsWith("rs_");
  return role === "assistant" || type === "function_call" || type === "web_search_call";
}

function gemini(body: Fields, faults: string[]): void {
  const contents = listOf(body["contents"]);
  if (contents[0]?.["role"] !== "user") faults.push("the first content is not the user's");
  for (const [index, content] of contents.entries()) {
    const parts = listOf(content["parts"]);
    if (parts.length === 0) faults.push(`content ${index} has no parts`);
    const calls = callsIn(content);
    const results = fieldsIn(parts, "functionResponse");
    const before = contents[index - 1];
    if (calls.length > 0 && before?.["role"] !== "user") {
      faults.push(`function call turn ${index} comes after ${String(before?.["role"])}`);
    }
    const asked = before === undefined ? [] : callsIn(before);
    if (results.length !== asked.length) {
      faults.push(`content ${index}: ${results.length} responses to ${asked.length} calls`);
    }
    for (const [place, { id, name }] of results.entries()) {
      const isAsked = asked[place]?.["name"] === name && asked[place]?.["id"] === id;
      if (!isAsked) faults.push(`content ${index}: response ${String(name)} to another call`);
    }
    for (const { args } of calls) if (!isFields(args)) faults.push("args that are no object");
    for (const { thoughtSignature: mark } of parts) {
      if (mark !== undefined && !KNOWN.gemini.has(mark)) faults.push("a bad signature");
    }
    const first = parts.find((part) => isFields(part["functionCall"]));
    if (first !== undefined && first["thoughtSignature"] === undefined) {
      faults.push(`content ${index}: function call is missing a thought_signature`);
    }
  }
  if (callsIn(contents.at(-1) ?? {}).length > 0) faults.push("no response at the end");
}

function callsIn(content: Fields): readonly Fields[] {
  return fieldsIn(listOf(content["parts"]), "functionCall");
}

function fieldsIn(parts: readonly Fields[], key: string): readonly Fields[] {
  return parts.flatMap((part) => (isFields(part[key]) ? [part[key]] : []));
}

/** What these servers themselves have made: nobody else's marks mean anything to them. */
const KNOWN = {
  anthropic: "sig-of-anthropic",
  openai: new Set(["rs_1", "msg_1", "fc_1", "fc_2", "ws_1", "msg_2", "rs_3", "fc_3"]),
  gemini: new Set<unknown>(["sig-of-gemini", "skip_thought_signature_validator"]),
};

function brokenTexts(value: unknown): string[] {
  if (typeof value === "string") return value.isWellFormed() ? [] : ["half a character"];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(brokenTexts);
}

function sameMembers(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each));
}

function idOf(fields: Fields): string {
  return String(fields["id"]);
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}
