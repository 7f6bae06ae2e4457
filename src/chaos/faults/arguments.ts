/** Arguments gone wrong: text that is not JSON, and JSON that the tool does not take. */
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../std/json.ts";
import { pick } from "../../std/random.ts";
import type { Dialect, FaultContext, WireFault } from "../exchange.ts";
import { BYTES_MAX, numberOf } from "./argument.ts";
import { retyped } from "../faulty-arguments.ts";
import { damageCall } from "./damaged-call.ts";
import { firstHalf } from "./finish.ts";

/** Gemini carries arguments as an object: whatever it sends is one. */
const AS_TEXT: readonly Dialect[] = ["openai-chat", "openai-responses", "anthropic"];

/** Anthropic's whole answers carry an object as well; its streams carry pieces of text. */
function carriesText({ dialect, request }: FaultContext): boolean {
  return dialect !== "gemini" && (dialect !== "anthropic" || request.stream);
}

type Retext = (text: string, context: FaultContext) => string;

/** Text in place of the arguments' JSON. */
function asText(name: string, summary: string, retext: Retext): WireFault {
  return {
    name,
    group: "call",
    summary,
    dialects: AS_TEXT,
    needs: "call",
    answer: (answer, context) =>
      carriesText(context)
        ? damageCall(answer, context, (call) => ({
            ...call,
            argumentsText: retext(call.argumentsText, context),
          }))
        : answer,
  };
}

interface Rework {
  readonly name: string;
  readonly summary: string;
  readonly argument?: string;
  readonly argumentMax?: number;
  readonly change: (given: JsonObject, context: FaultContext) => JsonObject;
}

/** Another object in place of the arguments. What is no object to begin with stays. */
function asObject({ name, summary, argument, argumentMax, change }: Rework): WireFault {
  return {
    name,
    group: "call",
    summary,
    ...(argument === undefined ? {} : { argument }),
    ...(argumentMax === undefined ? {} : { argumentMax }),
    needs: "call",
    answer: (answer, context) =>
      damageCall(answer, context, (call) => {
        const parsed = parseJson(call.argumentsText === "" ? "{}" : call.argumentsText);
        if (!parsed.ok || !isJsonObject(parsed.value)) return call;
        const changed = change(parsed.value, context);
        if (changed === parsed.value) return call;
        return { ...call, argumentsText: JSON.stringify(changed) };
      }),
  };
}

/** One field by chance, changed; the same object when there is none to change. */
function changeField(
  given: JsonObject,
  context: FaultContext,
  change: (value: Json) => Json | undefined,
): JsonObject {
  const fields = Object.keys(given).filter((field) => change(given[field] ?? null) !== undefined);
  const field = pick(fields, context.random);
  return field === undefined ? given : { ...given, [field]: change(given[field] ?? null) };
}

/** How Python prints a dict, which models write that were trained on it. */
function pythonText(value: Json | undefined): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return `'${value.replaceAll("'", String.raw`\'`)}'`;
  if (Array.isArray(value)) return `[${value.map((item: Json) => pythonText(item)).join(", ")}]`;
  const members = Object.entries(value).map(([key, item]) => `'${key}': ${pythonText(item)}`);
  return `{${members.join(", ")}}`;
}

function asPython(text: string): string {
  const parsed = parseJson(text);
  return parsed.ok ? pythonText(parsed.value) : text;
}

/** Before the last bracket; in an empty object a comma alone. */
function withTrailingComma(text: string): string {
  return text.replace(/\s*\}\s*$/, ",}");
}

/** A line feed inside a string, not escaped. Strings hold none otherwise. */
function withRawLineFeed(text: string): string {
  const at = text.lastIndexOf('"');
  return at === -1 ? `\n${text}\u0001` : `${text.slice(0, at)}\n${text.slice(at)}`;
}

function enlarged(given: JsonObject, context: FaultContext): JsonObject {
  const bytes = numberOf(context, 262_144);
  const field = Object.keys(given).find((name) => typeof given[name] === "string") ?? "padding";
  const before = given[field];
  return { ...given, [field]: `${typeof before === "string" ? before : ""}${"x".repeat(bytes)}` };
}

/** A member that holds an object or a list, as JSON text. */
function nestedAsText(value: Json): Json | undefined {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : undefined;
}

function scalarAsText(value: Json): Json | undefined {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

export const argumentFaults: readonly WireFault[] = [
  asText("args_trailing_comma", "a comma before the last bracket", withTrailingComma),
  asText("args_python", "a Python dict in place of JSON", asPython),
  asText(
    "args_code_fence",
    "the JSON in a fenced code block",
    (text) => `\`\`\`json\n${text}\n\`\`\``,
  ),
  asText("args_double_encoded", "the whole object as a JSON string", (text) =>
    JSON.stringify(text),
  ),
  asText("args_repeated", "the object twice, one after the other", (text) => text + text),
  asText("args_cut", "the text breaks off, under a finish reason of whole calls", (text) =>
    text.length < 2 ? "{" : firstHalf(text),
  ),
  asText("args_raw_line_feed", "a line feed that is not escaped", withRawLineFeed),
  asText("args_empty", "an empty string", () => ""),
  asText("args_null", "null in place of an object", () => "null"),
  asText("args_list", "a list around the object", (text) => `[${text}]`),
  asObject({
    name: "args_nothing",
    summary: "an empty object, whatever the tool requires",
    change: (given) => (Object.keys(given).length === 0 ? given : {}),
  }),
  asObject({
    name: "args_nested_as_text",
    summary: "a nested object or list as a string of JSON",
    change: (given, context) => changeField(given, context, nestedAsText),
  }),
  asObject({
    name: "args_scalar_as_text",
    summary: 'a number or a boolean as a string: "42" for 42',
    change: (given, context) => changeField(given, context, scalarAsText),
  }),
  asObject({
    name: "args_extra_fields",
    summary: "a field that the tool does not declare",
    change: (given) => ({ ...given, explanation: "The customer asked for it.", confidence: 0.9 }),
  }),
  asObject({
    name: "args_wrong_types",
    summary: "a field of a type that nothing can be coerced from",
    change: (given, context) => changeField(given, context, retyped),
  }),
  asObject({
    name: "args_missing_field",
    summary: "a field left out",
    change: (given, context) => {
      const field = pick(Object.keys(given), context.random);
      if (field === undefined) return given;
      return Object.fromEntries(Object.entries(given).filter(([name]) => name !== field));
    },
  }),
  asObject({
    name: "args_huge",
    summary: "a field with far more text than it is meant for",
    argument: "bytes; 262144 when left out",
    argumentMax: BYTES_MAX,
    change: enlarged,
  }),
];
