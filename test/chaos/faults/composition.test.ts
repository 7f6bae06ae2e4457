import { expect, test } from "vitest";
import { findFault, wireFaults, type Dialect } from "../../../src/chaos/door.ts";
import { DIALECTS, openBench, trialsOf, type Trial } from "./trial.ts";

function both(spec: string, members: Partial<Trial>): Trial {
  const [first = ""] = spec.split("+");
  const fault = findFault(first.split(":")[0] ?? "");
  return { fault, spec, dialect: "openai-chat", stream: true, form: "call", ...members };
}

test.each(DIALECTS)(
  "a fault of the answer and one of the bytes act together on %s",
  async (dialect) => {
    const bench = await openBench();
    const tried = await bench.try(both("name_namespaced+sse_crlf", { dialect }));
    expect(tried.read.calls[0]?.name).toBe("functions.find_order");
    expect(tried.seen.text).toContain("\r\n\r\n");
    expect(tried.seen.text).not.toMatch(/[^\r]\n/);
    expect(tried.record.faults).toEqual(["name_namespaced", "sse_crlf"]);
  },
);

test("a slow error is an error that comes late", async () => {
  const bench = await openBench();
  const tried = await bench.try(both("rate_limited_short+latency:120", { stream: false }));
  expect(tried.seen.status).toBe(429);
  expect(tried.seen.firstByteMs).toBeGreaterThan(100);
  expect(tried.record.faults).toEqual(["rate_limited_short", "latency:120"]);
});

test("a stream is cut in its answer, split in its bytes and reset at its end", async () => {
  const bench = await openBench();
  const spec = "args_trailing_comma+eof_in_arguments+split_utf8+reset_before_done";
  const tried = await bench.try(both(spec, {}));
  expect(tried.seen.ended).toBe("reset");
  expect(tried.read.finish).toBeUndefined();
  expect(tried.read.calls).toHaveLength(1);
  expect(tried.record.faults).toEqual(spec.split("+"));
});

test("what an error leaves nothing for is not told as injected", async () => {
  const bench = await openBench();
  const tried = await bench.try(both("server_error+usage_missing+sse_crlf", {}));
  expect(tried.seen.status).toBe(500);
  expect(tried.record.faults).toEqual(["server_error"]);
});

test.each<Dialect>(["openai-chat", "gemini"])(
  "a fault that finds nothing to change on %s is not told as injected",
  async (dialect) => {
    const bench = await openBench();
    const tried = await bench.try(both("args_nested_as_text+args_nested_as_text", { dialect }));
    // The first turns the only nested member into text, and leaves the second none.
    expect(tried.record.faults).toEqual(["args_nested_as_text"]);
  },
);

test("the same fault on the same request sends the same bytes", async () => {
  const faults = wireFaults.filter(({ group }) => group !== "connection" && group !== "http");
  expect(faults.length).toBeGreaterThan(80);
  const [one, other] = await Promise.all([openBench(), openBench()]);
  for (const { name } of faults) {
    // A stall ends when the client's patience does: nothing of it is compared here.
    if (name.startsWith("stall_")) continue;
    const trial = trialsOf(name).at(-1);
    if (trial === undefined) throw new Error(`${name} has no trial`);
    const [first, second] = [await one.try(trial), await other.try(trial)];
    expect(`${name} ${second.seen.text}`).toBe(`${name} ${first.seen.text}`);
  }
});
