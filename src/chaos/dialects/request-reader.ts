/** Reading one member of a request body after another, up to the first that is wrong. */
import { isJsonObject, type Json } from "../../std/json.ts";
import { chatFailure, type ChatFailure } from "../chat.ts";

/** Why one member of the body cannot be accepted. */
export interface Refusal {
  readonly refused: string;
  readonly param: string;
}

export type ReadItem<T extends object> = (item: Json, param: () => string) => T | Refusal;

/** Reads each item of an array, up to the first refusal. The path is only built when needed. */
export function readList<T extends object>(
  value: Json | undefined,
  param: string,
  readItem: ReadItem<T>,
): readonly T[] | Refusal {
  if (!Array.isArray(value)) return wrongType(param, "an array");
  const items: T[] = [];
  for (const [index, member] of value.entries()) {
    const item = readItem(member, () => `${param}[${index}]`);
    if ("refused" in item) return item;
    items.push(item);
  }
  return items;
}

/** OpenAI's content: a text, or the text of its parts joined; undefined for anything else. */
export function textOfParts(content: Json | undefined): string | undefined {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  let text = "";
  for (const part of content) {
    if (!isJsonObject(part)) return undefined;
    const said = part["text"] ?? part["refusal"];
    if (typeof said === "string") text += said;
  }
  return text;
}

export function wrongType(param: string, expected: string): Refusal {
  return { refused: `'${param}' must be ${expected}.`, param };
}

export function badRequest(refusal: Refusal): ChatFailure {
  return chatFailure({
    status: 400,
    code: "invalid_request",
    message: refusal.refused,
    ...(refusal.param === "" ? {} : { param: refusal.param }),
  });
}
