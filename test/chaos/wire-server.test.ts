import { describe, expect, test } from "vitest";
import {
  oracleModel,
  scriptedModel,
  startWireServer,
  type ChatModel,
  type ServedRequest,
} from "../../src/chaos/door.ts";
import { isBridleError } from "../../src/std/error.ts";
import { body, eventsOf, getJson, post, serve } from "./served.ts";

const greeter: ChatModel = {
  name: "greeter",
  answer: () => ({
    kind: "answer",
    text: "Good morning to you all 👋🏽 👋🏽 👋🏽",
    finishReason: "stop",
  }),
};
const caller = oracleModel({
  actions: [{ name: "find", arguments: { order: "A1", why: "the customer asked for it" } }],
  finalText: "Done.",
});

describe("a streamed answer", () => {
  test("is framed as data events that end in [DONE]", async () => {
    const server = await serve({ models: () => greeter });
    const { text, headers } = await post(server.urlFor("r"), body({ stream: true }));
    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(
      text
        .split("\n\n")
        .slice(0, -1)
        .every((event) => event.startsWith("data: ")),
    ).toBe(true);
    const chunks = eventsOf(text)
      .slice(0, -1)
      .map((data) => JSON.parse(data));
    expect(chunks.every((chunk) => chunk.object === "chat.completion.chunk")).toBe(true);
    expect(chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join("")).toBe(
      "Good morning to you all 👋🏽 👋🏽 👋🏽",
    );
    expect(chunks.length).toBeGreaterThan(4);
    expect(chunks.at(-1).choices[0]).toEqual({ index: 0, delta: {}, finish_reason: "stop" });
  });

  test("never splits a surrogate pair between two chunks", async () => {
    const server = await serve({ models: () => greeter });
    const { text } = await post(server.urlFor("r"), body({ stream: true }));
    const contents = eventsOf(text)
      .slice(0, -1)
      .map((data) => String(JSON.parse(data).choices[0].delta.content));
    expect(contents.filter((content) => !content.isWellFormed())).toEqual([]);
    expect(contents.some((content) => content.includes("👋"))).toBe(true);
  });

  test("sends a tool call's arguments in several chunks of one index", async () => {
    const server = await serve({ models: () => caller });
    const { text } = await post(server.urlFor("r"), body({ stream: true }));
    const deltas = eventsOf(text)
      .slice(0, -1)
      .flatMap((data) => JSON.parse(data).choices[0].delta.tool_calls ?? []);
    expect(deltas[0]).toMatchObject({ index: 0, type: "function", function: { name: "find" } });
    expect(deltas.length).toBeGreaterThan(3);
    expect(deltas.map((delta) => delta.function.arguments).join("")).toBe(
      '{"order":"A1","why":"the customer asked for it"}',
    );
  });

  test("has a usage chunk before [DONE] when it is asked for, and none otherwise", async () => {
    const server = await serve({ models: () => greeter });
    const url = server.urlFor("r");
    const options = { stream: true, stream_options: { include_usage: true } };
    const events = eventsOf((await post(url, body(options))).text);
    expect(JSON.parse(events.at(-2) ?? "")).toMatchObject({
      choices: [],
      // "Hi" is 2 characters, the greeting 38: four characters to a token, rounded up.
      usage: { prompt_tokens: 1, completion_tokens: 10, total_tokens: 11 },
    });
    expect((await post(url, body({ stream: true }))).text).not.toContain("usage");
  });
});

describe("an answer in one piece", () => {
  test("is a chat completion, plainly marked as simulated", async () => {
    const server = await serve({ models: () => caller });
    const { status, headers, text } = await post(server.urlFor("r"), body());
    expect(status).toBe(200);
    expect(headers.get("x-bridle-simulated")).toBe("oracle");
    expect(JSON.parse(text)).toMatchObject({
      object: "chat.completion",
      model: "simulated/oracle",
      choices: [
        {
          message: {
            role: "assistant",
            content: null,
            tool_calls: [{ type: "function", function: { name: "find" } }],
          },
          finish_reason: "tool_calls",
        },
      ],
      usage: { prompt_tokens: 1 },
    });
  });

  test("is the same bytes for the same conversation", async () => {
    const server = await serve({ models: () => caller });
    const first = await post(server.urlFor("r"), body());
    expect((await post(server.urlFor("r"), body())).text).toBe(first.text);
    expect(server.requestCount()).toBe(2);
  });
});

