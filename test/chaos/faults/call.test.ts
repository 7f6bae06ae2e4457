import { describe, expect } from "vitest";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../../src/std/json.ts";
import { expectGroup, type Expectation } from "./group.ts";
import type { ReadCall } from "./read-answer.ts";
import { CALL_NAME, type Tried } from "./trial.ts";

type CheckCalls = (calls: readonly ReadCall[], plain: ReadCall, tried: Tried) => void;

/** The answer came whole and ends as calls end. */
function calls(check: CheckCalls): Expectation {
  return (tried) => {
    const { seen, read, plainRead } = tried;
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(read.finish).toBe(plainRead.finish);
    const [plain] = plainRead.calls;
    if (plain === undefined) throw new Error("no call to begin with");
    check(read.calls, plain, tried);
  };
}

/** One call, by these words, under an id that tells nothing. */
function renamed(name: string): Expectation {
  return calls((calls, plain) => {
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ name, argumentsText: plain.argumentsText });
    expect(calls[0]?.id).not.toBe(plain.id);
  });
}

function ids(check: (ids: readonly (Json | undefined)[]) => void): Expectation {
  return calls((calls, plain) => {
    expect(calls[0]).toMatchObject({ name: plain.name, argumentsText: plain.argumentsText });
    check(calls.map(({ id }) => id));
  });
}

/** Text in place of JSON. Where arguments are a value on the wire there is no such text. */
function argumentText(check: (text: string, plain: string) => void): Expectation {
  return (tried) => {
    if (tried.dialect === "anthropic" && !tried.stream) return "hidden";
    return calls((calls, plain) => {
      expect(calls).toHaveLength(1);
      expect(calls[0]?.name).toBe(CALL_NAME);
      expect(calls[0]?.id).not.toBe(plain.id);
      check(calls[0]?.argumentsText ?? "", plain.argumentsText);
    })(tried);
  };
}

