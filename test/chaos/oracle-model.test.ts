import { expect, test } from "vitest";
import { oracleModel, readCallMark, type Action, type ChatMessage } from "../../src/chaos/door.ts";
import { answerOf, opening, playOut } from "./conversation.ts";

const actions: readonly Action[] = [
  { name: "find", arguments: { order: "A1" } },
  { name: "refund", arguments: { order: "A1", cents: 500 } },
  { name: "refund", arguments: { order: "A1", cents: 500 } },
  { name: "notify", arguments: { to: "ann" } },
];

function result(messages: readonly ChatMessage[], text = "ok"): ChatMessage[] {
  const last = messages.at(-1);
  if (last?.role !== "assistant") throw new Error("no call to answer");
  return last.toolCalls.map((call) => ({ role: "tool", callId: call.id, text }));
}

function turn(model: ReturnType<typeof oracleModel>, messages: readonly ChatMessage[]) {
  const answer = answerOf(model, messages);
  const toolCalls = answer.toolCalls ?? [];
  return [...messages, { role: "assistant" as const, text: answer.text ?? "", toolCalls }];
}

function firstId(key: string): string {
  const [call] = answerOf(oracleModel({ key, actions, finalText: "" }), [opening]).toolCalls ?? [];
  return call?.id ?? "";
}

test("plays the actions in order, one call a turn, and ends with the final text", () => {
  const played = playOut({
    model: oracleModel({ actions, finalText: "All done." }),
    actions,
    turnsMax: 20,
  });
  expect(played.turns).toBe(5);
  expect(played.performed.map((call) => [call.name, JSON.parse(call.argumentsText)])).toEqual(
    actions.map((action) => [action.name, action.arguments]),
  );
  expect(played.messages.at(-1)).toMatchObject({ role: "assistant", text: "All done." });
});

test("asks for as many actions in one turn as the batch holds", () => {
  const model = oracleModel({ actions, finalText: "Done.", batchSize: 3 });
  const played = playOut({ model, actions, turnsMax: 20 });
  expect(played.turns).toBe(3);
  expect(played.performed).toHaveLength(4);
});

test("does not advance before the result of its call arrived", () => {
  const model = oracleModel({ actions, finalText: "Done." });
  const asked = turn(model, [opening]);
  const again = answerOf(model, [...asked, { role: "user", text: "And?" }]);
  expect(again.toolCalls?.[0]).toMatchObject({ name: "find" });
  const stray: ChatMessage = { role: "tool", callId: "call_of_nobody", text: "ok" };
  expect(answerOf(model, [...asked, stray]).toolCalls?.[0]).toMatchObject({ name: "find" });
  const answered = [...asked, ...result(asked)];
  expect(answerOf(model, answered).toolCalls?.[0]).toMatchObject({ name: "refund" });
});

test("asks only for what is missing when part of a batch was answered", () => {
  const model = oracleModel({ actions, finalText: "Done.", batchSize: 2 });
  const asked = turn(model, [opening]);
  const [, second] = result(asked);
  if (second === undefined) throw new Error("a batch of two was expected");
  const due = answerOf(model, [...asked, second]).toolCalls ?? [];
  expect(due.map((call) => readCallMark("", call.id)?.index)).toEqual([0, 2]);
});

test("mints ids from the key, the action and the decision alone", () => {
  expect(firstId("run-1")).toBe(firstId("run-1"));
  expect(firstId("run-1")).not.toBe(firstId("run-2"));
  expect(firstId("run-1")).toMatch(/^call_[0-9a-z_]+$/);
  expect(firstId("run-1").length).toBeLessThanOrEqual(40);
});

test("gives every call of a run an id of its own", () => {
  const played = playOut({
    model: oracleModel({ actions, finalText: "" }),
    actions,
    turnsMax: 20,
  });
  const ids = played.messages.flatMap((message) =>
    message.role === "assistant" ? message.toolCalls.map((call) => call.id) : [],
  );
  expect(new Set(ids).size).toBe(4);
});

test("follows a client that renumbers ids, by name and arguments in order", () => {
  for (const batchSize of [1, 2, 4]) {
    const model = oracleModel({ actions, finalText: "Done.", batchSize });
    const renamed = playOut({
      model,
      actions,
      turnsMax: 20,
      // The same ids in every turn: unique within a message, as OpenAI requires, and no more.
      renameId: (_id, _turn, nth) => `tool_${nth}`,
    });
    expect(renamed.isFinished).toBe(true);
    expect(renamed.performed).toHaveLength(4);
  }
});

test("goes on where it was when a client drops old turns", () => {
  const model = oracleModel({ actions, finalText: "Done." });
  const { messages } = playOut({ model, actions, turnsMax: 20 });
  const third = messages.findIndex(
    (message) => message.role === "assistant" && message.toolCalls[0]?.name === "notify",
  );
  const compacted = [opening, ...messages.slice(third, third + 2)];
  expect(answerOf(model, compacted)).toMatchObject({ text: "Done." });
  expect(answerOf(model, [opening, ...messages.slice(third - 2, third)]).toolCalls?.[0]?.id).toBe(
    messages[third]?.role === "assistant" ? messages[third].toolCalls[0]?.id : "",
  );
});

test("tries a call again after a result that invites it, up to its limit", () => {
  const script = {
    actions: actions.slice(0, 2),
    finalText: "Done.",
    isRetryable: (text: string) => text === "timeout",
    attemptsMax: 3,
  };
  const results = ["timeout", "ok", "timeout", "timeout", "timeout"];
  const played = playOut({
    model: oracleModel(script),
    actions: script.actions,
    turnsMax: 20,
    resultOf: (_name, turn) => results[turn] ?? "ok",
  });
  expect(played.performed.map((call) => call.name)).toEqual([
    "find",
    "find",
    "refund",
    "refund",
    "refund",
  ]);
});

test("refuses a script without sense where it is made", () => {
  const script = { actions, finalText: "" };
  expect(() => oracleModel({ ...script, batchSize: 0 })).toThrow(
    "batchSize must be a whole number of at least 1.",
  );
  expect(() => oracleModel({ ...script, attemptsMax: 1.5 })).toThrow("attemptsMax");
  const notJson = [{ name: "find", arguments: { cents: Number.NaN } }];
  expect(() => oracleModel({ ...script, actions: notJson })).toThrow("JSON cannot hold");
});
