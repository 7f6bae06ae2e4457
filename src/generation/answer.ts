/** A provider's raw answer, of any interface version, as the parts a run keeps. */
import type { LanguageModelV4Content } from "@ai-sdk/provider";
import type { AssistantPart, ToolOutput } from "../journal/message.ts";
import type { Usage } from "../journal/usage.ts";
import {
  canonicalJson,
  isJsonObject,
  JSON_DEPTH_MAX,
  parseJson,
  type Json,
  type JsonObject,
} from "../std/json.ts";
import type { LanguageModel, ModelAnswer } from "./model.ts";

/** What `doGenerate` returns, as far as it is read; usage and finish differ between versions. */
export interface RawAnswer {
  readonly content: readonly LanguageModelV4Content[];
  readonly finishReason: unknown;
  readonly usage: unknown;
  readonly response?: { readonly id?: string; readonly modelId?: string } | undefined;
}

export function readAnswer(raw: RawAnswer, model: LanguageModel): ModelAnswer {
  const content: AssistantPart[] = [];
  const malformed: Record<string, string> = {};
  let position = 0;
  for (const part of raw.content) {
    const read = readPart(part);
    if (read === undefined) continue;
    content.push(read.part);
    if (read.part.type !== "tool-call" || read.part.providerExecuted === true) continue;
    if (read.malformed !== undefined) malformed[String(position)] = read.malformed;
    position += 1;
  }
  const responseId = raw.response?.id;
  return {
    content,
    consulted: raw.content.some(({ type }) => type === "source"),
    malformed,
    ...finishOf(raw.finishReason),
    usage: usageOf(raw.usage),
    model: `${model.provider}/${answeredBy(raw) ?? model.modelId}`,
    ...(responseId === undefined ? {} : { responseId }),
  };
}

const MODEL_ID_CHARS_MAX = 200;

/** The model as the provider names it: its words, so they are bounded and on one line. */
function answeredBy({ response }: RawAnswer): string | undefined {
  const name: unknown = response?.modelId;
  if (typeof name !== "string") return undefined;
  return name.slice(0, MODEL_ID_CHARS_MAX).replaceAll(/\p{Cc}/gu, " ");
}

interface ReadPart {
  readonly part: AssistantPart;
  readonly malformed?: string;
}

/** Parts that neither the run nor the provider needs again (sources, files) are left out. */
function readPart(part: LanguageModelV4Content): ReadPart | undefined {
  switch (part.type) {
    case "text":
      if (part.text === "") return undefined;
      return { part: { type: "text", text: part.text, ...metadataOf(part) } };
    case "reasoning":
      return { part: { type: "reasoning", text: part.text, ...metadataOf(part) } };
    case "tool-call":
      return readCall(part);
    case "tool-result":
      return readResult(part);
    case "custom":
    case "file":
    case "reasoning-file":
    case "source":
    case "tool-approval-request":
    default:
      return undefined;
  }
}

function readCall(part: Extract<LanguageModelV4Content, { type: "tool-call" }>): ReadPart {
  const text: unknown = part.input;
  const input = typeof text === "string" ? readArguments(text) : jsonOf(text);
  return {
    part: {
      type: "tool-call",
      toolCallId: typeof part.toolCallId === "string" ? part.toolCallId : "",
      toolName: part.toolName,
      input: isJsonObject(input) ? input : {},
      ...(part.providerExecuted === true ? { providerExecuted: true } : {}),
      ...metadataOf(part),
    },
    ...(isJsonObject(input) ? {} : { malformed: String(text) }),
  };
}

/** The arguments a model wrote; undefined when they are no JSON, or nested beyond what is kept. */
function readArguments(text: string): Json | undefined {
  const parsed = parseJson(text.trim() === "" ? "{}" : text);
  if (!parsed.ok) return undefined;
  // Each level takes two characters, so only a long text is worth a look.
  return text.length <= 2 * JSON_DEPTH_MAX || isWritable(parsed.value) ? parsed.value : undefined;
}

function isWritable(value: Json): boolean {
  try {
    canonicalJson(value);
    return true;
  } catch {
    return false;
  }
}

/** What the provider's own tool answered. A preliminary result is followed by the final one. */
function readResult(
  part: Extract<LanguageModelV4Content, { type: "tool-result" }>,
): ReadPart | undefined {
  if (part.preliminary === true) return undefined;
  const { toolCallId, toolName } = part;
  const value = jsonOf(part.result);
  const output: ToolOutput =
    part.isError === true
      ? { type: "error-text", value: typeof value === "string" ? value : JSON.stringify(value) }
      : { type: "json", value };
  return { part: { type: "tool-result", toolCallId, toolName, output, ...metadataOf(part) } };
}

/** A provider's metadata comes back to it as options (the AI SDK's own rule). */
function metadataOf(part: { readonly providerMetadata?: unknown }): {
  readonly providerOptions?: JsonObject;
} {
  const kept = part.providerMetadata === undefined ? undefined : jsonOf(part.providerMetadata);
  return isJsonObject(kept) ? { providerOptions: kept } : {};
}

/** As JSON prints it; null for what JSON cannot hold, so that one odd member spoils no answer. */
function jsonOf(value: unknown): Json {
  try {
    const parsed = parseJson(JSON.stringify(value ?? null));
    return parsed.ok ? parsed.value : null;
  } catch {
    return null;
  }
}

/** Stop reasons that only interrupt an answer: the conversation is to be sent back as it is. */
const PAUSES: ReadonlySet<string> = new Set(["pause_turn"]);

/** V2 says `"stop"`, V3 and V4 say `{unified: "stop", raw}`. */
function finishOf(reason: unknown): { readonly finish: string; readonly rawFinish?: string } {
  if (typeof reason === "string") return { finish: reason };
  const unified = isJsonObject(reason) ? reason["unified"] : undefined;
  const raw = isJsonObject(reason) ? reason["raw"] : undefined;
  const finish = typeof unified === "string" ? unified : "other";
  if (typeof raw !== "string") return { finish };
  return { finish: PAUSES.has(raw) ? "pause" : finish, rawFinish: raw.slice(0, 100) };
}

/** V2 counts are numbers, V3 and V4 counts objects with a total. Nonsense is dropped. */
function usageOf(usage: unknown): Usage {
  if (!isJsonObject(usage)) return {};
  const input = usage["inputTokens"];
  const output = usage["outputTokens"];
  const inputTokens = count(isJsonObject(input) ? input["total"] : input);
  const outputTokens = count(isJsonObject(output) ? output["total"] : output);
  const cached = count(isJsonObject(input) ? input["cacheRead"] : usage["cachedInputTokens"]);
  const reasoning = count(isJsonObject(output) ? output["reasoning"] : usage["reasoningTokens"]);
  return {
    ...(cached === undefined || cached === 0 ? {} : { cachedInputTokens: cached }),
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(reasoning === undefined || reasoning === 0 ? {} : { reasoningTokens: reasoning }),
  };
}

/** Whole tokens; a fraction counts up. */
function count(value: Json | undefined): number | undefined {
  if (typeof value !== "number" || !(value >= 0)) return undefined;
  const tokens = Math.ceil(value);
  return Number.isSafeInteger(tokens) ? tokens : undefined;
}
