import { describe, expect } from "vitest";
import { isJsonObject, type Json } from "../../../src/std/json.ts";
import { expectGroup, type Expectation } from "./group.ts";
import { TEXT, type Tried } from "./trial.ts";

/** Every number in a value. */
function numbersIn(value: Json | undefined): readonly Json[] {
  if (typeof value === "number") return [value];
  if (Array.isArray(value)) return value.flatMap((item: Json) => numbersIn(item));
  return isJsonObject(value) ? Object.values(value).flatMap((item) => numbersIn(item)) : [];
}

/** The answer itself is as it was. */
function expectUntouched({ seen, read, plainRead }: Tried): void {
  expect(seen).toMatchObject({ status: 200, ended: "whole" });
  expect(read).toMatchObject({ text: plainRead.text, calls: plainRead.calls });
}

/** The numbers of the usage that is told, next to one there was without the fault. */
function expectUsage(tried: Tried): readonly Json[] {
  expectUntouched(tried);
  expect(tried.read.finish).toBe(tried.plainRead.finish);
  expect(numbersIn(tried.plainRead.usage).length).toBeGreaterThan(0);
  return numbersIn(tried.read.usage);
}

function finish(words: Readonly<Record<string, Json | undefined>>): Expectation {
  return (tried) => {
    expectUntouched(tried);
    expect(tried.read.finish).toBe(words[tried.dialect]);
    expect(tried.plainRead.finish).not.toBe(words[tried.dialect]);
  };
}

const STOPPED: Readonly<Record<string, string>> = {
  "openai-chat": "stop",
  "openai-responses": "completed",
  anthropic: "end_turn",
  gemini: "STOP",
};
const LENGTH: Readonly<Record<string, string>> = {
  "openai-chat": "length",
  "openai-responses": "incomplete",
  anthropic: "max_tokens",
  gemini: "MAX_TOKENS",
};

function says(text: string | RegExp, words = STOPPED): Expectation {
  return ({ seen, read, dialect }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(read.text).toMatch(typeof text === "string" ? new RegExp(`^${text}$`) : text);
    expect(read.calls).toEqual([]);
    expect(read.finish).toBe(words[dialect]);
  };
}

const nothing = says("");

/** Gemini ends with this reason and without a part that says anything. */
function geminiStop(reason: string): Expectation {
  return (tried) => {
    says("", { gemini: reason })(tried);
    expect(tried.seen.text).not.toContain("functionCall");
  };
}

function cutArguments(words: Readonly<Record<string, string>>): Expectation {
  return ({ seen, read, plainRead, dialect, stream }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    const [call] = read.calls;
    const whole = plainRead.calls[0]?.argumentsText ?? "";
    // In a whole answer Anthropic's arguments are a value: the text of them is printed anew.
    if (dialect !== "anthropic" || stream) {
      expect(whole.startsWith(call?.argumentsText ?? "?")).toBe(true);
    }
    expect(call?.argumentsText.length).toBeLessThan(whole.length);
    expect(() => JSON.parse(call?.argumentsText ?? "")).toThrow(SyntaxError);
    expect(read.finish).toBe(words[dialect]);
  };
}

