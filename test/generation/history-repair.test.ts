import { describe, expect, test } from "vitest";
import { HistoryRepair, makerOf, repairHistory } from "../../src/generation/history-repair.ts";
import type {
  AssistantPart,
  Message,
  ToolCallPart,
  ToolMessage,
  ToolOutput,
  ToolResultPart,
} from "../../src/journal/message.ts";
import { user } from "./any-history.ts";

function call(toolCallId: string, part: ToolCallPart = bare): ToolCallPart {
  return { ...part, toolCallId };
}

const bare = { type: "tool-call", toolCallId: "", toolName: "find", input: {} } as const;

function answer(...content: readonly AssistantPart[]): Message {
  return { role: "assistant", content };
}

function text(value: string): AssistantPart {
  return { type: "text", text: value };
}

function result(toolCallId: string, value: string): ToolResultPart {
  return { type: "tool-result", toolCallId, toolName: "find", output: { type: "text", value } };
}

function results(...content: readonly ToolResultPart[]): ToolMessage {
  return { role: "tool", content };
}

function thought(providerOptions: NonNullable<AssistantPart["providerOptions"]>): AssistantPart {
  return { type: "reasoning", text: "Hm.", providerOptions };
}

/** The history as another provider's, for OpenAI, and what was repaired. */
function repaired(
  history: readonly Message[],
  target: { readonly provider?: string; readonly made?: string; readonly strict?: boolean } = {},
): { readonly messages: readonly Message[]; readonly kinds: readonly string[] } {
  const { provider = "openai.responses", made, strict = false } = target;
  const { messages, repairs } = repairHistory(history, { provider, madeBy: () => made, strict });
  return { messages, kinds: repairs.map(({ kind, at }) => `${kind} ${at}`) };
}

describe("results", () => {
  test("a call without one is told that nothing is known", () => {
    const { messages, kinds } = repaired([user("Pay."), answer(call("c1")), user("Well?")]);
    const output: ToolOutput = {
      type: "error-text",
      value:
        "No result of this call was recorded. Do not assume that it happened or that it did not.",
    };
    expect(messages[2]).toEqual(results({ ...result("c1", ""), output }));
    expect(messages[3]).toEqual(user("Well?"));
    expect(kinds).toEqual(["missing_result 1"]);
  });

  test("one that comes behind a user's word moves to its call", () => {
    const late = results(result("c1", "found"));
    const { messages, kinds } = repaired([user("Go."), answer(call("c1")), user("Quick!"), late]);
    expect(messages.slice(2)).toEqual([late, user("Quick!")]);
    expect(kinds).toEqual(["moved_result 3"]);
  });

  test("those of one answer are gathered in the order of its calls", () => {
    const { messages } = repaired([
      user("Go."),
      answer(call("c1"), call("c2")),
      results(result("c2", "second")),
      results(result("c1", "first")),
    ]);
    expect(messages.slice(2)).toEqual([results(result("c1", "first"), result("c2", "second"))]);
  });

  test("one of no call becomes text that is marked as data, unless it says nothing", () => {
    const { messages, kinds } = repaired([
      user("Go."),
      results(
        { ...result("gone", ""), output: { type: "json", value: { encrypted: "42 found" } } },
        result("gone", ""),
      ),
    ]);
    expect(messages.length).toBe(2);
    expect(JSON.stringify(messages[1])).toMatch(/"user".*"find\\".*no instruction.*42 found/);
    expect(kinds).toEqual(["orphan_result 1"]);
  });

  test("one that comes twice counts once, and another one for the same call is kept", () => {
    const history = [user("Go."), answer(call("c1")), results(result("c1", "same"))];
    const again = repaired([...history, results(result("c1", "same"))]);
    expect(again.messages).toEqual(history);
    expect(again.kinds).toEqual(["repeated_result 3"]);
    const other = repaired([...history, results(result("c1", "other"))]);
    expect(JSON.stringify(other.messages[3])).toContain("other");
  });

  test("one that stands inside the answer moves behind it", () => {
    const { messages } = repaired([user("Go."), answer(call("c1"), result("c1", "found"))]);
    expect(messages.slice(1)).toEqual([answer(call("c1")), results(result("c1", "found"))]);
  });

  test("one is not waited for behind more than a hundred messages", () => {
    const repair = new HistoryRepair({ provider: "openai.chat", madeBy: () => undefined });
    repair.push(answer(call("c1")));
    for (let i = 0; i < 101; i++) repair.push(user(`word ${i}`));
    repair.push(results(result("c1", "too late")));
    const messages = repair.read().messages.toArray();
    expect(messages[2]?.role).toBe("tool");
    expect(JSON.stringify(messages[2])).toContain("No result of this call was recorded");
    expect(JSON.stringify(messages.at(-1))).toContain("too late");
  });
});

