import { describe, expect, test } from "vitest";
import {
  scriptedModel,
  type ChatModel,
  type ScriptedStep,
  type ServedRequest,
} from "../../src/chaos/door.ts";
import { askScript, namedEventsOf, postTo, serve, spoken, type Posted } from "./served.ts";

const user = { role: "user", content: "Hi" };

function sent(members: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: "any", max_tokens: 100, messages: [user], ...members };
}

async function ask(steps: readonly ScriptedStep[], body: unknown): Promise<Posted> {
  return askScript(steps, (server) => `${server.urlFor("r 1", "anthropic")}/v1/messages`, body);
}

describe("a message in one piece", () => {
  test("has its text, its calls with objects for input, and its usage", async () => {
    const { status, headers, text } = await ask([spoken], sent());
    expect(status).toBe(200);
    expect(headers.get("x-bridle-simulated")).toBe("scripted");
    expect(JSON.parse(text)).toEqual({
      id: expect.stringMatching(/^msg_simulated-[0-9a-f]{8}-1$/),
      type: "message",
      role: "assistant",
      model: "simulated/scripted",
      content: [
        { type: "text", text: "Let me look that up." },
        {
          type: "tool_use",
          id: expect.stringMatching(/^call_0_[0-9a-f]{16}$/),
          name: "find",
          input: { order: "A1", why: "asked" },
        },
        {
          type: "tool_use",
          id: expect.stringMatching(/^call_0_[0-9a-f]{16}$/),
          name: "list",
          input: {},
        },
      ],
      stop_reason: "tool_use",
      stop_sequence: null,
      usage: {
        input_tokens: 1,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        // 20 characters of text, "find{"order":"A1","why":"asked"}" and "list{}".
        output_tokens: 15,
      },
    });
  });

  test.each([
    ["stop", "end_turn"],
    ["tool_calls", "tool_use"],
    ["length", "max_tokens"],
    ["content_filter", "refusal"],
  ] as const)("says %s as %s, whole and streamed", async (finishReason, stopReason) => {
    const whole = await ask([{ text: "Well", finishReason }], sent());
    expect(JSON.parse(whole.text).stop_reason).toBe(stopReason);
    const streamed = await ask([{ text: "Well", finishReason }], sent({ stream: true }));
    const delta = namedEventsOf(streamed.text).find(({ event }) => event === "message_delta");
    expect(delta?.data.delta).toEqual({ stop_reason: stopReason, stop_sequence: null });
  });

  test("has arguments that are no JSON as the text they are", async () => {
    const { text } = await ask([{ call: { name: "find", argumentsText: '{"a":' } }], sent());
    expect(JSON.parse(text).content[0].input).toBe('{"a":');
  });
});

describe("a streamed message", () => {
  test("opens, brings block after block in pieces, and ends with stop reason and usage", async () => {
    const { headers, text } = await ask([spoken], sent({ stream: true }));
    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = namedEventsOf(text);
    expect(events.every(({ event, data }) => data.type === event)).toBe(true);
    const order = events.map(({ data }) =>
      [data.type, data.index, data.delta?.type ?? data.content_block?.type].join(" ").trim(),
    );
    expect(order.filter((line, index) => line !== order[index - 1])).toEqual([
      "message_start",
      "content_block_start 0 text",
      "ping",
      "content_block_delta 0 text_delta",
      "content_block_stop 0",
      "content_block_start 1 tool_use",
      "content_block_delta 1 input_json_delta",
      "content_block_stop 1",
      "content_block_start 2 tool_use",
      "content_block_delta 2 input_json_delta",
      "content_block_stop 2",
      "message_delta",
      "message_stop",
    ]);
    const jsonOf = (index: number): string[] =>
      events
        .filter(({ data }) => data.index === index && data.type === "content_block_delta")
        .map(({ data }) => data.delta.partial_json ?? data.delta.text);
    expect(jsonOf(0).join("")).toBe("Let me look that up.");
    expect(jsonOf(1).join("")).toBe('{"order":"A1","why":"asked"}');
    expect(jsonOf(2)).toEqual(["{", "}"]);
    for (const index of [0, 1]) expect(jsonOf(index).length).toBeGreaterThanOrEqual(2);
    expect(events[0]?.data.message).toMatchObject({
      content: [],
      stop_reason: null,
      usage: { input_tokens: 1, output_tokens: 0 },
    });
    expect(events.at(-2)?.data).toMatchObject({ usage: { output_tokens: 15 } });
  });

  test("brings arguments that are no JSON as they are", async () => {
    const steps = [{ call: { name: "find", argumentsText: '{"a":' } }];
    const { text } = await ask(steps, sent({ stream: true }));
    const parts = namedEventsOf(text).map(({ data }) => data.delta?.partial_json ?? "");
    expect(parts.join("")).toBe('{"a":');
  });
});

