/** A script of answers from a file, checked before a request can meet a mistake in it. */
import { readFile } from "node:fs/promises";
import { scriptedModel, type ScriptedCall, type ScriptedStep } from "../chaos/scripted-model.ts";
import type { FinishReason } from "../chaos/chat.ts";
import type { ChatModel } from "../chaos/model.ts";
import { BridleError, errorMessage } from "../std/error.ts";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../std/json.ts";

/** Runs that play the script at once; the oldest begins anew. */
const RUNS_MAX = 1_000;

const FINISH_REASONS: readonly FinishReason[] = ["stop", "tool_calls", "length", "content_filter"];

/** Throws `input_invalid` that names the step. */
export async function readScript(file: string): Promise<readonly ScriptedStep[]> {
  const text = await readFile(file, "utf8").catch((thrown: unknown) => {
    throw invalid(`${file} could not be read: ${errorMessage(thrown)}`, thrown);
  });
  const parsed = parseJson(text);
  if (!parsed.ok) throw invalid(`${file} is not JSON: ${parsed.reason}`);
  if (!Array.isArray(parsed.value) || parsed.value.length === 0) {
    throw invalid(`${file} is no list of answers`);
  }
  return parsed.value.map((step: Json, index) => readStep(step, `step ${index} of ${file}`));
}

/** Each run plays the script from its beginning. */
export function scriptedModels(steps: readonly ScriptedStep[]): (runKey: string) => ChatModel {
  const models = new Map<string, ChatModel>();
  return (runKey) => {
    const known = models.get(runKey);
    if (known !== undefined) return known;
    const model = scriptedModel(steps, runKey);
    models.set(runKey, model);
    if (models.size > RUNS_MAX) for (const first of models.keys().take(1)) models.delete(first);
    return model;
  };
}

function readStep(step: Json, where: string): ScriptedStep {
  if (!isJsonObject(step)) throw invalid(`${where} is no object`);
  if (step["fail"] !== undefined) return { fail: readFailure(step["fail"], where) };
  const reason = readReason(step, where);
  const text = readText(step, where);
  const given = step["calls"] ?? (step["call"] === undefined ? undefined : [step["call"]]);
  if (given === undefined) {
    if (text !== undefined) return { ...reason, text };
    throw invalid(`${where} has neither text nor call nor calls nor fail`);
  }
  if (!Array.isArray(given)) throw invalid(`the calls of ${where} are no list`);
  const calls = given.map((call: Json) => readCall(call, where));
  return { ...reason, ...(text === undefined ? {} : { text }), calls };
}

function readReason(step: JsonObject, where: string): { readonly finishReason?: FinishReason } {
  const { finishReason } = step;
  if (finishReason === undefined) return {};
  const known = FINISH_REASONS.find((reason) => reason === finishReason);
  if (known !== undefined) return { finishReason: known };
  throw invalid(`the finishReason of ${where} is none of ${FINISH_REASONS.join(", ")}`);
}

function readText(step: JsonObject, where: string): string | undefined {
  const { text } = step;
  if (text === undefined || typeof text === "string") return text;
  throw invalid(`the text of ${where} is no string`);
}

function readCall(call: Json, where: string): ScriptedCall {
  if (!isJsonObject(call) || typeof call["name"] !== "string") {
    throw invalid(`a call of ${where} has no name`);
  }
  const { name, arguments: given, argumentsText, id } = call;
  if (given !== undefined && !isJsonObject(given)) {
    throw invalid(`the arguments of ${where} are no object: use argumentsText for other text`);
  }
  return {
    name,
    ...(given === undefined ? {} : { arguments: given }),
    ...(typeof argumentsText === "string" ? { argumentsText } : {}),
    ...(typeof id === "string" ? { id } : {}),
  };
}

function readFailure(
  fail: Json,
  where: string,
): { readonly status: number; readonly body: Json; readonly headers: Record<string, string> } {
  const status = isJsonObject(fail) ? fail["status"] : undefined;
  if (!isJsonObject(fail) || typeof status !== "number" || status < 400 || status > 599) {
    throw invalid(`the failure of ${where} has no status from 400 to 599`);
  }
  const given = isJsonObject(fail["headers"]) ? Object.entries(fail["headers"]) : [];
  const headers = given.map(([name, value]) => {
    if (typeof value === "string" || typeof value === "number") return [name, String(value)];
    throw invalid(`the header ${name} of ${where} is no string`);
  });
  return { status, body: fail["body"] ?? null, headers: Object.fromEntries(headers) };
}

function invalid(message: string, cause?: unknown): BridleError {
  return new BridleError("input_invalid", message, {
    hint: 'Write a list such as [{"call": {"name": "find", "arguments": {}}}, {"text": "Done."}].',
    ...(cause === undefined ? {} : { cause }),
  });
}
