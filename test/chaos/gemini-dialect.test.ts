import { describe, expect, test } from "vitest";
import { type ScriptedStep, type ServedRequest } from "../../src/chaos/door.ts";
import { askScript, greeter, namedEventsOf, postTo, serve, spoken, type Posted } from "./served.ts";

const user = { role: "user", parts: [{ text: "Hi" }] };
const whole = "/models/any:generateContent";
const streamed = "/models/any:streamGenerateContent?alt=sse";

async function ask(steps: readonly ScriptedStep[], path: string): Promise<Posted> {
  return askScript(steps, (server) => `${server.urlFor("r 1", "gemini")}${path}`, {
    contents: [user],
  });
}

const callId = expect.stringMatching(/^call_0_[0-9a-f]{16}$/);
const calls = [
  { functionCall: { id: callId, name: "find", args: { order: "A1", why: "asked" } } },
  { functionCall: { id: callId, name: "list", args: {} } },
];
const usage = { promptTokenCount: 1, candidatesTokenCount: 15, totalTokenCount: 16 };

describe("an answer in one piece", () => {
  test("has its text and calls as parts, and its usage", async () => {
    const { status, text } = await ask([spoken], whole);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      candidates: [
        {
          content: { parts: [{ text: "Let me look that up." }, ...calls], role: "model" },
          finishReason: "STOP",
          index: 0,
        },
      ],
      usageMetadata: usage,
      modelVersion: "simulated/scripted",
      responseId: expect.stringMatching(/^simulated-[0-9a-f]{8}-1$/),
    });
  });

  test.each([
    ["stop", "STOP"],
    ["length", "MAX_TOKENS"],
    ["content_filter", "SAFETY"],
  ] as const)("says %s as %s, whole and streamed", async (finishReason, wanted) => {
    const body = JSON.parse((await ask([{ text: "", finishReason }], whole)).text);
    expect(body.candidates[0]).toMatchObject({ content: { role: "model" }, finishReason: wanted });
    const events = namedEventsOf((await ask([{ text: "Well", finishReason }], streamed)).text);
    expect(events.map(({ data }) => data.candidates[0].finishReason)).toEqual([
      undefined,
      undefined,
      wanted,
    ]);
  });
});

describe("a streamed answer", () => {
  test("is bodies with one part each; the last has the finish and the whole usage", async () => {
    const { headers, text } = await ask([spoken], streamed);
    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = namedEventsOf(text);
    expect(events.every(({ event }) => event === undefined)).toBe(true);
    const parts = events.flatMap(({ data }) => data.candidates[0].content.parts);
    expect(parts.length).toBe(events.length);
    const texts = parts.slice(0, -1).flatMap((part) => part.text ?? []);
    expect(texts.length).toBeGreaterThanOrEqual(2);
    expect(texts.join("")).toBe("Let me look that up.");
    expect(parts.filter((part) => part.functionCall !== undefined)).toEqual(calls);
    expect(events.at(-1)?.data.usageMetadata).toEqual(usage);
    expect(events[0]?.data.usageMetadata).toEqual({ promptTokenCount: 1, totalTokenCount: 1 });
    expect(text).not.toContain("[DONE]");
  });
});

describe("the address", () => {
  test.each([
    "/v1beta/models/gemini-3-pro:generateContent",
    "/v1/models/gemini-3-pro:generateContent",
    "/v1alpha/models/gemini-3-pro%3AgenerateContent",
    "/v1beta/tunedModels/gemini-3-pro:generateContent?key=simulated",
  ])("names the model: %s", async (path) => {
    const seen: ServedRequest[] = [];
    const server = await serve({ models: () => greeter, onRequest: (it) => seen.push(it) });
    const { status } = await postTo(`${server.urlFor("k", "google-genai")}${path}`, {
      contents: user,
    });
    expect(status).toBe(200);
    expect(seen).toMatchObject([
      { runKey: "k", dialect: "gemini", request: { model: "gemini-3-pro", stream: false } },
    ]);
  });

  test("of a stream asks for server-sent events", async () => {
    const { status, text } = await ask([spoken], "/models/any:streamGenerateContent");
    expect([status, JSON.parse(text).error.message]).toEqual([
      400,
      "This server streams with alt=sse only.",
    ]);
  });
});

function call(name: string, id?: string): object {
  return { functionCall: { name, args: { n: name.length }, ...(id === undefined ? {} : { id }) } };
}

function answer(name: string, result: unknown, id?: string): object {
  const response = { result };
  return { functionResponse: { name, response, ...(id === undefined ? {} : { id }) } };
}

async function messagesOf(body: object): Promise<ServedRequest["request"]> {
  const seen: ServedRequest[] = [];
  const server = await serve({ models: () => greeter, onRequest: (it) => seen.push(it) });
  const { status, text } = await postTo(`${server.urlFor("k", "gemini")}${whole}`, body);
  if (status !== 200) throw new Error(text);
  const [served] = seen;
  if (served === undefined) throw new Error("no model was asked");
  return served.request;
}

