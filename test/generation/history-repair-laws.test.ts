import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  HistoryRepair,
  repairHistory,
  type RepairTarget,
} from "../../src/generation/history-repair.ts";
import type { AssistantPart, Message, ToolResultPart } from "../../src/journal/message.ts";
import { isJsonObject } from "../../src/std/json.ts";
import { anyHistory, PROVIDERS, soundHistory, user, type ProviderName } from "./any-history.ts";

const anyTarget: fc.Arbitrary<RepairTarget> = fc
  .tuple(
    fc.constantFrom(...PROVIDERS),
    fc.array(fc.constantFrom(undefined, ...PROVIDERS), { minLength: 1, maxLength: 3 }),
    fc.boolean(),
  )
  .map(([provider, makers, strict]) => {
    return { provider, madeBy: (index) => makers[index % makers.length], strict };
  });

const RUNS = { numRuns: 500 };
const ID_RULES: Readonly<Record<ProviderName, RegExp>> = {
  openai: /^[^]{1,64}$/,
  anthropic: /^[a-zA-Z0-9_-]+$/,
  google: /^[^]+$/,
  mistral: /^[a-zA-Z0-9]{9}$/,
  "amazon-bedrock": /^[a-zA-Z0-9_-]{1,64}$/,
  groq: /^[^]+$/,
};

function isHarnessCall(part: AssistantPart): boolean {
  return part.type === "tool-call" && part.providerExecuted !== true;
}

function harnessIds(message: Message | undefined): readonly string[] {
  if (message?.role !== "assistant") return [];
  return message.content.flatMap((part) =>
    part.type === "tool-call" && isHarnessCall(part) ? [part.toolCallId] : [],
  );
}

function resultIds(message: Message | undefined): readonly string[] {
  return message?.role === "tool" ? message.content.map(({ toolCallId }) => toolCallId) : [];
}

function json(value: unknown): string {
  return JSON.stringify(value);
}

/** Everything said, half characters replaced, as one text; blanks say nothing. */
function saidBy(role: "user" | "assistant", messages: readonly Message[]): string[] {
  return messages.flatMap((message) =>
    message.role !== role
      ? []
      : message.content.flatMap((part) =>
          part.type === "text" && part.text.trim() !== "" ? [part.text.toWellFormed()] : [],
        ),
  );
}

function isSubsequence(wanted: readonly string[], among: readonly string[]): boolean {
  let next = 0;
  for (const text of among) if (text === wanted[next]) next += 1;
  return next === wanted.length;
}