describe("what a model sees of a request", () => {
  test("is the system text, each block's text, calls and results, in order", async () => {
    const seen: ServedRequest[] = [];
    const server = await serve({
      models: () => scriptedModel([{ text: "unasked" }, { text: "Fine." }]),
      onRequest: (served) => seen.push(served),
    });
    const messages = [
      { role: "user", content: [{ type: "text", text: "Look: " }, { type: "image" }] },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "s" },
          { type: "text", text: "I look." },
          { type: "tool_use", id: "toolu_1", name: "find", input: { order: "A1" } },
          { type: "tool_use", id: "toolu_2", name: "list", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_2", content: "two" },
          {
            type: "tool_result",
            tool_use_id: "toolu_1",
            content: [{ type: "text", text: "one" }],
            is_error: true,
          },
          { type: "text", text: "And?" },
        ],
      },
    ];
    const tools = [{ name: "find", input_schema: { type: "object" } }];
    const system = [{ type: "text", text: "Be brief." }];
    const url = `${server.urlFor("k", "ai-sdk-anthropic")}/messages`;
    const { status } = await postTo(url, sent({ system, messages, tools }));
    expect(status).toBe(200);
    expect(seen).toMatchObject([{ runKey: "k", dialect: "anthropic" }]);
    expect(seen[0]?.request).toMatchObject({
      messages: [
        { role: "system", text: "Be brief." },
        { role: "user", text: "Look: " },
        {
          role: "assistant",
          text: "I look.",
          toolCalls: [
            { id: "toolu_1", name: "find", argumentsText: '{"order":"A1"}' },
            { id: "toolu_2", name: "list", argumentsText: "{}" },
          ],
        },
        { role: "tool", callId: "toolu_2", text: "two" },
        { role: "tool", callId: "toolu_1", text: "one" },
        { role: "user", text: "And?" },
      ],
      tools: [{ name: "find", parameters: { type: "object" } }],
      stream: false,
    });
  });
});

