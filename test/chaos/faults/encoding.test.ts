import { describe, expect } from "vitest";
import { expectGroup, expectSameAnswer, type Expectation } from "./group.ts";
import type { Tried } from "./trial.ts";

/** Other bytes and the same answer: what the standard allows. */
function expectHarmless(tried: Tried): Tried {
  expectSameAnswer(tried);
  expect(tried.read.usage).toEqual(tried.plainRead.usage);
  return tried;
}

const encodingExpectations: Readonly<Record<string, Expectation>> = {
  sse_crlf: (tried) => {
    const { seen, plain } = expectHarmless(tried);
    expect(seen.text).toBe(plain.text.replaceAll("\n", "\r\n"));
  },
  sse_comments: (tried) => {
    const { seen, plain, read } = expectHarmless(tried);
    const comment = ": SIMULATED PROCESSING\n\n";
    expect(seen.text.split(comment).length).toBe(read.events.length + 1);
    expect(seen.text.replaceAll(comment, "")).toBe(plain.text);
  },
  sse_extra_fields: (tried) => {
    const { seen, plain } = expectHarmless(tried);
    expect(seen.text).toMatch(/^id: 0\nretry: 3000\n/);
    expect(seen.text.replaceAll(/id: \d+\nretry: 3000\n/g, "")).toBe(plain.text);
  },
  sse_blank_lines: (tried) => {
    const { seen, plain } = expectHarmless(tried);
    expect(seen.text).toBe(plain.text.replaceAll("\n\n", "\n\n\n\n\n"));
  },
  sse_unknown_event: (tried) => {
    const { seen, read, plainRead } = expectHarmless(tried);
    expect(seen.text).toMatch(/\nevent: (response\.)?weather\ndata: \{/);
    expect(read.events.length).toBe(plainRead.events.length + 1);
  },
  split_utf8: (tried) => {
    const { seen, plain, plainRead } = expectHarmless(tried);
    expect(seen.bytes).toEqual(plain.bytes);
    expect(seen.packets).toBeGreaterThanOrEqual(plainRead.events.length);
  },
  tiny_packets: (tried) => {
    const { seen, plain } = expectHarmless(tried);
    expect(seen.bytes).toEqual(plain.bytes);
    expect(seen.packets).toBeGreaterThan(plain.packets + 20);
  },
  multi_line_data: (tried) => {
    const { seen, plain } = expectHarmless(tried);
    const lines = (text: string): number => text.split("\ndata:").length;
    expect(lines(seen.text)).toBeGreaterThan(2 * lines(plain.text));
  },
  giant_event: (tried) => {
    const { seen, plain } = expectHarmless(tried);
    const longest = Math.max(...seen.text.split("\n").map((line) => line.length));
    expect(longest).toBeGreaterThan(200_000);
    expect(seen.bytes.length).toBe(plain.bytes.length + 200_000);
  },
  broken_event: ({ seen, read, plainRead }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    const broken = read.events.filter((event) => typeof event === "string" && event !== "[DONE]");
    expect(broken).toHaveLength(1);
    expect(read.events.length).toBe(plainRead.events.length);
  },
  unterminated_event: (tried) => {
    const { seen, plain } = expectHarmless(tried);
    expect(plain.text.endsWith("\n\n")).toBe(true);
    expect(seen.text).toBe(plain.text.slice(0, -2));
  },
  no_space_after_colon: (tried) => {
    const { seen } = expectHarmless(tried);
    expect(seen.text).toMatch(/^data:\S/m);
    expect(seen.text).not.toMatch(/^(data|event): /m);
  },
  byte_order_mark: (tried) => {
    const { seen, plain } = expectHarmless(tried);
    expect(seen.bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(seen.bytes.subarray(3)).toEqual(plain.bytes);
  },
  wrong_content_type: (tried) => {
    const { seen, plain } = expectHarmless(tried);
    expect(seen.headers["content-type"]).toBe("text/html");
    expect(seen.bytes).toEqual(plain.bytes);
  },
  no_content_type: (tried) => {
    const { seen, plain } = expectHarmless(tried);
    expect(seen.headers["content-type"]).toBeUndefined();
    expect(seen.bytes).toEqual(plain.bytes);
  },
  cut_json: ({ seen, plain }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(seen.headers["content-type"]).toBe("application/json");
    expect(seen.text.length).toBeLessThan(plain.text.length);
    expect(plain.text.startsWith(seen.text)).toBe(true);
    expect(() => JSON.parse(seen.text)).toThrow(SyntaxError);
  },
  stream_as_body: ({ seen, plain }) => {
    expect(seen.headers["content-type"]).toBe("text/event-stream");
    expect(seen.text).toBe(`data: ${plain.text}\n\n`);
  },
};

describe("encoding faults", () => {
  expectGroup("encoding", encodingExpectations);
});