describe("what a model sees of a request", () => {
  test("is the system text, the turns without thoughts, and the declared tools", async () => {
    const declaration = { name: "find", parameters: { type: "OBJECT" } };
    const schema = { name: "list", parametersJsonSchema: { type: "object" } };
    const request = await messagesOf({
      system_instruction: { parts: [{ text: "Be " }, { text: "brief." }] },
      contents: [
        user,
        {
          role: "model",
          parts: [{ text: "Hm.", thought: true }, { text: "Yes?" }],
        },
        { parts: [{ text: "And?" }, { inlineData: {} }] },
      ],
      tools: [{ functionDeclarations: [declaration, schema] }, { googleSearch: {} }],
    });
    expect(request.messages).toEqual([
      { role: "system", text: "Be brief." },
      { role: "user", text: "Hi" },
      { role: "assistant", text: "Yes?", toolCalls: [] },
      { role: "user", text: "And?" },
    ]);
    expect(request.tools).toEqual([
      { name: "find", parameters: { type: "OBJECT" } },
      { name: "list", parameters: { type: "object" } },
    ]);
  });

  test("has results by the ids that the client gives back, in any order", async () => {
    const { messages } = await messagesOf({
      contents: [
        user,
        { role: "model", parts: [call("find", "a"), call("find", "b")] },
        { role: "user", parts: [answer("find", "two", "b"), answer("find", "one", "a")] },
      ],
    });
    expect(messages.slice(1)).toMatchObject([
      { role: "assistant", toolCalls: [{ id: "a", argumentsText: '{"n":4}' }, { id: "b" }] },
      { role: "tool", callId: "b", text: "two" },
      { role: "tool", callId: "a", text: "one" },
    ]);
  });

  test("has results by name and then by order where there are no ids", async () => {
    const contents = [
      user,
      { role: "model", parts: [call("find"), call("list"), call("find"), call("odd")] },
      {
        role: "function",
        parts: [
          answer("list", "l"),
          answer("find", "f1"),
          answer("find", { n: 2 }),
          answer("x", "o"),
        ],
      },
    ];
    const { messages } = await messagesOf({ contents });
    const asked = messages.find((message) => message.role === "assistant");
    const ids = asked?.toolCalls.map((call) => call.id) ?? [];
    expect(new Set(ids).size).toBe(4);
    expect(messages.slice(2)).toEqual([
      { role: "tool", callId: ids[1], text: "l" },
      { role: "tool", callId: ids[0], text: "f1" },
      { role: "tool", callId: ids[2], text: '{"result":{"n":2}}' },
      { role: "tool", callId: ids[3], text: "o" },
    ]);
    expect((await messagesOf({ contents })).messages).toEqual(messages);
  });
});

describe("a request that Google refuses", () => {
  const counts = "Please ensure that the number of function response parts is equal to the number";

  async function refusal(contents: unknown, checksHistory = true): Promise<Posted> {
    const server = await serve({ models: () => greeter, checksHistory });
    return postTo(`${server.urlFor("", "gemini")}${whole}`, { contents });
  }

  test.each([
    ["no contents", undefined, "contents is not specified"],
    ["no parts", [{ role: "user" }], "contents.parts must not be empty."],
    ["an odd role", [{ role: "assistant", parts: [{ text: "Hi" }] }], "Please use a valid role"],
  ])("is a 400 that says so: %s", async (_title, contents, message) => {
    const { status, text } = await refusal(contents);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      error: { code: 400, message: expect.stringContaining(message), status: "INVALID_ARGUMENT" },
    });
  });

  test.each([
    ["calls that nothing follows", [user, { role: "model", parts: [call("find")] }], counts],
    [
      "fewer responses than calls",
      [
        user,
        { role: "model", parts: [call("find"), call("find")] },
        { role: "user", parts: [answer("find", "ok")] },
      ],
      counts,
    ],
    [
      "responses in turns of their own",
      [
        user,
        { role: "model", parts: [call("find"), call("find")] },
        { role: "user", parts: [answer("find", "ok")] },
        { role: "user", parts: [answer("find", "ok")] },
      ],
      counts,
    ],
    [
      "responses without calls",
      [user, { role: "user", parts: [answer("find", "ok")] }],
      "Please ensure that function response turn comes immediately after a function call turn.",
    ],
    [
      "calls after an answer",
      [
        user,
        { role: "model", parts: [{ text: "Well." }] },
        { role: "model", parts: [call("find")] },
        { role: "user", parts: [answer("find", "ok")] },
      ],
      "Please ensure that function call turn comes immediately after a user turn",
    ],
  ])("is a 400 in its words for a broken history: %s", async (_title, contents, message) => {
    const { status, text } = await refusal(contents);
    expect(status).toBe(400);
    expect(JSON.parse(text).error).toEqual({
      code: 400,
      message: expect.stringContaining(message),
      status: "INVALID_ARGUMENT",
    });
    expect((await refusal(contents, false)).status).toBe(200);
  });
});