describe("a request that Anthropic refuses", () => {
  const use = { type: "tool_use", id: "toolu_1", name: "find", input: {} };
  const asked = { role: "assistant", content: [use] };
  const result = { type: "tool_result", tool_use_id: "toolu_1", content: "ok" };
  const answered = { role: "user", content: [result] };
  const noModel: ChatModel = {
    name: "never",
    answer: () => ({ kind: "answer", text: "Fine.", finishReason: "stop" }),
  };

  async function refusal(body: unknown, checksHistory = true): Promise<Posted> {
    const server = await serve({ models: () => noModel, checksHistory });
    return postTo(`${server.urlFor("", "anthropic")}/v1/messages`, body);
  }

  test.each([
    ["no JSON", "{", "The body is not JSON"],
    ["no model", { max_tokens: 1, messages: [user] }, "model: Field required"],
    ["no limit", { model: "m", messages: [user] }, "max_tokens: Field required"],
    ["no messages", { model: "m", max_tokens: 1 }, "messages: Field required"],
    ["an empty list", sent({ messages: [] }), "messages: at least one message is required"],
    [
      "a system message",
      sent({ messages: [{ role: "system", content: "x" }] }),
      "messages.0.role: Input should be 'user' or 'assistant'",
    ],
    ["no content", sent({ messages: [{ role: "user" }] }), "messages.0.content: Field required"],
    [
      "a call without a name",
      sent({ messages: [user, { role: "assistant", content: [{ type: "tool_use", id: "a" }] }] }),
      "messages.1.content.0.tool_use.name: Field required",
    ],
    ["a tool without a name", sent({ tools: [{}] }), "tools.0.name: Field required"],
  ])("is a 400 that names the member: %s", async (_title, body, message) => {
    const { status, text, headers } = await refusal(body);
    expect([status, headers.get("x-should-retry")]).toEqual([400, "false"]);
    expect(JSON.parse(text)).toEqual({
      type: "error",
      error: { type: "invalid_request_error", message: expect.stringContaining(message) },
      request_id: "req_simulated",
    });
  });

  const withoutResult =
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1";
  const withoutCall =
    "unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. Each `tool_result` block";

  test.each([
    ["a call that nothing follows", [user, asked], withoutResult],
    ["a call that a text follows", [user, asked, user], withoutResult],
    [
      "a text before the result",
      [user, asked, { role: "user", content: [{ type: "text", text: "Hm" }, result] }],
      withoutResult,
    ],
    ["a result of no call", [user, answered], `messages.1.content.0: ${withoutCall}`],
    [
      "a result that comes a turn late",
      [user, asked, answered, { role: "assistant", content: "Done." }, answered],
      `messages.4.content.0: ${withoutCall}`,
    ],
    [
      "a result that comes twice",
      [user, asked, { role: "user", content: [result, result] }],
      "messages.2.content.1: each tool_use must have a single result",
    ],
    [
      "two calls with one id",
      [user, { role: "assistant", content: [use, use] }, answered],
      "messages.1.content.1: `tool_use` ids must be unique",
    ],
    [
      "an id of an earlier turn",
      [user, asked, answered, asked, answered],
      "messages.3.content.0: `tool_use` ids must be unique",
    ],
    [
      "an id that is no plain word",
      [user, { role: "assistant", content: [{ ...use, id: "functions.find:0" }] }, answered],
      "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ],
    [
      "input that is no object",
      [user, { role: "assistant", content: [{ ...use, input: "{" }] }, answered],
      "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
    ],
    [
      "an empty message",
      [{ role: "user", content: [] }],
      "messages.0: all messages must have non-empty content",
    ],
    [
      "an empty text",
      [user, { role: "assistant", content: [{ type: "text", text: "" }] }, user],
      "messages: text content blocks must be non-empty",
    ],
  ])("is a 400 in its words for a broken history: %s", async (_title, messages, message) => {
    const { status, text } = await refusal(sent({ messages }));
    expect(status).toBe(400);
    expect(JSON.parse(text).error).toEqual({
      type: "invalid_request_error",
      message: expect.stringContaining(message),
    });
    expect((await refusal(sent({ messages }), false)).status).toBe(200);
  });

  test("is not one whose messages of one role stand in a row", async () => {
    const second = { ...use, id: "toolu_2" };
    const messages = [
      user,
      user,
      { role: "assistant", content: "I look." },
      { role: "assistant", content: [use, second] },
      answered,
      { role: "user", content: [{ ...result, tool_use_id: "toolu_2" }] },
    ];
    expect((await refusal(sent({ messages }))).status).toBe(200);
  });
});

test.each([
  [429, "rate_limit_error"],
  [500, "api_error"],
  [529, "overloaded_error"],
  [418, "invalid_request_error"],
])("a failure of status %i has the type %s", async (status, type) => {
  const model: ChatModel = {
    name: "failing",
    answer: () => ({ kind: "failure", status, error: { code: "odd", message: "No." } }),
  };
  const server = await serve({ models: () => model });
  const posted = await postTo(`${server.urlFor("", "anthropic")}/v1/messages`, sent());
  expect(posted.status).toBe(status);
  expect(JSON.parse(posted.text).error).toEqual({ type, message: "No." });
});
