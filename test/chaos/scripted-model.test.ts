import { expect, test } from "vitest";
import { scriptedModel, type ChatMessage } from "../../src/chaos/door.ts";
import { ask, opening } from "./conversation.ts";

const said: ChatMessage = { role: "assistant", text: "Hello.", toolCalls: [] };

test("answers by position, which is the number of assistant messages", () => {
  const model = scriptedModel([
    { text: "Hello." },
    { call: { name: "find", arguments: { id: 1 } } },
    {
      text: "Both.",
      calls: [
        { name: "a", argumentsText: "{oops" },
        { name: "b", id: "mine" },
      ],
    },
  ]);
  expect(model.answer(ask([opening]))).toEqual({
    kind: "answer",
    text: "Hello.",
    finishReason: "stop",
  });
  const second = ask([opening, said]);
  expect(model.answer(second)).toEqual(model.answer(second));
  expect(model.answer(second)).toMatchObject({
    toolCalls: [{ name: "find", argumentsText: '{"id":1}' }],
    finishReason: "tool_calls",
  });
  expect(model.answer(ask([opening, said, said]))).toMatchObject({
    text: "Both.",
    toolCalls: [
      { name: "a", argumentsText: "{oops" },
      { id: "mine", name: "b", argumentsText: "{}" },
    ],
  });
  expect(() => model.assertComplete()).not.toThrow();
});

test("refuses a request past its end, for good, and tells of it", () => {
  const model = scriptedModel([{ text: "Hello." }]);
  model.answer(ask([opening]));
  const reply = model.answer(ask([opening, said]));
  expect(reply).toMatchObject({ kind: "failure", status: 400 });
  expect(JSON.stringify(reply)).toContain("there is no step 1; the script answers 1 request.");
  expect(() => model.assertComplete()).toThrow("Unexpected: there is no step 1");
});

test("refuses a request that its step does not expect", () => {
  const model = scriptedModel([
    { expect: (request) => request.messages[0]?.text === "Hi", text: "Hello." },
  ]);
  expect(model.answer(ask([opening]))).toMatchObject({ kind: "failure", status: 400 });
  expect(() => model.assertComplete()).toThrow("not what the step expects");
});

test("lists the steps that nobody asked for", () => {
  const model = scriptedModel([
    { text: "Hello." },
    { fail: { status: 500, body: "down" } },
    { text: "Bye." },
  ]);
  expect(() => model.assertComplete()).toThrow(
    "Step 0 was not asked for. Step 1 has 1 failure(s) not sent. Step 1 was not asked for.",
  );
});

test("sends a failure once, then the answer that follows it, to the same conversation", () => {
  const model = scriptedModel([
    { fail: { status: 429, body: "slow", headers: { "retry-after": "1" } } },
    { fail: { status: 503, body: { error: null } } },
    { text: "Hello." },
  ]);
  const statuses = [1, 2, 3, 4].map(() => {
    const reply = model.answer(ask([opening]));
    return reply.kind === "failure" ? reply.status : 200;
  });
  expect(statuses).toEqual([429, 503, 200, 200]);
  expect(() => model.assertComplete()).not.toThrow();
});

test("tells a limited number of unexpected requests in full", () => {
  const model = scriptedModel([]);
  for (let i = 0; i < 25; i++) model.answer(ask([opening]));
  expect(() => model.assertComplete()).toThrow("And 5 more unexpected requests.");
});
