import { describe, expect } from "vitest";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../../src/std/json.ts";
import { expectGroup, type Expectation } from "./group.ts";
import type { ReadCall } from "./read-answer.ts";
import { CALL_NAME, type Tried } from "./trial.ts";

interface SeenCalls {
  readonly calls: readonly ReadCall[];
  /** The one call that the model made. */
  readonly plain: ReadCall;
}

/** The answer came whole and ends as calls end. */
function expectCalls({ seen, read, plainRead }: Tried): SeenCalls {
  expect(seen).toMatchObject({ status: 200, ended: "whole" });
  expect(read.finish).toBe(plainRead.finish);
  const [plain] = plainRead.calls;
  if (plain === undefined) throw new Error("no call to begin with");
  return { calls: read.calls, plain };
}

/** One call, by these words, under an id that tells nothing. */
function renamed(name: string): Expectation {
  return (tried) => {
    const { calls, plain } = expectCalls(tried);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ name, argumentsText: plain.argumentsText });
    expect(calls[0]?.id).not.toBe(plain.id);
  };
}

/** The call as it was, and the ids that it now has. */
function expectIds(tried: Tried): readonly (Json | undefined)[] {
  const { calls, plain } = expectCalls(tried);
  expect(calls[0]).toMatchObject({ name: plain.name, argumentsText: plain.argumentsText });
  return calls.map(({ id }) => id);
}

interface SeenText {
  readonly text: string;
  readonly plain: string;
}

/** One call of the same name, and the text of its arguments. */
function expectText(tried: Tried): SeenText {
  const { calls, plain } = expectCalls(tried);
  expect(calls).toHaveLength(1);
  expect(calls[0]?.name).toBe(CALL_NAME);
  expect(calls[0]?.id).not.toBe(plain.id);
  return { text: calls[0]?.argumentsText ?? "", plain: plain.argumentsText };
}

interface SeenObject {
  readonly given: JsonObject;
  readonly plain: JsonObject;
}

function expectObject(tried: Tried): SeenObject {
  const { text, plain } = expectText(tried);
  return { given: objectOf(text), plain: objectOf(plain) };
}

function objectOf(text: string | undefined): JsonObject {
  const parsed = parseJson(text ?? "");
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error(`no object: ${text}`);
  return parsed.value;
}

/** The names of the members that differ. */
function changedIn(given: JsonObject, plain: JsonObject): readonly string[] {
  const names = new Set([...Object.keys(given), ...Object.keys(plain)]);
  return [...names].filter((name) => JSON.stringify(given[name]) !== JSON.stringify(plain[name]));
}

function expectNoJson(text: string): void {
  expect(parseJson(text).ok).toBe(false);
}

/** The `index` of each piece of a call, next to whether the piece opens it. */
function piecesOf({ read }: Tried): readonly { readonly opens: boolean; readonly index: Json }[] {
  return read.events.flatMap((event) => {
    const choices = isJsonObject(event) ? event["choices"] : undefined;
    const [choice] = Array.isArray(choices) ? choices : [];
    const delta = isJsonObject(choice) ? choice["delta"] : undefined;
    const list = isJsonObject(delta) ? delta["tool_calls"] : undefined;
    return Array.isArray(list)
      ? list.flatMap((item: Json) =>
          isJsonObject(item) ? [{ opens: "id" in item, index: item["index"] ?? null }] : [],
        )
      : [];
  });
}

