import { describe, expect, test } from "vitest";
import { type ScriptedStep, type ServedRequest, type WireServer } from "../../src/chaos/door.ts";
import { responseMemory } from "../../src/chaos/dialects/response-memory.ts";
import { askScript, greeter, namedEventsOf, postTo, serve, spoken, type Posted } from "./served.ts";

function sent(members: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: "any", input: "Hi", ...members };
}

async function ask(steps: readonly ScriptedStep[], body: unknown): Promise<Posted> {
  return askScript(steps, (server) => `${server.urlFor("r 1")}/responses`, body);
}

const id = expect.stringMatching(/^(resp|msg|fc)_[0-9a-f]{32}(_\d)?$/);
const textPart = {
  type: "output_text",
  text: "Let me look that up.",
  annotations: [],
  logprobs: [],
};

describe("a response in one piece", () => {
  test("has its text and its calls as items of their own, and its usage", async () => {
    const { status, text } = await ask([spoken], sent());
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      id,
      object: "response",
      created_at: 0,
      status: "completed",
      error: null,
      incomplete_details: null,
      model: "simulated/scripted",
      output: [
        { id, type: "message", status: "completed", role: "assistant", content: [textPart] },
        {
          id,
          type: "function_call",
          status: "completed",
          call_id: expect.stringMatching(/^call_0_/),
          name: "find",
          arguments: '{"order":"A1","why":"asked"}',
        },
        { id, type: "function_call", name: "list", arguments: "{}" },
      ],
      usage: { input_tokens: 1, output_tokens: 15, total_tokens: 16 },
    });
  });

  test.each([
    ["length", "max_output_tokens"],
    ["content_filter", "content_filter"],
  ] as const)("is incomplete for %s, whole and streamed", async (finishReason, reason) => {
    const steps = [{ text: "Well", call: { name: "find", argumentsText: '{"a' }, finishReason }];
    const whole = JSON.parse((await ask(steps, sent())).text);
    expect(whole).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason },
      output: [{ status: "completed" }, { status: "incomplete", arguments: '{"a' }],
    });
    const last = namedEventsOf((await ask(steps, sent({ stream: true }))).text).at(-1);
    expect(last).toEqual({
      event: "response.incomplete",
      data: { type: "response.incomplete", sequence_number: expect.any(Number), response: whole },
    });
  });
});

describe("a streamed response", () => {
  test("is numbered events that build the items and end with all of it", async () => {
    const { text } = await ask([spoken], sent({ stream: true }));
    const events = namedEventsOf(text);
    expect(text).not.toContain("[DONE]");
    expect(events.every(({ event, data }) => data.type === event)).toBe(true);
    expect(events.map(({ data }) => data.sequence_number)).toEqual([...events.keys()]);
    const order = events.map(({ data }) =>
      `${data.type.replace("response.", "")} ${data.output_index ?? ""}`.trim(),
    );
    const call = (index: number): string[] => [
      `output_item.added ${index}`,
      `function_call_arguments.delta ${index}`,
      `function_call_arguments.done ${index}`,
      `output_item.done ${index}`,
    ];
    expect(order.filter((line, index) => line !== order[index - 1])).toEqual([
      "created",
      "in_progress",
      "output_item.added 0",
      "content_part.added 0",
      "output_text.delta 0",
      "output_text.done 0",
      "content_part.done 0",
      "output_item.done 0",
      ...call(1),
      ...call(2),
      "completed",
    ]);
    const deltasOf = (index: number): string[] =>
      events
        .filter(({ data }) => data.output_index === index && data.type.endsWith(".delta"))
        .map(({ data }) => data.delta);
    expect(deltasOf(0).join("")).toBe("Let me look that up.");
    expect(deltasOf(1).join("")).toBe('{"order":"A1","why":"asked"}');
    for (const index of [0, 1]) expect(deltasOf(index).length).toBeGreaterThanOrEqual(2);
    expect(events[0]?.data.response).toMatchObject({ status: "in_progress", output: [] });
    const { response } = events.at(-1)?.data ?? {};
    expect(response).toEqual(JSON.parse((await ask([spoken], sent())).text));
    const done = events.filter(({ data }) => data.type === "response.output_item.done");
    expect(done.map(({ data }) => data.item)).toEqual(response.output);
  });
});