describe("the run key", () => {
  test("reaches the model from the base URL, whatever characters it has", async () => {
    const seen: string[] = [];
    const server = await serve({
      models: (runKey) => {
        seen.push(runKey);
        return greeter;
      },
    });
    const keys = ["", "task 7/ü", "a?b#c%", "...", "r", "v1"];
    for (const key of keys) expect((await post(server.urlFor(key), body())).status).toBe(200);
    expect(seen).toEqual(keys);
    expect(server.urlFor("")).toBe(`${server.url}/v1`);
  });

  test("is refused where a URL cannot carry it", async () => {
    const server = await serve({ models: () => greeter });
    for (const key of [".", "..", "\ud800", "x".repeat(513)]) {
      expect(() => server.urlFor(key)).toThrow("This run key cannot travel in a URL.");
    }
  });

  test("that is not known is a 404 in OpenAI's error shape", async () => {
    const server = await serve({ models: (key) => (key === "known" ? greeter : undefined) });
    const { status, text, headers } = await post(server.urlFor("other"), body());
    expect(status).toBe(404);
    expect(headers.get("x-should-retry")).toBe("false");
    expect(JSON.parse(text)).toEqual({
      error: {
        message: "There is no model for the run key 'other'.",
        type: "invalid_request_error",
        param: null,
        code: "not_found",
      },
    });
    expect((await post(`${server.url}/r/%E0%A4%A/v1`, body())).status).toBe(404);
  });
});

describe("a request that OpenAI refuses", () => {
  const call = { id: "c1", type: "function", function: { name: "find", arguments: "{}" } };
  const asked = { role: "assistant", content: null, tool_calls: [call] };
  const user = { role: "user", content: "Hi" };

  test.each([
    ["no JSON", "{", null],
    ["no object", [], null],
    ["no model", { messages: [user] }, "model"],
    ["no messages", { model: "m" }, "messages"],
    ["an empty list", body({ messages: [] }), "messages"],
    ["an odd role", body({ messages: [user, { role: "robot" }] }), "messages[1].role"],
    ["no content", body({ messages: [{ role: "user" }] }), "messages[0].content"],
    [
      "arguments that are no text",
      body({ messages: [{ ...asked, tool_calls: [{ ...call, function: { name: "x" } }] }] }),
      "messages[0].tool_calls[0].function.arguments",
    ],
    ["a tool without a name", body({ tools: [{ type: "function" }] }), "tools[0].function.name"],
  ])("is a 400 that names the member: %s", async (_title, sent, param) => {
    const server = await serve({ models: () => greeter });
    const { status, text } = await post(server.urlFor("r"), sent);
    expect(status).toBe(400);
    expect(JSON.parse(text).error).toMatchObject({ type: "invalid_request_error", param });
  });

  test.each([
    ["an unanswered call", [user, asked]],
    [
      "a user between call and result",
      [user, asked, user, { role: "tool", tool_call_id: "c1", content: "ok" }],
    ],
    ["a result of no call", [user, { role: "tool", tool_call_id: "c1", content: "ok" }]],
    [
      "a result that comes twice",
      [
        user,
        asked,
        { role: "tool", tool_call_id: "c1", content: "ok" },
        { role: "tool", tool_call_id: "c1", content: "ok" },
      ],
    ],
  ])("is a 400 for a broken history: %s", async (_title, messages) => {
    const strict = await serve({ models: () => greeter });
    const { status, text } = await post(strict.urlFor("r"), body({ messages }));
    expect(status).toBe(400);
    expect(JSON.parse(text).error.code).toBe("invalid_history");
    const lax = await serve({ models: () => greeter, checksHistory: false });
    expect((await post(lax.urlFor("r"), body({ messages }))).status).toBe(200);
  });

  test("is a 413 when its body is larger than 32 MiB", async () => {
    const server = await serve({ models: () => greeter });
    const content = "x".repeat(32 * 1024 * 1024);
    const large = await post(server.urlFor("r"), body({ messages: [{ role: "user", content }] }));
    expect(large.status).toBe(413);
    expect(JSON.parse(large.text).error.code).toBe("request_too_large");
    expect((await post(server.urlFor("r"), body())).status).toBe(200);
  });
});