function argumentObject(check: (given: JsonObject, plain: JsonObject) => void): Expectation {
  return calls((calls, plain) => {
    expect(calls).toHaveLength(1);
    expect(calls[0]?.id).not.toBe(plain.id);
    check(objectOf(calls[0]?.argumentsText), objectOf(plain.argumentsText));
  });
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

function notJson(text: string): void {
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

describe("call faults", () => {
  expectGroup("call", {
    id_missing: ids((ids) => expect(ids).toEqual([undefined])),
    id_empty: ids((ids) => expect(ids).toEqual([""])),
    id_undefined: ids((ids) => expect(ids).toEqual(["undefined"])),
    id_too_long: ids((ids) => expect(String(ids[0])).toHaveLength(120)),
    id_same_in_turn: ids((ids) => {
      expect(ids).toHaveLength(2);
      expect(ids[0]).toBe(ids[1]);
      expect(String(ids[0])).toMatch(/^call_\w{24}$/);
    }),
    id_reused: ids((ids) => expect(ids).toEqual(["call_0"])),
    index_missing: calls((_calls, _plain, tried) => {
      const indexes = piecesOf(tried).map(({ index }) => index);
      expect(indexes.length).toBeGreaterThan(2);
      expect(new Set(indexes)).toEqual(new Set([null]));
    }),
    index_zero: calls((calls, _plain, tried) => {
      expect(calls).toHaveLength(2);
      const pieces = piecesOf(tried);
      expect(pieces.filter(({ opens }) => opens)).toEqual([
        { opens: true, index: 0 },
        { opens: true, index: 0 },
      ]);
      expect(new Set(pieces.map(({ index }) => index))).toEqual(new Set([0]));
    }),
    index_strays: calls((calls, _plain, tried) => {
      expect(calls).toHaveLength(2);
      const pieces = piecesOf(tried);
      expect(pieces.filter(({ opens }) => opens).map(({ index }) => index)).toEqual([0, 1]);
      const others = pieces.filter(({ opens }) => !opens).map(({ index }) => index);
      expect(new Set(others)).toEqual(new Set([0]));
    }),
    name_unknown: renamed("submit_find_order_request"),
    name_namespaced: renamed("functions.find_order"),
    name_case: renamed("FIND_ORDER"),
    name_doubled: renamed("find_orderfind_order"),
    name_token_leak: renamed("find_order<|channel|>commentary"),
    name_empty: renamed(""),
    args_trailing_comma: argumentText((text, plain) => {
      notJson(text);
      expect(text).toBe(`${plain.slice(0, -1)},}`);
    }),
    args_python: argumentText((text) => {
      notJson(text);
      expect(text).toBe(
        "{'order': 'A-1001 ☀', 'cents': 500, 'isOpen': True, " +
          "'filter': {'status': ['new', 'paid']}}",
      );
    }),
    args_code_fence: argumentText((text, plain) => {
      notJson(text);
      expect(text).toBe(`\`\`\`json\n${plain}\n\`\`\``);
    }),
    args_double_encoded: argumentText((text, plain) => expect(JSON.parse(text)).toBe(plain)),
    args_repeated: argumentText((text, plain) => {
      notJson(text);
      expect(text).toBe(plain + plain);
    }),
    args_cut: argumentText((text, plain) => {
      notJson(text);
      expect(plain.startsWith(text)).toBe(true);
      expect(text.length).toBeGreaterThan(0);
    }),
    args_raw_line_feed: argumentText((text, plain) => {
      notJson(text);
      expect(text.replace("\n", "")).toBe(plain);
    }),
    args_empty: argumentText((text) => expect(text).toBe("")),
    args_null: argumentText((text) => expect(text).toBe("null")),
    args_list: argumentText((text, plain) => expect(text).toBe(`[${plain}]`)),
    args_nothing: argumentObject((given) => expect(given).toEqual({})),
    args_nested_as_text: argumentObject((given, plain) => {
      expect(changedIn(given, plain)).toEqual(["filter"]);
      expect(JSON.parse(String(given["filter"]))).toEqual(plain["filter"]);
    }),
    args_scalar_as_text: argumentObject((given, plain) => {
      const [name = "", ...others] = changedIn(given, plain);
      expect(others).toEqual([]);
      expect(given[name]).toBe(String(plain[name]));
    }),
    args_extra_fields: argumentObject((given, plain) => {
      expect(given).toMatchObject(plain);
      expect(changedIn(given, plain)).toEqual(["explanation", "confidence"]);
    }),
    args_wrong_types: argumentObject((given, plain) => {
      const [name = "", ...others] = changedIn(given, plain);
      expect(others).toEqual([]);
      expect(given[name]).toEqual(name === "filter" ? [plain[name]] : { value: plain[name] });
    }),
    args_missing_field: argumentObject((given, plain) => {
      expect(changedIn(given, plain)).toHaveLength(1);
      expect(Object.keys(given)).toHaveLength(Object.keys(plain).length - 1);
    }),
    args_huge: argumentObject((given, plain) => {
      expect(changedIn(given, plain)).toEqual(["order"]);
      expect(String(given["order"])).toMatch(/^A-1001 ☀x{5000}$/);
    }),
    parallel_same_name: calls((calls, plain) => {
      expect(calls).toHaveLength(2);
      expect(calls[0]).toEqual(plain);
      expect(calls[1]).toMatchObject({ name: plain.name, argumentsText: plain.argumentsText });
      expect(calls[1]?.id).not.toBe(plain.id);
    }),
    many_calls: calls((calls) => {
      expect(calls).toHaveLength(41);
      expect(new Set(calls.map(({ id }) => id)).size).toBe(41);
    }),
    multi_tool_use: calls((calls, plain) => {
      expect(calls).toHaveLength(1);
      expect(calls[0]?.name).toBe("multi_tool_use.parallel");
      const [use] = [objectOf(calls[0]?.argumentsText)["tool_uses"]].flat();
      expect(use).toEqual({
        recipient_name: `functions.${CALL_NAME}`,
        parameters: objectOf(plain.argumentsText),
      });
    }),
  });
});