describe("a repaired history", () => {
  test("H1 is the very same messages when one provider made them and nothing is wrong", () => {
    for (const provider of PROVIDERS) {
      const property = fc.property(soundHistory(provider), (history) => {
        const repaired = repairHistory(history, { provider, madeBy: () => provider });
        expect(repaired.repairs).toEqual([]);
        expect(repaired.messages.length).toBe(history.length);
        for (const [index, message] of repaired.messages.entries()) {
          expect(message).toBe(history[index]);
        }
      });
      fc.assert(property, { numRuns: 100 });
    }
  });

  test("H2 has ids that are unique and such as the target takes", () => {
    let looked = 0;
    const property = fc.property(anyHistory, anyTarget, (history, target) => {
      const { messages } = repairHistory(history, target);
      const ids = messages.flatMap(harnessIds);
      expect(new Set(ids).size).toBe(ids.length);
      const rule = ID_RULES[PROVIDERS.find((name) => name === target.provider) ?? "groq"];
      for (const id of ids) expect(id).toMatch(rule);
      looked += ids.length;
    });
    fc.assert(property, RUNS);
    expect(looked).toBeGreaterThan(RUNS.numRuns);
  });

  test("H3 gives each call one result, in the message after it, in the calls' order", () => {
    const property = fc.property(anyHistory, anyTarget, (history, target) => {
      const { messages } = repairHistory(history, target);
      for (const [index, message] of messages.entries()) {
        expect(resultIds(messages[index + 1])).toEqual(harnessIds(message));
      }
    });
    fc.assert(property, RUNS);
  });

  test("H3 names the same tool in a call and its result", () => {
    const property = fc.property(anyHistory, anyTarget, (history, target) => {
      const { messages } = repairHistory(history, target);
      const names = new Map<string, string>();
      for (const { content } of messages) {
        for (const part of content) {
          if (part.type === "tool-call") names.set(part.toolCallId, part.toolName);
        }
      }
      for (const message of messages) {
        if (message.role !== "tool") continue;
        for (const part of message.content) expect(part.toolName).toBe(names.get(part.toolCallId));
      }
    });
    fc.assert(property, RUNS);
  });

  test("H4 keeps what users and models said, in order", () => {
    const property = fc.property(anyHistory, anyTarget, (history, target) => {
      const { messages } = repairHistory(history, target);
      for (const role of ["user", "assistant"] as const) {
        expect(isSubsequence(saidBy(role, history), saidBy(role, messages))).toBe(true);
      }
    });
    fc.assert(property, RUNS);
  });

  test("H4 keeps every output, as a result or as text", () => {
    let looked = 0;
    const property = fc.property(anyHistory, anyTarget, (history, target) => {
      const kept = repairHistory(history, target).messages.flatMap(outputsIn).join("\n");
      const texts = history.flatMap(({ content }) =>
        content.flatMap((part) => (part.type === "tool-result" ? [part.output] : [])),
      );
      for (const output of texts) {
        const text = output.type === "json" ? json(output.value) : output.value;
        // Half characters are replaced inside texts, and escaped inside JSON: not looked for here.
        if (text.trim() === "" || text === "null" || !text.isWellFormed()) continue;
        if (/\\ud[89a-f]|encrypted/i.test(text)) continue;
        expect(kept).toContain(text);
        looked += 1;
      }
    });
    fc.assert(property, RUNS);
    expect(looked).toBeGreaterThan(RUNS.numRuns);
  });

  test("H5 is the same pushed one by one as at once, wherever it is looked at on the way", () => {
    const property = fc.property(
      anyHistory,
      anyTarget,
      fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      (history, target, looks) => {
        const repair = new HistoryRepair(target);
        const seen: (readonly Message[])[] = [];
        const expected: (readonly Message[])[] = [];
        for (const [index, message] of history.entries()) {
          repair.push(message);
          if (looks[index] !== true) continue;
          seen.push(repair.read().messages.toArray());
          expected.push(repairHistory(history.slice(0, index + 1), target).messages);
        }
        expect(seen).toEqual(expected);
        const { messages, repairs } = repair.read();
        const atOnce = repairHistory(history, target);
        expect(messages.toArray()).toEqual(atOnce.messages);
        expect(repairs.toArray()).toEqual(atOnce.repairs);
      },
    );
    fc.assert(property, RUNS);
  });

  test("H5 never changes what was handed out once each call had its result", () => {
    let looked = 0;
    const property = fc.property(anyHistory, anyTarget, (history, target) => {
      const repair = new HistoryRepair(target);
      let before: readonly Message[] = [];
      for (const message of history) {
        repair.push(message);
        const { messages, repairs } = repair.read();
        const now = messages.toArray();
        for (const [index, earlier] of before.entries()) expect(now[index]).toBe(earlier);
        const isProvisional = repairs.toArray().some(({ kind }) => kind === "missing_result");
        if (isProvisional) return;
        before = now;
        looked += 1;
      }
    });
    fc.assert(property, RUNS);
    expect(looked).toBeGreaterThan(RUNS.numRuns);
  });

  test("H6 is itself when repaired again", () => {
    const property = fc.property(
      anyHistory,
      anyTarget,
      fc.constantFrom(undefined, ...PROVIDERS),
      (history, { provider, strict = false }, maker) => {
        const target: RepairTarget = { provider, madeBy: () => maker, strict };
        const once = repairHistory(history, target);
        const twice = repairHistory(once.messages, target);
        expect(twice.messages).toEqual(once.messages);
        for (const [index, message] of twice.messages.entries()) {
          expect(message).toBe(once.messages[index]);
        }
      },
    );
    fc.assert(property, RUNS);
  });

  test("H6 is itself when the target takes all of it for its own", () => {
    const property = fc.property(anyHistory, anyTarget, (history, target) => {
      const once = repairHistory(history, target);
      const own = { provider: target.provider, madeBy: () => target.provider };
      expect(repairHistory(once.messages, own).messages).toEqual(once.messages);
    });
    fc.assert(property, RUNS);
  });

  test("begins with the user and holds no message without content", () => {
    const property = fc.property(anyHistory, anyTarget, (history, target) => {
      const { messages } = repairHistory(history, target);
      expect(messages.slice(0, 1).every(({ role }) => role === "user")).toBe(true);
      for (const { content } of messages) expect(content.length).toBeGreaterThan(0);
    });
    fc.assert(property, RUNS);
  });

  test("holds nothing that only another provider can read", () => {
    let looked = 0;
    const property = fc.property(anyHistory, fc.constantFrom(...PROVIDERS), (history, provider) => {
      const { messages } = repairHistory(history, { provider, madeBy: () => undefined });
      const parts = messages.flatMap(({ role, content }): readonly AssistantPart[] =>
        role === "user" ? [] : content,
      );
      const unreadable = parts.filter(
        (part) =>
          part.type === "reasoning" ||
          part.providerOptions !== undefined ||
          (part.type === "tool-call" && part.providerExecuted === true),
      );
      expect(unreadable).toEqual([]);
      looked += parts.length;
    });
    fc.assert(property, RUNS);
    expect(looked).toBeGreaterThan(RUNS.numRuns);
  });

  test("has arguments that are objects and no half characters", () => {
    const property = fc.property(anyHistory, anyTarget, (history, target) => {
      const { messages } = repairHistory(history, target);
      const parts = messages.flatMap(({ content }): readonly AssistantPart[] => content);
      const refused = parts.filter((part) => {
        if (part.type === "text") return !part.text.isWellFormed();
        return part.type === "tool-call" && isHarnessCall(part) && !isJsonObject(part.input);
      });
      expect(refused).toEqual([]);
    });
    fc.assert(property, RUNS);
  });
});

function outputsIn({ content }: Message): readonly string[] {
  return content.flatMap((part: AssistantPart | ToolResultPart) => {
    if (part.type === "text") return [part.text];
    if (part.type !== "tool-result") return [];
    return [part.output.type === "json" ? json(part.output.value) : part.output.value];
  });
}

test("ten thousand messages are repaired one by one, each turn looked at", () => {
  const repair = new HistoryRepair({ provider: "mistral", madeBy: () => "openai" });
  repair.push(user("Go."));
  for (let turn = 0; turn < 5_000; turn++) {
    const toolCallId = "call_again";
    const call = { type: "tool-call", toolCallId, toolName: "find", input: {} } as const;
    repair.push({ role: "assistant", content: [call] });
    const output = { type: "text", value: String(turn) } as const;
    const result = { type: "tool-result", toolCallId, toolName: "find", output } as const;
    repair.push({ role: "tool", content: [result] });
    expect(repair.read().messages.length).toBe(3 + 2 * turn);
  }
});
