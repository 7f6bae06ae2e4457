/**
 * The rules by which Anthropic refuses a history (HTTP 400), in its own words, because clients tell
 * them apart by these: each call is answered in the very next turn, before anything else is said;
 * each result answers a call of the turn before it; ids are unique and plain; inputs are objects;
 * nothing is empty. Messages of one role in a row are one turn.
 */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import { chatFailure, type ChatFailure } from "../chat.ts";
import { isArguments } from "./arguments-value.ts";

const ID = /^[a-zA-Z0-9_-]+$/;

interface PlacedBlock {
  readonly block: JsonObject;
  readonly at: string;
}

interface Turn {
  readonly role: Json | undefined;
  /** Where it starts: `messages.2`. */
  readonly at: string;
  readonly blocks: PlacedBlock[];
}

/** The first refusal of a body that was read without one. */
export function checkMessagesHistory(body: JsonObject): ChatFailure | undefined {
  const messages = Array.isArray(body["messages"]) ? body["messages"] : [];
  const empty = emptyContent(messages);
  if (empty !== undefined) return empty;
  const turns = turnsOf(messages);
  const broken = brokenCall(turns);
  if (broken !== undefined) return broken;
  for (const [index, turn] of turns.entries()) {
    const refused = unanswered(turn, turns[index + 1]) ?? strayResult(turn, turns[index - 1]);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function emptyContent(messages: readonly Json[]): ChatFailure | undefined {
  for (const [index, message] of messages.entries()) {
    if (!isJsonObject(message)) continue;
    const { role, content } = message;
    const isLast = index === messages.length - 1 && role === "assistant";
    const isEmpty = content === "" || (Array.isArray(content) && content.length === 0);
    if (isEmpty && !isLast) {
      const rule = "all messages must have non-empty content except for the optional final";
      return refused(`messages.${index}: ${rule} assistant message`);
    }
    const blocks: readonly Json[] = Array.isArray(content) ? content : [];
    if (blocks.some((block) => isJsonObject(block) && block["text"] === "")) {
      return refused("messages: text content blocks must be non-empty");
    }
  }
  return undefined;
}

function turnsOf(messages: readonly Json[]): readonly Turn[] {
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    if (!isJsonObject(message)) continue;
    const { role, content } = message;
    const at = `messages.${index}`;
    const last = turns.at(-1);
    const turn = last?.role === role && last !== undefined ? last : { role, at, blocks: [] };
    if (turn !== last) turns.push(turn);
    const blocks: readonly Json[] = Array.isArray(content) ? content : [{ type: "text" }];
    for (const [nth, block] of blocks.entries()) {
      if (isJsonObject(block)) turn.blocks.push({ block, at: `${at}.content.${nth}` });
    }
  }
  return turns;
}

function brokenCall(turns: readonly Turn[]): ChatFailure | undefined {
  const seen = new Set<Json | undefined>();
  for (const { block, at } of turns.flatMap(({ blocks }) => blocks)) {
    if (block["type"] !== "tool_use") continue;
    const { id, input } = block;
    if (typeof id !== "string" || !ID.test(id)) {
      return refused(`${at}.tool_use.id: String should match pattern '${ID.source}'`);
    }
    if (!isArguments(input)) {
      return refused(`${at}.tool_use.input: Input should be a valid dictionary`);
    }
    if (seen.has(id)) return refused(`${at}: \`tool_use\` ids must be unique`);
    seen.add(id);
  }
  return undefined;
}

function unanswered(turn: Turn, next: Turn | undefined): ChatFailure | undefined {
  if (turn.role !== "assistant") return undefined;
  const blocks = next?.blocks ?? [];
  const end = blocks.findIndex(({ block }) => block["type"] !== "tool_result");
  // A result that comes after something else does not count as one that follows immediately.
  const leading = blocks.slice(0, end === -1 ? blocks.length : end);
  const answered = new Set(leading.map(({ block }) => block["tool_use_id"]));
  const open = idsOf(turn).filter((id) => !answered.has(id));
  if (open.length === 0) return undefined;
  return refused(
    `${turn.at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
      `${open.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` ` +
      "block in the next message.",
  );
}

function strayResult(turn: Turn, before: Turn | undefined): ChatFailure | undefined {
  const asked = new Set<string>(before?.role === "assistant" ? idsOf(before) : []);
  const given = new Set<string>();
  for (const { block, at } of turn.blocks) {
    if (block["type"] !== "tool_result") continue;
    const id = typeof block["tool_use_id"] === "string" ? block["tool_use_id"] : "";
    if (given.has(id)) {
      const rule = "each tool_use must have a single result. Found multiple `tool_result` blocks";
      return refused(`${at}: ${rule} with id: ${id}`);
    }
    given.add(id);
    if (asked.has(id)) continue;
    return refused(
      `${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each ` +
        "`tool_result` block must have a corresponding `tool_use` block in the previous message.",
    );
  }
  return undefined;
}

function idsOf(turn: Turn): readonly string[] {
  return turn.blocks.flatMap(({ block: { type, id } }) =>
    type === "tool_use" && typeof id === "string" ? [id] : [],
  );
}

function refused(message: string): ChatFailure {
  return chatFailure({ status: 400, code: "invalid_history", message });
}
