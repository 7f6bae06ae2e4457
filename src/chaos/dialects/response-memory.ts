/**
 * What a provider that stores responses remembers of them: enough to go on from an id. Bounded: the
 * oldest responses are forgotten first, and are then unknown, as they are after a restart.
 */
import type { JsonObject } from "../../std/json.ts";
import type { ChatMessage } from "../chat.ts";

const RESPONSES_MAX = 10_000;
/** Text of all conversations together, counted for each response that ends one. */
const CHARACTERS_MAX: number = 64 * 1024 * 1024;

export interface StoredResponse {
  readonly id: string;
  /** The conversation that led to it, and it. */
  readonly messages: readonly ChatMessage[];
  /** What it says, by the ids that its items have of their own. */
  readonly items: ReadonlyMap<string, JsonObject>;
}

/** What one run may refer to. */
export interface RunMemory {
  conversation(responseId: string): readonly ChatMessage[] | undefined;
  item(itemId: string): JsonObject | undefined;
}

export interface ResponseMemory {
  of(runKey: string): RunMemory;
  keep(runKey: string, response: StoredResponse): void;
}

/** What is kept of one response, and what to take away with it. */
interface Kept {
  readonly messages: readonly ChatMessage[];
  readonly itemKeys: readonly string[];
  readonly characters: number;
}

export function responseMemory(charactersMax: number = CHARACTERS_MAX): ResponseMemory {
  const responses = new Map<string, Kept>();
  const items = new Map<string, JsonObject>();
  let characters = 0;
  const forget = (key: string): void => {
    const kept = responses.get(key);
    if (kept === undefined) return;
    responses.delete(key);
    characters -= kept.characters;
    for (const itemKey of kept.itemKeys) items.delete(itemKey);
  };
  return {
    of: (runKey) => ({
      conversation: (id) => responses.get(keyOf(runKey, id))?.messages,
      item: (id) => items.get(keyOf(runKey, id)),
    }),
    keep: (runKey, response) => {
      const key = keyOf(runKey, response.id);
      forget(key);
      const keyed = [...response.items].map(([id, item]) => [keyOf(runKey, id), item] as const);
      const kept: Kept = {
        messages: response.messages,
        itemKeys: keyed.map(([itemKey]) => itemKey),
        characters: charactersIn(response),
      };
      responses.set(key, kept);
      characters += kept.characters;
      for (const [itemKey, item] of keyed) items.set(itemKey, item);
      for (const oldest of responses.keys()) {
        if (responses.size <= RESPONSES_MAX && characters <= charactersMax) break;
        forget(oldest);
      }
    },
  };
}

function keyOf(runKey: string, id: string): string {
  return `${id} ${runKey}`;
}

function charactersIn(response: StoredResponse): number {
  let characters = 0;
  for (const message of response.messages) {
    characters += message.text.length;
    if (message.role !== "assistant") continue;
    for (const call of message.toolCalls) characters += call.argumentsText.length;
  }
  return characters;
}