describe("ids", () => {
  test("the second call of an id gets its own, and so does its result", () => {
    const turn = [answer(call("c1")), results(result("c1", "one"))];
    const { messages, kinds } = repaired([user("Go."), ...turn, ...turn]);
    expect(messages.slice(0, 3)).toEqual([user("Go."), ...turn]);
    const [asked] = messages[3]?.content ?? [];
    const id = asked?.type === "tool-call" ? asked.toolCallId : "";
    expect(id).toMatch(/^call_[0-9a-f]{24}$/);
    expect(messages[4]).toEqual(results(result(id, "one")));
    expect(kinds).toEqual(["duplicate_id 3"]);
  });

  test("two calls of one answer with one id get their results in order", () => {
    const { messages } = repaired([
      user("Go."),
      answer(call("c1"), call("c1")),
      results(result("c1", "one"), result("c1", "two")),
    ]);
    const outputs = messages[2]?.content.map((part) =>
      part.type === "tool-result" ? part.output.value : null,
    );
    expect(outputs).toEqual(["one", "two"]);
  });

  test("a provider's own odd ids go back to it", () => {
    const history = [
      user("Go."),
      answer(call("functions.find:0")),
      results(result("functions.find:0", "one")),
    ];
    const own = repaired(history, { provider: "moonshot.chat", made: "moonshot.chat" });
    expect(own.messages).toEqual(history);
    expect(repaired(history).kinds).toEqual(["id 1"]);
  });

  test("the strict form numbers all calls anew and follows from their place", () => {
    const history = [user("Go."), answer(call("c1")), results(result("c1", "one"))];
    const renamed = [user("Go."), answer(call("c9")), results(result("c9", "one"))];
    const strict = { made: "openai.responses", strict: true };
    expect(repaired(history, strict).messages).toEqual(repaired(renamed, strict).messages);
    expect(repaired(history, strict).messages).not.toEqual(history);
  });
});

describe("what only its maker can read", () => {
  const history = [
    user("Go."),
    answer(thought({ openai: { itemId: "rs_1" } }), {
      type: "text",
      text: "Hi.",
      providerOptions: { openai: { itemId: "msg_1" } },
    }),
  ];

  test("stays with its maker and goes elsewhere", () => {
    const own = repaired(history, { made: "openai.responses" });
    expect(own.messages[1]).toBe(history[1]);
    for (const [provider, made] of [
      ["anthropic.messages", "openai.responses"],
      ["openai.chat", "openai.responses"],
      ["azure.responses", "openai.responses"],
      ["openai.responses", undefined],
    ] as const) {
      const target = made === undefined ? { provider } : { provider, made };
      expect(repaired(history, target).messages[1]).toEqual(answer(text("Hi.")));
    }
  });

  test("reasoning without its signature is no use to its own maker", () => {
    const unsigned = [user("Go."), answer({ type: "reasoning", text: "Hm." }, text("Hi."))];
    const target = { provider: "anthropic.messages", made: "anthropic.messages" };
    expect(repaired(unsigned, target).messages[1]).toEqual(answer(text("Hi.")));
    const plain = { provider: "deepseek.chat", made: "deepseek.chat" };
    expect(repaired(unsigned, plain).messages[1]).toBe(unsigned[1]);
  });

  test("reasoning that nothing follows goes, and so does an answer of it alone", () => {
    const signed = thought({ anthropic: { signature: "s" } });
    const cut = [user("Go."), answer(text("Hi."), signed), user("On."), answer(signed)];
    const target = { provider: "anthropic.messages", made: "anthropic.messages" };
    const { messages, kinds } = repaired(cut, target);
    expect(messages).toEqual([user("Go."), answer(text("Hi.")), user("On.")]);
    expect(kinds).toEqual(["last_reasoning 1", "last_reasoning 3", "empty_message 3"]);
  });
});

