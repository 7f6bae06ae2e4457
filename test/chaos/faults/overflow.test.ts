import { describe, expect } from "vitest";
import { isJsonObject } from "../../../src/std/json.ts";
import { expectGroup, type Expectation } from "./group.ts";

function refused(words: string, code?: string): Expectation {
  return ({ seen, read }) => {
    expect(seen).toMatchObject({ status: 400, ended: "whole" });
    const [body] = [JSON.parse(seen.text)];
    expect(body.error.message).toContain(words);
    if (code !== undefined) expect(body.error.code).toBe(code);
    expect(read.finish).toBeUndefined();
  };
}

function stopsAfterFewWords(words: Readonly<Record<string, string>>): Expectation {
  return ({ seen, read, plainRead, dialect, form }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(read.calls).toEqual([]);
    expect(read.text.split(" ").length).toBeLessThanOrEqual(8);
    expect(read.text.length).toBeGreaterThan(0);
    if (form === "text") expect(plainRead.text.startsWith(read.text)).toBe(true);
    expect(read.finish).toBe(words[dialect]);
  };
}

const overflowExpectations: Readonly<Record<string, Expectation>> = {
  overflow: refused("maximum context length is 128000 tokens", "context_length_exceeded"),
  overflow_anthropic: refused("prompt is too long: 208411 tokens > 200000 maximum"),
  overflow_output: refused("exceed context limit: 178211 + 32000 > 200000"),
  overflow_vllm: refused("requested 0 output tokens"),
  overflow_openrouter: refused("in the output). Please"),
  overflow_gemini: refused("exceeds the maximum number of tokens allowed"),
  overflow_bedrock: refused("Input is too long for requested model."),
  overflow_in_stream: ({ seen, read, dialect }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    const last = read.events.at(-1);
    if (!isJsonObject(last)) throw new Error("no event at the end");
    const error = dialect === "openai-chat" ? last["error"] : last;
    expect(error).toMatchObject({
      code: "context_length_exceeded",
      message: expect.stringContaining("exceeds the context window"),
    });
    expect(read.text).toBe("");
  },
  overflow_cut_short: stopsAfterFewWords({
    "openai-chat": "length",
    "openai-responses": "incomplete",
    anthropic: "max_tokens",
    gemini: "MAX_TOKENS",
  }),
  overflow_stop_reason: stopsAfterFewWords({ anthropic: "model_context_window_exceeded" }),
};

describe("overflow faults", () => {
  expectGroup("overflow", overflowExpectations);
});

const modelExpectations: Readonly<Record<string, Expectation>> = {
  model_switched: ({ seen, read, plainRead }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(plainRead.model).toBe("simulated/bench");
    expect(read).toMatchObject({ text: plainRead.text, calls: plainRead.calls });
    expect(seen.text).not.toContain("simulated/bench");
    expect(read.model).toBe("simulated/another-model-mini");
  },
  model_unnamed: ({ read, seen, plainRead }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(read).toMatchObject({ text: plainRead.text, calls: plainRead.calls });
    expect(read.model).toBeUndefined();
  },
};

describe("model faults", () => {
  expectGroup("model", modelExpectations);
});