const callExpectations: Readonly<Record<string, Expectation>> = {
  id_missing: (tried) => {
    const ids = expectIds(tried);
    expect(ids).toEqual([undefined]);
  },
  id_empty: (tried) => {
    const ids = expectIds(tried);
    expect(ids).toEqual([""]);
  },
  id_undefined: (tried) => {
    const ids = expectIds(tried);
    expect(ids).toEqual(["undefined"]);
  },
  id_too_long: (tried) => {
    const ids = expectIds(tried);
    expect(JSON.stringify(ids[0])).toHaveLength(122);
  },
  id_same_in_turn: (tried) => {
    const ids = expectIds(tried);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
    expect(JSON.stringify(ids[0])).toMatch(/^"call_\w{24}"$/);
  },
  id_reused: (tried) => {
    const ids = expectIds(tried);
    expect(ids).toEqual(["call_0"]);
  },
  index_missing: (tried) => {
    expectCalls(tried);
    const indexes = piecesOf(tried).map(({ index }) => index);
    expect(indexes.length).toBeGreaterThan(2);
    expect(new Set(indexes)).toEqual(new Set([null]));
  },
  index_zero: (tried) => {
    const { calls } = expectCalls(tried);
    expect(calls).toHaveLength(2);
    const pieces = piecesOf(tried);
    expect(pieces.filter(({ opens }) => opens)).toEqual([
      { opens: true, index: 0 },
      { opens: true, index: 0 },
    ]);
    expect(new Set(pieces.map(({ index }) => index))).toEqual(new Set([0]));
  },
  index_strays: (tried) => {
    const { calls } = expectCalls(tried);
    expect(calls).toHaveLength(2);
    const pieces = piecesOf(tried);
    expect(pieces.filter(({ opens }) => opens).map(({ index }) => index)).toEqual([0, 1]);
    const others = pieces.filter(({ opens }) => !opens).map(({ index }) => index);
    expect(new Set(others)).toEqual(new Set([0]));
  },
  name_unknown: renamed("submit_find_order_request"),
  name_namespaced: renamed("functions.find_order"),
  name_case: renamed("FIND_ORDER"),
  name_doubled: renamed("find_orderfind_order"),
  name_token_leak: renamed("find_order<|channel|>commentary"),
  name_empty: renamed(""),
  args_trailing_comma: (tried) => {
    const { text, plain } = expectText(tried);
    expectNoJson(text);
    expect(text).toBe(`${plain.slice(0, -1)},}`);
  },
  args_python: (tried) => {
    const { text } = expectText(tried);
    expectNoJson(text);
    expect(text).toBe(
      "{'order': 'A-1001 ☀', 'cents': 500, 'isOpen': True, " +
        "'filter': {'status': ['new', 'paid']}}",
    );
  },
  args_code_fence: (tried) => {
    const { text, plain } = expectText(tried);
    expectNoJson(text);
    expect(text).toBe(`\`\`\`json\n${plain}\n\`\`\``);
  },
  args_double_encoded: (tried) => {
    const { text, plain } = expectText(tried);
    expect(JSON.parse(text)).toBe(plain);
  },
  args_repeated: (tried) => {
    const { text, plain } = expectText(tried);
    expectNoJson(text);
    expect(text).toBe(plain + plain);
  },
  args_cut: (tried) => {
    const { text, plain } = expectText(tried);
    expectNoJson(text);
    expect(plain.startsWith(text)).toBe(true);
    expect(text.length).toBeGreaterThan(0);
  },
  args_raw_line_feed: (tried) => {
    const { text, plain } = expectText(tried);
    expectNoJson(text);
    expect(text.replace("\n", "")).toBe(plain);
  },
  args_empty: (tried) => {
    const { text } = expectText(tried);
    expect(text).toBe("");
  },
  args_null: (tried) => {
    const { text } = expectText(tried);
    expect(text).toBe("null");
  },
  args_list: (tried) => {
    const { text, plain } = expectText(tried);
    expect(text).toBe(`[${plain}]`);
  },
  args_nothing: (tried) => {
    const { given } = expectObject(tried);
    expect(given).toEqual({});
  },
  args_nested_as_text: (tried) => {
    const { given, plain } = expectObject(tried);
    expect(changedIn(given, plain)).toEqual(["filter"]);
    expect(given["filter"]).toBe(JSON.stringify(plain["filter"]));
  },
  args_scalar_as_text: (tried) => {
    const { given, plain } = expectObject(tried);
    const [name = "", ...others] = changedIn(given, plain);
    expect(others).toEqual([]);
    expect(given[name]).toBe(JSON.stringify(plain[name]));
  },
  args_extra_fields: (tried) => {
    const { given, plain } = expectObject(tried);
    expect(given).toMatchObject(plain);
    expect(changedIn(given, plain)).toEqual(["explanation", "confidence"]);
  },
  args_wrong_types: (tried) => {
    const { given, plain } = expectObject(tried);
    const [name = "", ...others] = changedIn(given, plain);
    expect(others).toEqual([]);
    expect(given[name]).toEqual(name === "filter" ? [plain[name]] : { value: plain[name] });
  },
  args_missing_field: (tried) => {
    const { given, plain } = expectObject(tried);
    expect(changedIn(given, plain)).toHaveLength(1);
    expect(Object.keys(given)).toHaveLength(Object.keys(plain).length - 1);
  },
  args_huge: (tried) => {
    const { given, plain } = expectObject(tried);
    expect(changedIn(given, plain)).toEqual(["order"]);
    expect(given["order"]).toBe(`A-1001 ☀${"x".repeat(5_000)}`);
  },
  parallel_same_name: (tried) => {
    const { calls, plain } = expectCalls(tried);
    expect(calls).toHaveLength(2);
    expect(calls[0]).toEqual(plain);
    expect(calls[1]).toMatchObject({ name: plain.name, argumentsText: plain.argumentsText });
    expect(calls[1]?.id).not.toBe(plain.id);
  },
  many_calls: (tried) => {
    const { calls } = expectCalls(tried);
    expect(calls).toHaveLength(41);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(41);
  },
  multi_tool_use: (tried) => {
    const { calls, plain } = expectCalls(tried);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.name).toBe("multi_tool_use.parallel");
    const [use] = [objectOf(calls[0]?.argumentsText)["tool_uses"]].flat();
    expect(use).toEqual({
      recipient_name: `functions.${CALL_NAME}`,
      parameters: objectOf(plain.argumentsText),
    });
  },
};

describe("call faults", () => {
  expectGroup("call", callExpectations);
});
