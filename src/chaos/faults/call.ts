/** Tool calls gone wrong: their ids, their places, their names, their number. */
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../std/json.ts";
import type { ChatAnswer, ChatToolCall } from "../chat.ts";
import type { Dialect, FaultContext, Frame, WireFault } from "../exchange.ts";
import { unknownName } from "../faulty-answer.ts";
import { numberOf } from "./argument.ts";
import { argumentFaults } from "./arguments.ts";
import { damageCall, plainId, renumber, unmark, withTwin } from "./damaged-call.ts";
import { mapFrames, mapObjects, onObjects, without } from "./json-tree.ts";

/** Gemini pairs calls and results by name and order: an id there is an extra. */
const WITH_IDS: readonly Dialect[] = ["openai-chat", "openai-responses", "anthropic"];

/** Some gateways refuse ids of more characters than OpenAI's 40, Anthropic's 64. */
const LONG_ID_CHARACTERS = 120;

type Reidentify = (answer: ChatAnswer, context: FaultContext) => ChatAnswer;

function withIds(name: string, summary: string, answer: Reidentify): WireFault {
  return { name, group: "call", summary, dialects: WITH_IDS, needs: "call", answer };
}

/** A call as each dialect writes it, without the id that a result would name. */
function anonymous(object: JsonObject, { dialect }: FaultContext): JsonObject {
  const { type } = object;
  if (dialect === "anthropic") return type === "tool_use" ? without(object, "id") : object;
  if (dialect === "openai-responses") {
    return type === "function_call" ? without(object, "call_id") : object;
  }
  return type === "function" ? without(object, "id") : object;
}

const idFaults: readonly WireFault[] = [
  {
    name: "id_missing",
    group: "call",
    summary: "a call without an id",
    dialects: WITH_IDS,
    needs: "call",
    ...onObjects(anonymous),
  },
  withIds("id_empty", "a call whose id is an empty string", (answer) => renumber(answer, () => "")),
  withIds("id_undefined", 'a call whose id is the word "undefined"', (answer) =>
    renumber(answer, () => "undefined"),
  ),
  withIds("id_too_long", "an id longer than providers take back", (answer, { random }) =>
    renumber(answer, () => plainId(random).padEnd(LONG_ID_CHARACTERS, "0")),
  ),
  withIds("id_same_in_turn", "two calls of one answer under one id", (answer, context) => {
    const id = plainId(context.random);
    return renumber(withTwin(answer, context), () => id);
  }),
  withIds("id_reused", "ids that begin again with each turn: call_0, call_1", (answer) =>
    renumber(answer, (index) => `call_${index}`),
  ),
];

/** The items of `delta.tool_calls` of OpenAI's chat. */
function mapDeltas(
  frames: readonly Frame[],
  change: (delta: JsonObject) => JsonObject,
): readonly Frame[] {
  return mapFrames(frames, (data) =>
    mapObjects(data, (object) => {
      const calls = object["tool_calls"];
      if (!Array.isArray(calls)) return object;
      const changed = calls.map((call: Json) => (isJsonObject(call) ? change(call) : call));
      return { ...object, tool_calls: changed };
    }),
  );
}

function inDeltas(
  name: string,
  summary: string,
  change: (delta: JsonObject) => JsonObject,
): WireFault {
  return {
    name,
    group: "call",
    summary,
    dialects: ["openai-chat"],
    only: "stream",
    needs: "call",
    answer: unmark,
    frames: (frames) => mapDeltas(frames, change),
  };
}

const indexFaults: readonly WireFault[] = [
  inDeltas("index_missing", "pieces of a call that do not say which call", (delta) =>
    without(delta, "index"),
  ),
  {
    ...inDeltas("index_zero", "every call of an answer under index 0", (delta) => ({
      ...delta,
      index: 0,
    })),
    answer: (answer, context) => unmark(withTwin(answer, context), context),
  },
  {
    ...inDeltas(
      "index_strays",
      "the arguments of every call under the first call's index",
      (delta) => ("id" in delta ? delta : { ...delta, index: 0 }),
    ),
    answer: (answer, context) => unmark(withTwin(answer, context), context),
  },
];

type Rename = (name: string, context: FaultContext) => string;

function renamed(name: string, summary: string, rename: Rename): WireFault {
  return {
    name,
    group: "call",
    summary,
    needs: "call",
    answer: (answer, context) =>
      damageCall(answer, context, (call) => ({ ...call, name: rename(call.name, context) })),
  };
}

function otherCase(name: string): string {
  const upper = name.toUpperCase();
  return upper === name ? name.toLowerCase() : upper;
}

const nameFaults: readonly WireFault[] = [
  renamed("name_unknown", "a tool that was not offered", (name, { request }) =>
    unknownName(name, request.tools),
  ),
  renamed("name_namespaced", "functions. before the name", (name) => `functions.${name}`),
  renamed("name_case", "the name in other letters", otherCase),
  renamed("name_doubled", "the name twice, as clients get it that join pieces", (name) =>
    name.repeat(2),
  ),
  renamed(
    "name_token_leak",
    "a control token of the model behind the name",
    (name) => `${name}<|channel|>commentary`,
  ),
  renamed("name_empty", "an empty name", () => ""),
];

/** The first call so many times, each under an id of its own. */
function copies(answer: ChatAnswer, context: FaultContext, count: number): ChatAnswer {
  const [first] = answer.toolCalls ?? [];
  if (first === undefined) return answer;
  const more = Array.from({ length: count }, (): ChatToolCall => ({
    ...first,
    id: plainId(context.random),
  }));
  return { ...answer, toolCalls: [...(answer.toolCalls ?? []), ...more] };
}

/** OpenAI's internal tool for parallel calls, which a model may name as if it were offered. */
function wrapped(answer: ChatAnswer, context: FaultContext): ChatAnswer {
  const uses = (answer.toolCalls ?? []).map(({ name, argumentsText }) => {
    const parsed = parseJson(argumentsText);
    const parameters = parsed.ok ? parsed.value : argumentsText;
    return { recipient_name: `functions.${name}`, parameters };
  });
  const argumentsText = JSON.stringify({ tool_uses: uses });
  const id = plainId(context.random);
  return { ...answer, toolCalls: [{ id, name: "multi_tool_use.parallel", argumentsText }] };
}

const numberFaults: readonly WireFault[] = [
  {
    name: "parallel_same_name",
    group: "call",
    summary: "the same call twice in one answer, under two ids",
    needs: "call",
    answer: (answer, context) => copies(answer, context, 1),
  },
  {
    name: "many_calls",
    group: "call",
    summary: "far more calls in one answer than anybody meant, all the same",
    argument: "how many more; 40 when left out",
    argumentMax: 10_000,
    needs: "call",
    answer: (answer, context) => copies(answer, context, numberOf(context, 40)),
  },
  {
    name: "multi_tool_use",
    group: "call",
    summary: "the calls wrapped in one call of multi_tool_use.parallel",
    needs: "call",
    answer: wrapped,
  },
];

export const callFaults: readonly WireFault[] = [
  ...idFaults,
  ...indexFaults,
  ...nameFaults,
  ...argumentFaults,
  ...numberFaults,
];