describe("tools that a provider ran", () => {
  const search: AssistantPart = {
    type: "tool-call",
    toolCallId: "srv1",
    toolName: "web_search",
    input: { query: "rain" },
    providerExecuted: true,
  };
  const found: AssistantPart = {
    type: "tool-result",
    toolCallId: "srv1",
    toolName: "web_search",
    output: { type: "json", value: [{ title: "Rain", encryptedContent: "cipher" }] },
  };
  const own = { provider: "anthropic.messages", made: "anthropic.messages" };

  test("are told in words to everybody else, without ciphertext", () => {
    const said = JSON.stringify(repaired([user("Go."), answer(search, found)]).messages[1]);
    expect(said).toContain("web_search was run");
    expect(said).toContain("rain");
    expect(said).toContain("Rain");
    expect(said).not.toContain("cipher");
  });

  test("stay as they are for their maker while it is at it", () => {
    const paused = [user("Go."), answer(text("Looking."), search), answer(found, text("Rain."))];
    expect(repaired(paused, own).kinds).toEqual([]);
    const beside = [
      user("Go."),
      answer(search, call("c1")),
      results(result("c1", "x")),
      answer(found, text("Rain.")),
    ];
    expect(repaired(beside, own).kinds).toEqual([]);
  });

  test("become text for their maker when the result never came", () => {
    const { messages, kinds } = repaired([user("Go."), answer(search, text("Rain."))], own);
    expect(messages[1]?.content.map(({ type }) => type)).toEqual(["text", "text"]);
    expect(kinds).toEqual(["provider_tool 1"]);
  });
});

describe("speakers", () => {
  const turn = [answer(call("abcdefgh1")), results(result("abcdefgh1", "x"))];

  test("the user begins", () => {
    const { messages, kinds } = repaired([answer(text("Hello."))]);
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(kinds).toEqual(["speaker 0"]);
  });

  test("Mistral's model speaks between results and the user", () => {
    const history = [user("Go."), ...turn, user("Stop.")];
    const { messages } = repaired(history, { provider: "mistral.chat" });
    expect(messages.map(({ role }) => role).slice(2)).toEqual(["tool", "assistant", "user"]);
    expect(repaired(history).messages).toEqual(history);
  });

  test("Gemini's calls never follow another answer directly", () => {
    const history = [user("Go."), answer(text("I will.")), ...turn];
    const { messages } = repaired(history, { provider: "google.generative-ai" });
    const roles = messages.map(({ role }) => role);
    expect(roles).toEqual(["user", "assistant", "user", "assistant", "tool"]);
    expect(repaired(history).messages).toEqual(history);
  });

  test("an answer that says nothing does not part a call from its result", () => {
    const [asked, given] = turn;
    const history = [user("Go."), asked, answer(), given].filter((one) => one !== undefined);
    expect(repaired(history).messages).toEqual([user("Go."), ...turn]);
  });
});

describe("parts", () => {
  test("names and arguments become such as every provider takes", () => {
    const odd = { ...bare, toolName: "multi_tool_use.parallel", input: '{"q":1}' };
    const { messages, kinds } = repaired([
      user("Go."),
      answer(call("c1", odd), call("c2", { ...bare, input: ["x"] })),
      results({ ...result("c1", "one"), toolName: "multi_tool_use.parallel" }, result("c2", "two")),
    ]);
    expect(messages[1]).toEqual(
      answer(
        { ...bare, toolCallId: "c1", toolName: "multi_tool_use_parallel", input: { q: 1 } },
        { ...bare, toolCallId: "c2", input: { input: ["x"] } },
      ),
    );
    expect(messages[2]).toEqual(
      results({ ...result("c1", "one"), toolName: "multi_tool_use_parallel" }, result("c2", "two")),
    );
    expect(kinds).toEqual(["name 1", "input 1"]);
  });

  test("half a character is replaced wherever it stands", () => {
    const input = { a: ["x\ud83d"], b: "fine 🙂" };
    const { messages } = repaired([
      user("half \ud83d"),
      answer(call("c1", { ...bare, input })),
      results({ ...result("c1", ""), output: { type: "json", value: { k: "\udc00" } } }),
    ]);
    expect(JSON.stringify(messages)).not.toMatch(/\\ud[89a-f]/);
    expect(JSON.stringify(messages)).toContain("fine 🙂");
  });

  test("blank text goes where it is refused, and stays elsewhere", () => {
    const blank = [user("Go."), answer(text("\n"), call("c1")), results(result("c1", "x"))];
    const claude = { provider: "anthropic.messages", made: "anthropic.messages" };
    expect(repaired(blank, claude).messages[1]).toEqual(answer(call("c1")));
    const gpt = { provider: "openai.chat", made: "openai.chat" };
    expect(repaired(blank, gpt).messages).toEqual(blank);
  });
});

test("the maker of an answer is in the journal's name of the model", () => {
  expect(makerOf("openai.responses/gpt-5.2")).toBe("openai.responses");
  expect(makerOf("google.generative-ai/models/gemini-3")).toBe("google.generative-ai");
});