async function served(): Promise<{ readonly server: WireServer; readonly seen: ServedRequest[] }> {
  const seen: ServedRequest[] = [];
  const server = await serve({
    models: () => greeter,
    onRequest: (request) => seen.push(request),
  });
  return { server, seen };
}

describe("what a model sees of a request", () => {
  test("is the instructions, each text, and the calls of one answer in one message", async () => {
    const { server, seen } = await served();
    const input = [
      { role: "user", content: [{ type: "input_text", text: "Look" }, { type: "input_image" }] },
      { type: "reasoning", id: "rs_1", summary: [] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "I look." }] },
      { type: "function_call", call_id: "c1", name: "find", arguments: '{"a":1}' },
      { type: "function_call", call_id: "c2", name: "list", arguments: "{" },
      { type: "function_call_output", call_id: "c2", output: "two" },
      {
        type: "function_call_output",
        call_id: "c1",
        output: [{ type: "input_text", text: "one" }],
      },
    ];
    const tools = [
      { type: "function", name: "find", parameters: { type: "object" } },
      { type: "web_search" },
    ];
    const body = sent({ input, tools, instructions: "Be brief." });
    expect((await postTo(`${server.urlFor("k")}/responses`, body)).status).toBe(200);
    expect(seen).toMatchObject([{ runKey: "k", dialect: "openai-responses" }]);
    expect(seen[0]?.request).toMatchObject({
      messages: [
        { role: "system", text: "Be brief." },
        { role: "user", text: "Look" },
        {
          role: "assistant",
          text: "I look.",
          toolCalls: [
            { id: "c1", name: "find", argumentsText: '{"a":1}' },
            { id: "c2", name: "list", argumentsText: "{" },
          ],
        },
        { role: "tool", callId: "c2", text: "two" },
        { role: "tool", callId: "c1", text: "one" },
      ],
      tools: [{ name: "find", parameters: { type: "object" } }],
    });
  });
});