test("accepts content in parts and counts their text", async () => {
  const seen: ServedRequest[] = [];
  const server = await serve({ models: () => greeter, onRequest: (served) => seen.push(served) });
  const content = [
    { type: "text", text: "Look: " },
    { type: "image_url", image_url: { url: "data:," } },
    { type: "text", text: "a cat" },
  ];
  await post(server.urlFor("k"), body({ messages: [{ role: "user", content }] }));
  expect(seen).toMatchObject([
    {
      runKey: "k",
      modelName: "greeter",
      request: { messages: [{ role: "user", text: "Look: a cat" }] },
      reply: { kind: "answer" },
    },
  ]);
});

test("sends a scripted failure as it is written", async () => {
  const model = scriptedModel([
    { fail: { status: 413, body: "<html>", headers: { "content-type": "text/html" } } },
    {
      fail: {
        status: 429,
        body: { error: { code: "slow_down" } },
        headers: { "retry-after": "7" },
      },
    },
    { text: "Hello." },
  ]);
  const server = await serve({ models: () => model });
  const html = await post(server.urlFor("r"), body());
  expect([html.status, html.headers.get("content-type"), html.text]).toEqual([
    413,
    "text/html",
    "<html>",
  ]);
  const slow = await post(server.urlFor("r"), body());
  expect([slow.status, slow.headers.get("retry-after")]).toEqual([429, "7"]);
  expect((await post(server.urlFor("r"), body())).status).toBe(200);
});

test("a model that throws is a 500 that no client retries", async () => {
  const model: ChatModel = {
    name: "broken",
    answer: () => {
      throw new Error("no such luck");
    },
  };
  const server = await serve({ models: () => model });
  const { status, text, headers } = await post(server.urlFor("r"), body());
  expect([status, headers.get("x-should-retry")]).toEqual([500, "false"]);
  expect(JSON.parse(text).error.message).toContain("no such luck");
});

test("lists its model, tells its health and knows no other address", async () => {
  const server = await serve({ models: () => greeter });
  expect(await getJson(`${server.urlFor("r")}/models`)).toMatchObject({
    object: "list",
    data: [{ id: "simulated/greeter", object: "model" }],
  });
  expect(await getJson(`${server.url}/healthz`)).toEqual({ status: "ok", simulated: true });
  expect((await fetch(`${server.url}/v1/embeddings`)).status).toBe(404);
  expect((await fetch(`${server.urlFor("r")}/chat/completions`)).status).toBe(404);
});

test("takes a run key of 512 characters and refuses a longer one", async () => {
  const server = await serve({ models: () => greeter });
  const urlOf = (key: string): string => `${server.url}/r/${encodeURIComponent(key)}/v1`;
  expect((await post(urlOf("ä".repeat(512)), body())).status).toBe(200);
  expect((await post(urlOf("ä".repeat(513)), body())).status).toBe(404);
});

test("waits before it answers, and closes without waiting", async () => {
  const server = await startWireServer({ models: () => greeter, latencyMs: 60_000 });
  const asked = post(server.urlFor("r"), body()).then(
    () => "answered",
    () => "cut",
  );
  while (server.requestCount() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.close();
  expect(await asked).toBe("cut");
  await expect(server.close()).resolves.toBeUndefined();
});

test("says that a port is in use, and what to do", async () => {
  const server = await serve({ models: () => greeter });
  const port = Number(new URL(server.url).port);
  const thrown: unknown = await startWireServer({ models: () => greeter, port }).catch(
    (thrown: unknown) => thrown,
  );
  expect(isBridleError(thrown, "port_in_use") && thrown.hint).toContain("Name another port");
  await expect(startWireServer({ models: () => greeter, port: 99_999 })).rejects.toMatchObject({
    code: "config_invalid",
  });
});
