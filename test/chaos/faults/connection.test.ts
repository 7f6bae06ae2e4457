import { describe, expect } from "vitest";
import { expectGroup, expectSameAnswer, type Expectation } from "./group.ts";

/** Some of the body, never all of it, and what came is what would have come. */
const half: Expectation = ({ seen, plain, stream }) => {
  expect(seen.status).toBe(200);
  expect(seen.bytes.length).toBeGreaterThan(0);
  expect(seen.bytes.length).toBeLessThan(plain.bytes.length);
  if (!stream) expect(plain.text.startsWith(seen.text.replace(/\uFFFD+$/, ""))).toBe(true);
};

const connectionExpectations: Readonly<Record<string, Expectation>> = {
  reset_before_headers: ({ seen }) => {
    expect(seen).toMatchObject({ status: 0, ended: "reset" });
  },
  closed_before_headers: ({ seen }) => {
    expect(seen).toMatchObject({ status: 0, ended: "closed", packets: 0 });
  },
  hang_before_headers: ({ seen, record }) => {
    expect(seen).toMatchObject({ status: 0, ended: "silent", packets: 0 });
    expect(record.clientLeft).toBe(true);
  },
  hang_after_headers: ({ seen, record }) => {
    expect(seen).toMatchObject({ status: 200, ended: "silent", text: "" });
    expect(record.clientLeft).toBe(true);
  },
  reset_mid_body: (tried) => {
    half(tried);
    expect(tried.seen.ended).toBe("reset");
  },
  closed_mid_body: (tried) => {
    half(tried);
    expect(tried.seen.ended).toBe("closed");
  },
  stall_mid_body: (tried) => {
    half(tried);
    expect(tried.seen.ended).toBe("silent");
    expect(tried.record.clientLeft).toBe(true);
  },
  slow_loris: (tried) => {
    expectSameAnswer(tried);
    expect(tried.seen.bytes).toEqual(tried.plain.bytes);
    expect(tried.seen.totalMs).toBeGreaterThan(200);
    expect(tried.seen.packets).toBeGreaterThan(20);
  },
  latency: (tried) => {
    expectSameAnswer(tried);
    expect(tried.seen.firstByteMs).toBeGreaterThan(100);
  },
  buffered_stream: (tried) => {
    expectSameAnswer(tried);
    expect(tried.seen.firstByteMs).toBeGreaterThan(100);
    expect(tried.seen.totalMs - tried.seen.firstByteMs).toBeLessThan(100);
  },
};

describe("connection faults", () => {
  expectGroup("connection", connectionExpectations);
});