describe("what was stored", () => {
  test("is gone on from by a response's id, without its instructions", async () => {
    const { server, seen } = await served();
    const url = `${server.urlFor("k")}/responses`;
    const first = JSON.parse((await postTo(url, sent({ instructions: "Be brief." }))).text);
    const next = sent({
      input: "And?",
      previous_response_id: first.id,
      instructions: "Be kind.",
      stream: true,
    });
    expect((await postTo(url, next)).text).toContain(`"previous_response_id":"${first.id}"`);
    expect(seen[1]?.request.messages).toMatchObject([
      { role: "system", text: "Be kind." },
      { role: "user", text: "Hi" },
      { role: "assistant", text: "Fine." },
      { role: "user", text: "And?" },
    ]);
  });

  test("is referred to by an item's id", async () => {
    const { server, seen } = await served();
    const url = `${server.urlFor("k")}/responses`;
    const first = JSON.parse((await postTo(url, sent())).text);
    const input = [
      { role: "user", content: "Hi" },
      { type: "item_reference", id: first.output[0].id },
      { role: "user", content: "And?" },
    ];
    expect((await postTo(url, sent({ input }))).status).toBe(200);
    expect(seen[1]?.request.messages[1]).toEqual({
      role: "assistant",
      text: "Fine.",
      toolCalls: [],
    });
  });

  test("is unknown to another run, after store false, and where it never was", async () => {
    const { server } = await served();
    const kept = JSON.parse((await postTo(`${server.urlFor("a")}/responses`, sent())).text);
    const dropped = JSON.parse(
      (await postTo(`${server.urlFor("b")}/responses`, sent({ store: false }))).text,
    );
    expect(dropped.store).toBe(false);
    for (const previous of [kept.id, dropped.id, "resp_none"]) {
      const body = sent({ previous_response_id: previous });
      const { status, text } = await postTo(`${server.urlFor("b")}/responses`, body);
      expect(status).toBe(400);
      expect(JSON.parse(text).error).toMatchObject({
        message: `Previous response with id '${previous}' not found.`,
        code: "previous_response_not_found",
        param: "previous_response_id",
      });
      const input = [{ type: "item_reference", id: previous }];
      const referred = await postTo(`${server.urlFor("b")}/responses`, sent({ input }));
      expect(referred.status).toBe(404);
      expect(JSON.parse(referred.text).error.message).toContain(
        `Item with id '${previous}' not found.`,
      );
    }
  });

  test("is forgotten, the oldest first, when all of it together grows too large", () => {
    const memory = responseMemory(250);
    const keep = (id: string): void =>
      memory.keep("k", {
        id,
        messages: [{ role: "user", text: "x".repeat(100) }],
        items: new Map([[`${id} item`, { type: "message" }]]),
      });
    for (const id of ["a", "b", "b", "c"]) keep(id);
    const known = (id: string): boolean => memory.of("k").conversation(id) !== undefined;
    expect(["a", "b", "c"].map(known)).toEqual([false, true, true]);
    expect(memory.of("k").item("a item")).toBeUndefined();
    expect(memory.of("k").item("b item")).toEqual({ type: "message" });
  });
});

describe("a request that OpenAI refuses", () => {
  const user = { role: "user", content: "Hi" };
  const call = { type: "function_call", call_id: "c1", name: "find", arguments: "{}" };
  const output = { type: "function_call_output", call_id: "c1", output: "ok" };

  test.each([
    ["no model", { input: "Hi" }, "model"],
    ["no input", { model: "m" }, "input"],
    ["an empty input", sent({ input: [] }), "input"],
    ["an odd role", sent({ input: [user, { role: "robot", content: "" }] }), "input[1].role"],
    ["no content", sent({ input: [{ role: "user" }] }), "input[0].content"],
    [
      "arguments that are no text",
      sent({ input: [{ ...call, arguments: {} }] }),
      "input[0].arguments",
    ],
    ["an output without an id", sent({ input: [{ ...output, call_id: 1 }] }), "input[0].call_id"],
    ["a tool without a name", sent({ tools: [{ type: "function" }] }), "tools[0].name"],
  ])("is a 400 that names the member: %s", async (_title, body, param) => {
    const { server } = await served();
    const { status, text } = await postTo(`${server.urlFor("r")}/responses`, body);
    expect(status).toBe(400);
    expect(JSON.parse(text).error).toMatchObject({ type: "invalid_request_error", param });
  });

  test.each([
    ["a call without an output", [user, call], "No tool output found for function call c1."],
    [
      "an output without a call",
      [user, output],
      "No tool call found for function call output with call_id c1.",
    ],
  ])("is a 400 in its words for a broken history: %s", async (_title, input, message) => {
    const strict = await serve({ models: () => greeter });
    const { status, text } = await postTo(`${strict.urlFor("r")}/responses`, sent({ input }));
    expect(status).toBe(400);
    expect(JSON.parse(text).error).toMatchObject({
      message,
      type: "invalid_request_error",
      param: "input",
    });
    const lax = await serve({ models: () => greeter, checksHistory: false });
    expect((await postTo(`${lax.urlFor("r")}/responses`, sent({ input }))).status).toBe(200);
  });

  test("is not one whose output comes later than the next item", async () => {
    const { server } = await served();
    const input = [user, call, { role: "user", content: "And?" }, output];
    expect((await postTo(`${server.urlFor("r")}/responses`, sent({ input }))).status).toBe(200);
  });
});
