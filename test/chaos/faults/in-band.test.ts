import { describe, expect } from "vitest";
import { isJsonObject, type JsonObject } from "../../../src/std/json.ts";
import { expectGroup, type Expectation } from "./group.ts";
import type { Tried } from "./trial.ts";

function lastOf({ read }: Tried): JsonObject {
  const last = read.events.at(-1);
  if (!isJsonObject(last)) throw new Error("the last event is no object");
  return last;
}

interface Words {
  readonly openai: string;
  readonly anthropic: string;
  readonly gemini: number;
}

/** The last event is the dialect's error, and no finish was told. */
function errorAtEnd(words: Words): Expectation {
  return (tried) => {
    const { seen, dialect, read } = tried;
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(seen.headers["content-type"]).toContain("text/event-stream");
    expect(read.finish).toBeUndefined();
    const last = lastOf(tried);
    if (dialect === "openai-chat") expect(last).toMatchObject({ error: { code: words.openai } });
    if (dialect === "gemini") expect(last).toMatchObject({ error: { code: words.gemini } });
    if (dialect === "openai-responses") {
      expect(last).toMatchObject({ type: "error", code: words.openai });
      expect(last["sequence_number"]).toBe(read.events.length - 1);
    }
    if (dialect === "anthropic") {
      expect(last).toMatchObject({ type: "error", error: { type: words.anthropic } });
    }
    const isNamed = dialect === "anthropic" || dialect === "openai-responses";
    if (isNamed) expect(seen.text).toMatch(/\n\nevent: error\ndata: .*\n\n$|^event: error\n/);
  };
}

const OVERLOADED: Words = {
  openai: "server_is_overloaded",
  anthropic: "overloaded_error",
  gemini: 503,
};

function afterContent(words: Words): Expectation {
  return (tried) => {
    errorAtEnd(words)(tried);
    const said = tried.read.text + (tried.read.calls[0]?.argumentsText ?? "");
    expect(said.length).toBeGreaterThan(0);
  };
}

const inBandExpectations: Readonly<Record<string, Expectation>> = {
  in_band_error: afterContent(OVERLOADED),
  in_band_server_error: afterContent({
    openai: "server_error",
    anthropic: "api_error",
    gemini: 500,
  }),
  in_band_rate_limit: afterContent({
    openai: "rate_limit_exceeded",
    anthropic: "rate_limit_error",
    gemini: 429,
  }),
  in_band_error_first: (tried) => {
    errorAtEnd(OVERLOADED)({
      ...tried,
      read: { ...tried.read, events: tried.read.events.slice(-1) },
    });
    expect(tried.read.events).toHaveLength(1);
  },
  in_band_openrouter: ({ read, seen }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(read.events.at(-1)).toBe("[DONE]");
    expect(read.events.at(-2)).toMatchObject({
      object: "chat.completion.chunk",
      error: { code: 502 },
      choices: [{ finish_reason: "error" }],
    });
  },
  response_failed: ({ read, seen, stream }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(read.finish).toBe("failed");
    const failed = { status: "failed", error: { code: "server_error" } };
    const last = stream ? { type: "response.failed", response: failed } : failed;
    expect(read.events.at(-1)).toMatchObject(last);
    if (stream) expect(seen.text).toContain("event: response.failed\n");
  },
  error_with_200: (tried) => {
    expect(tried.seen).toMatchObject({ status: 200, ended: "whole" });
    expect(tried.seen.headers["content-type"]).toBe("application/json");
    const body = tried.read.events[0];
    expect(body).toMatchObject({ error: { message: "Provider returned error" } });
    expect(tried.read.finish).toBeUndefined();
  },
};

describe("in-band faults", () => {
  expectGroup("in_band", inBandExpectations);
});