const answerExpectations: Readonly<Record<string, Expectation>> = {
  usage_missing: (tried) => {
    expectUntouched(tried);
    expect(tried.read.usage).toBeUndefined();
    expect(tried.plainRead.usage).toBeDefined();
  },
  usage_negative: (tried) => {
    const counts = expectUsage(tried);
    expect(counts.length).toBeGreaterThan(0);
    expect(counts.every((count) => Number(count) < 0)).toBe(true);
  },
  usage_text: (tried) => {
    expect(expectUsage(tried)).toEqual([]);
    const counts = Object.values(tried.read.usage ?? {});
    expect(counts.some((count) => typeof count === "string" && /^\d+$/.test(count))).toBe(true);
  },
  usage_zero: (tried) => {
    expect(new Set(expectUsage(tried))).toEqual(new Set([0]));
  },
  usage_huge: (tried) => {
    expect(new Set(expectUsage(tried))).toEqual(new Set([Number.MAX_SAFE_INTEGER]));
  },
  finish_unknown: finish({
    "openai-chat": "eos_token",
    anthropic: "token_budget",
    gemini: "UNHEARD_OF",
  }),
  finish_missing: finish({}),
  finish_stop_with_calls: (tried) => {
    finish(STOPPED)(tried);
    expect(tried.read.calls).toHaveLength(1);
  },
  finish_calls_without_calls: (tried) => {
    finish({ "openai-chat": "tool_calls", anthropic: "tool_use" })(tried);
    expect(tried.read.calls).toEqual([]);
  },
  length_cut_text: (tried) => {
    const { read } = tried;
    says(/^Good morning/, LENGTH)(tried);
    expect(TEXT.startsWith(read.text)).toBe(true);
    expect(read.text.length).toBeLessThan(TEXT.length);
  },
  length_cut_arguments: cutArguments(LENGTH),
  length_whole_arguments: finish(LENGTH),
  cut_arguments_as_calls: cutArguments({
    "openai-chat": "tool_calls",
    "openai-responses": "completed",
    anthropic: "tool_use",
  }),
  empty_stop: nothing,
  whitespace_only: says(/^ \n\n $/),
  reasoning_only: (tried) => {
    nothing(tried);
    const member = {
      "openai-chat": /"reasoning_content":"[^"]/,
      "openai-responses": /"type":"summary_text","text":"[^"]/,
      anthropic: /"thinking":"[^"]/,
      gemini: /"thought":true/,
    }[tried.dialect];
    expect(tried.seen.text).toMatch(member);
    if (!tried.stream || tried.dialect !== "openai-responses") return;
    expect(tried.seen.text).toContain("event: response.reasoning_summary_text.delta\n");
    expect(tried.seen.text).not.toContain("output_text");
  },
  refusal: (tried) => {
    const { dialect, stream, seen } = tried;
    if (dialect === "anthropic") return says(/^I'm sorry/, { anthropic: "refusal" })(tried);
    nothing(tried);
    const said = tried.read.events
      .map((event) => (isJsonObject(event) ? JSON.stringify(event) : ""))
      .join("");
    expect(said).toMatch(/"refusal":"I'm sorry|"refusal":"I'm so/);
    const isNamed = dialect === "openai-responses" && stream;
    if (isNamed) expect(seen.text).toContain("event: response.refusal.delta\n");
    if (isNamed) expect(seen.text).not.toContain("output_text");
    return undefined;
  },
  refusal_as_text: says(/^I'm sorry, but/),
  content_filter: (tried) => {
    says("", {
      "openai-chat": "content_filter",
      "openai-responses": "incomplete",
      gemini: "SAFETY",
    })(tried);
    if (tried.dialect !== "openai-responses") return;
    expect(tried.seen.text).toContain('"incomplete_details":{"reason":"content_filter"}');
  },
  content_filter_error: ({ seen, dialect }) => {
    expect(seen).toMatchObject({ status: 400, ended: "whole" });
    const word = dialect === "anthropic" ? "invalid_request_error" : '"code":"content_filter"';
    expect(seen.text).toContain(word);
  },
  pause: (tried) => says(/./, { anthropic: "pause_turn" })(tried),
  prose_for_call: says(/^I will now call find_order\.$/),
  call_as_text: says(/^<tool_call>\n\{"name": "find_order", "arguments": \{.*\}\}\n<\/tool_call>$/),
  call_and_prose: ({ seen, read, plainRead }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(read).toMatchObject({ calls: plainRead.calls, finish: plainRead.finish });
    expect(read.text).toBe("Let me look into that.");
  },
  answered_twice: (tried) => {
    expectUntouched(tried);
    const { dialect, read, plainRead, stream } = tried;
    const name = dialect === "gemini" ? "candidates" : "choices";
    const indexes = read.events.flatMap((event) => {
      const list = isJsonObject(event) ? event[name] : undefined;
      return Array.isArray(list)
        ? list.map((item: Json) => (isJsonObject(item) ? item["index"] : undefined))
        : [];
    });
    expect(indexes.filter((index) => index === 0)).toHaveLength(indexes.length / 2);
    expect(indexes.filter((index) => index === 1)).toHaveLength(indexes.length / 2);
    if (stream) expect(read.events.length).toBeGreaterThan(plainRead.events.length);
  },
  no_choices: ({ seen, read, dialect, stream }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(read).toMatchObject({ text: "", calls: [], finish: undefined });
    if (dialect === "openai-chat") expect(read.events[0]).toMatchObject({ choices: [] });
    else expect(read.events[0]).not.toHaveProperty("candidates");
    if (stream && dialect === "openai-chat") expect(read.events.at(-1)).toBe("[DONE]");
  },
  prompt_blocked: ({ seen, read }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(read.events).toHaveLength(1);
    expect(read.events[0]).toMatchObject({
      promptFeedback: { blockReason: "PROHIBITED_CONTENT" },
      usageMetadata: {},
    });
    expect(read.events[0]).not.toHaveProperty("candidates");
  },
  malformed_function_call: geminiStop("MALFORMED_FUNCTION_CALL"),
  unexpected_tool_call: geminiStop("UNEXPECTED_TOOL_CALL"),
  too_many_tool_calls: geminiStop("TOO_MANY_TOOL_CALLS"),
  recitation: geminiStop("RECITATION"),
};

describe("answer faults", () => {
  expectGroup("answer", answerExpectations);
});
