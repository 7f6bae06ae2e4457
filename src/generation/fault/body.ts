/** Bodies as they arrive: JSON, JSON behind a prefix, a stream's event, a list with one error. */
import { parseJson } from "../../std/json.ts";
import { itemsOf, memberOf, membersOf } from "./guarded.ts";

/** No error is longer; what is longer is an answer or a page. Characters. */
const BODY_CHARS_MAX = 262_144;

/**
 * The object or list that a text holds: the whole text, or what stands between its first and its
 * last brace (`429 {…}`, `data: {…}`). undefined: there is none.
 */
export function bodyOfText(text: string): object | undefined {
  if (text.length > BODY_CHARS_MAX) return undefined;
  const begin = text.search(/[[{]/);
  if (begin < 0) return undefined;
  const whole = objectOf(text.slice(begin));
  if (whole !== undefined) return whole;
  const brace = text.indexOf("{");
  const end = text.lastIndexOf("}") + 1;
  if (brace < 0 || end <= brace) return undefined;
  const between = objectOf(text.slice(brace, end));
  if (between !== undefined) return between;
  // Several events of a stream: the last line is the one that ended it.
  const lines = text.split("\n").filter((line) => /^\s*(?:data:\s*)?\{/.test(line));
  const last = lines.at(-1);
  return last === undefined || lines.length > 100
    ? undefined
    : objectOf(last.slice(last.indexOf("{")));
}

function objectOf(text: string): object | undefined {
  const parsed = parseJson(text);
  if (!parsed.ok) return undefined;
  return typeof parsed.value === "object" && parsed.value !== null ? parsed.value : undefined;
}

/** Members that only an answer has. */
const OF_ANSWERS = ["choices", "content", "output", "candidates", "delta"];

/** An error is meant, not an answer whose form was not understood. */
export function isErrorBody(body: unknown): boolean {
  if (typeof body !== "object" || body === null) return false;
  const items = itemsOf(body, 1);
  if (items !== undefined) return itemsOf(items[0], 1) === undefined && isErrorBody(items[0]);
  for (const key of ["error", "errors", "__type"]) {
    const held = memberOf(body, key);
    if (held !== undefined && held !== null && held !== false) return true;
  }
  const type = memberOf(body, "type");
  if (type === "error" || type === "response.failed" || type === "response.incomplete") return true;
  if (memberOf(body, "object") === "error") return true;
  const choice = itemsOf(memberOf(body, "choices"), 1)?.[0];
  if (typeof memberOf(choice, "error") === "object") return true;
  if (OF_ANSWERS.some((key) => memberOf(body, key) !== undefined)) return false;
  if (membersOf(body).some((key) => /exception$/i.test(key))) return true;
  const said = memberOf(body, "message") ?? memberOf(body, "detail") ?? memberOf(body, "msg");
  return typeof said === "string" || itemsOf(said, 1) !== undefined;
}

/** Arrived inside an answer of status 200: whatever status a client names, it made it up. */
export function isEvent(body: object): boolean {
  const type = memberOf(body, "type");
  if (type === "response.failed" || type === "response.incomplete") return true;
  if (memberOf(body, "object") === "response") return true;
  if (type === "error" && memberOf(body, "sequence_number") !== undefined) return true;
  // Anthropic's answers to a refused request wrap the error; its stream's errors come unwrapped.
  const isBare = membersOf(body).every((key) => /^(?:type|message|details)$/.test(key));
  return isBare && typeof type === "string" && type.endsWith("_error");
}
