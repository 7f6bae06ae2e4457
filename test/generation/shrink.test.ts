import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitOutput } from "../../src/generation/fit-output.ts";
import { repairHistory } from "../../src/generation/history-repair.ts";
import {
  HistoryShrink,
  nextShrink,
  planShrink,
  shrinkHistory,
  type ShrinkLevel,
} from "../../src/generation/shrink.ts";
import type { Shrink } from "../../src/journal/wire-event.ts";
import type {
  AssistantPart,
  Message,
  ToolOutput,
  ToolResultPart,
} from "../../src/journal/message.ts";
import { mapStrings } from "../../src/std/map-strings.ts";
import { user } from "./any-history.ts";
import { serveMaker } from "./wire-makers.ts";
import { ask, converse, maker, names } from "./wire-talk.ts";

const RUNS = { numRuns: 300 };
const LEVELS: readonly ShrinkLevel[] = [1, 2, 3];

/** Long enough for every limit, with characters of two halves and such as JSON escapes. */
const longText: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom("a", "🙂", '"', "\\", "é\n"), fc.nat({ max: 12_000 }), fc.nat({ max: 1 }))
  .map(([unit, count, shift]) => "x".repeat(shift) + unit.repeat(count));
const longOutput: fc.Arbitrary<ToolOutput> = fc.oneof(
  longText.map((value): ToolOutput => ({ type: "text", value })),
  longText.map((value): ToolOutput => ({ type: "error-text", value })),
  longText.map((value): ToolOutput => ({ type: "json", value: { rows: [value, 1, null] } })),
);
const longTurn: fc.Arbitrary<readonly Message[]> = fc
  .record({
    outputs: fc.array(longOutput, { maxLength: 3 }),
    argument: longText,
    thinks: fc.boolean(),
    says: longText,
    asks: fc.boolean(),
  })
  .map(({ outputs, argument, thinks, says, asks }) => {
    const ids = outputs.map((_output, index) => `c${index}`);
    const calls = ids.map((toolCallId): AssistantPart => {
      const input = { body: argument, deep: [{ note: argument }], n: 1 };
      return { type: "tool-call", toolCallId, toolName: "write", input };
    });
    const reasoning: readonly AssistantPart[] = thinks ? [{ type: "reasoning", text: says }] : [];
    const text: AssistantPart = { type: "text", text: says };
    const answer: Message = { role: "assistant", content: [...reasoning, text, ...calls] };
    const results = outputs.map((output, index): ToolResultPart => {
      const toolCallId = ids[index] ?? "";
      return { type: "tool-result", toolCallId, toolName: "write", output };
    });
    const given: readonly Message[] = ids.length === 0 ? [] : [{ role: "tool", content: results }];
    return [answer, ...given, ...(asks || ids.length === 0 ? [user(says)] : [])];
  });
const longHistory: fc.Arbitrary<readonly Message[]> = fc
  .array(longTurn, { maxLength: 5, size: "max" })
  .map((turns) => [user("Go."), ...turns.flat()]);

function outputOf(output: ToolOutput): string {
  return output.type === "json" ? JSON.stringify(output.value) : output.value;
}

/** What of each part must be as it was, whatever is shrunk. */
function bones(messages: readonly Message[]): unknown {
  return messages.map(({ role, content }) => {
    const parts: readonly AssistantPart[] = content;
    const kept = parts.filter(({ type }) => type !== "reasoning");
    return {
      role,
      parts: kept.map((part) => {
        if (part.type === "tool-call") {
          return [part.toolCallId, part.toolName, mapStrings(part.input, () => "")];
        }
        if (part.type !== "tool-result") return part.text;
        const error = part.output.type === "error-text" ? part.output.value : "";
        return [part.toolCallId, part.toolName, error];
      }),
    };
  });
}

function charsOf(messages: readonly Message[]): number {
  return messages
    .flatMap(({ content }): readonly AssistantPart[] => content)
    .reduce((sum, part) => {
      if (part.type === "tool-call") return sum + JSON.stringify(part.input).length;
      return sum + (part.type === "tool-result" ? outputOf(part.output) : part.text).length;
    }, 0);
}

describe("a shrunk history", () => {
  test("S2 keeps its length, its pairing, what was said and every error", () => {
    const property = fc.property(longHistory, fc.constantFrom(...LEVELS), (history, level) => {
      const { messages } = shrinkHistory(history, [planShrink(history, level)]);
      expect(bones(messages)).toEqual(bones(history));
    });
    fc.assert(property, RUNS);
  });

  test("S3 never grows, tells what it saved, and saves more with each level", () => {
    let shrunk = 0;
    const property = fc.property(longHistory, (history) => {
      let before = charsOf(history);
      for (const level of LEVELS) {
        const result = shrinkHistory(history, [planShrink(history, level)]);
        const chars = charsOf(result.messages);
        expect(chars).toBeLessThanOrEqual(before);
        expect(result.changed).toBe(result.messages.some((one, index) => one !== history[index]));
        shrunk += result.changed ? 1 : 0;
        before = chars;
      }
    });
    fc.assert(property, RUNS);
    expect(shrunk).toBeGreaterThan(RUNS.numRuns / 2);
  });

  test("S3 holds no output over its limit and no half characters", () => {
    const property = fc.property(longHistory, (history) => {
      const plan = planShrink(history, 3);
      const { messages } = shrinkHistory(history, [plan]);
      const sizes = messages.flatMap(({ role, content }, index) => {
        const parts: readonly AssistantPart[] = role === "tool" ? content : [];
        return parts.flatMap((part) =>
          part.type === "tool-result" && part.output.type !== "error-text"
            ? [{ chars: outputOf(part.output).length, max: index < plan.turnAt ? 400 : 8_000 }]
            : [],
        );
      });
      expect(sizes.filter(({ chars, max }) => chars > max)).toEqual([]);
      expect(JSON.stringify(messages)).not.toMatch(/\\ud[89a-f]/);
    });
    fc.assert(property, RUNS);
  });

  test("S1 has the same bytes however it grows, and what came later is left alone", () => {
    const property = fc.property(
      longHistory,
      // Later messages may begin with results.
      fc.tuple(longHistory, fc.nat({ max: 2 })).map(([more, from]) => more.slice(from)),
      fc.constantFrom(...LEVELS),
      (history, more, level) => {
        const plan = planShrink(history, level);
        const before = shrinkHistory(history, [plan]).messages;
        const grown = [...history, ...more];
        const after = shrinkHistory(grown, [plan]).messages;
        expect(after.slice(0, history.length)).toEqual(before);
        for (const [index, message] of more.entries()) {
          expect(after[history.length + index]).toBe(message);
        }
        const growing = new HistoryShrink([plan]);
        for (const message of grown) growing.push(message);
        expect(growing.messages.toArray()).toEqual(after);
      },
    );
    fc.assert(property, RUNS);
  });

  test("shrinking what is shrunk changes nothing", () => {
    const property = fc.property(longHistory, fc.constantFrom(...LEVELS), (history, level) => {
      const plan = planShrink(history, level);
      const { messages } = shrinkHistory(history, [plan]);
      const again = shrinkHistory(messages, [plan]);
      expect(again).toEqual({ messages, savedChars: 0, changed: false });
    });
    fc.assert(property, RUNS);
  });

  test("each further shrink makes it smaller, and the last one says so", () => {
    const property = fc.property(longHistory, fc.nat({ max: 9_000 }), (history, wanted) => {
      const shrinks: Shrink[] = [];
      let saved = -1;
      for (;;) {
        const now = shrinkHistory(history, shrinks).savedChars;
        expect(now).toBeGreaterThan(saved);
        saved = now;
        const next = nextShrink(history, shrinks, wanted);
        if (next === null) break;
        shrinks.push(next);
      }
      expect(shrinks.length).toBeLessThanOrEqual(3);
      const all = LEVELS.map((level) => planShrink(history, level));
      expect(saved).toBe(shrinkHistory(history, all).savedChars);
    });
    fc.assert(property, RUNS);
  });

  test("where two shrinks meet, the stricter one holds", () => {
    const property = fc.property(longHistory, longHistory, (history, more) => {
      const first = planShrink(history, 2);
      const grown = [...history, ...more];
      const second = planShrink(grown, 1);
      const { messages } = shrinkHistory(grown, [first, second]);
      const old = shrinkHistory(grown, [first]).messages.slice(0, first.turnAt);
      expect(messages.slice(0, first.turnAt)).toEqual(old);
    });
    fc.assert(property, RUNS);
  });
});

describe("by level", () => {
  const output = (value: string): ToolOutput => ({ type: "text", value });
  const turn = (value: ToolOutput, argument = "short"): readonly Message[] => [
    {
      role: "assistant",
      content: [
        { type: "reasoning", text: "Hm.", providerOptions: { openai: { itemId: "rs_1" } } },
        { type: "text", text: "Yes.", providerOptions: { openai: { itemId: "m", phase: "x" } } },
        { type: "tool-call", toolCallId: "c", toolName: "write", input: { body: argument } },
      ],
    },
    {
      role: "tool",
      content: [{ type: "tool-result", toolCallId: "c", toolName: "write", output: value }],
    },
  ];
  const shrink = (history: readonly Message[], level: ShrinkLevel): readonly Message[] =>
    shrinkHistory(history, [planShrink(history, level)]).messages;
  const outputAt = (messages: readonly Message[], index: number): string =>
    (messages[index]?.content ?? [])
      .map((part: AssistantPart) => (part.type === "tool-result" ? outputOf(part.output) : ""))
      .join("");

  test("1 cuts long outputs before the last turn, and says how much is gone", () => {
    const long = `${"a".repeat(30_000)}${"z".repeat(30_000)}`;
    const history = [user("Go."), ...turn(output(long), long), ...turn(output(long))];
    const messages = shrink(history, 1);
    const cut = outputAt(messages, 2);
    expect(cut).toMatch(
      /^a{1200,} \[… 58,\d{3} characters left out to fit; the whole is in the run's journal …\] z{600,}$/,
    );
    expect(cut.length).toBeLessThanOrEqual(2_000);
    const told = Number(/… ([\d,]+) characters/.exec(cut)?.[1]?.replaceAll(",", ""));
    expect(told + cut.replace(/ \[….*…\] /, "").length).toBe(60_000);
    expect(messages[1]).toBe(history[1]);
    expect(messages.slice(3)).toEqual(history.slice(3));
  });

  test("2 cuts them short, drops reasoning with the ids that hang on it, and cuts arguments", () => {
    const long = "b".repeat(3_000);
    const history = [user("Go."), ...turn(output(long), long), ...turn(output(long), long)];
    const messages = shrink(history, 2);
    expect(outputAt(messages, 2).length).toBeLessThanOrEqual(400);
    const [text, call] = messages[1]?.content ?? [];
    expect(text).toEqual({
      type: "text",
      text: "Yes.",
      providerOptions: { openai: { phase: "x" } },
    });
    expect(JSON.stringify(call)).toMatch(/"input":\{"body":"b+ \[… [\d,]+ characters left out/);
    expect(messages.slice(3)).toEqual(history.slice(3));
  });

  test("2 turns cut JSON into text and leaves errors whole", () => {
    const rows = Array.from({ length: 200 }, (_row, n) => ({ n }));
    const error: ToolOutput = { type: "error-text", value: "e".repeat(3_000) };
    const history = [
      user("Go."),
      ...turn({ type: "json", value: { rows } }),
      ...turn(error),
      ...turn(output("ok")),
    ];
    const messages = shrink(history, 2);
    expect(outputAt(messages, 2)).toMatch(/^\{"rows":\[\{"n":0\}.*left out.*\{"n":199\}\]\}$/);
    expect(messages[4]).toBe(history[4]);
  });

  test("2 leaves reasoning beside tools that the provider ran, and where nothing else is", () => {
    const reasoning: AssistantPart = { type: "reasoning", text: "Hm." };
    const search: AssistantPart = {
      type: "tool-call",
      toolCallId: "ws_1",
      toolName: "web_search",
      input: { query: "q".repeat(3_000) },
      providerExecuted: true,
    };
    const history: readonly Message[] = [
      user("Go."),
      { role: "assistant", content: [reasoning, search] },
      { role: "assistant", content: [reasoning] },
      ...turn(output("ok")),
    ];
    expect(shrinkHistory(history, [planShrink(history, 2)]).changed).toBe(false);
  });

  test("3 cuts the last turn's outputs as well", () => {
    const long = "c".repeat(20_000);
    const history = [user("Go."), ...turn(output(long)), ...turn(output(long)), user("So?")];
    const messages = shrink(history, 3);
    expect(outputAt(messages, 2).length).toBeLessThanOrEqual(400);
    expect(outputAt(messages, 4).length).toBeLessThanOrEqual(8_000);
    expect(outputAt(messages, 4).length).toBeGreaterThan(7_900);
    expect(messages[5]).toBe(history[5]);
  });

  test("the mildest shrink that saves what is wanted is chosen, and none when nothing is left", () => {
    const history = [user("Go."), ...turn(output("d".repeat(10_000))), ...turn(output("ok"))];
    expect(nextShrink(history, [], 5_000)?.level).toBe(1);
    expect(nextShrink(history, [], 9_000)?.level).toBe(2);
    expect(nextShrink(history, [planShrink(history, 3)])).toBeNull();
    expect(nextShrink([user("x".repeat(99_999))], [])).toBeNull();
  });
});

describe("on the wire", () => {
  for (const name of names) {
    test(`what ${name} made is taken by it at every level`, async () => {
      const { history, provider } = await converse(maker(name));
      for (const level of LEVELS) {
        const served = await serveMaker(maker(name));
        const { messages, changed } = shrinkHistory(history, [planShrink(history, level)]);
        expect(changed).toBe(true);
        const repaired = repairHistory(messages, { provider, madeBy: () => provider });
        expect((await ask(served, repaired.messages)).why).toBe("");
      }
    });
  }
});

describe("the output that may fit", () => {
  test("is what a prompt within the limit leaves", () => {
    const overflow = { tokens: 188_240, tokensMax: 200_000 };
    expect(fitOutput({ ...overflow, maxOutputTokens: 21_333 })).toBe(11_760);
    expect(fitOutput(overflow)).toBe(11_760);
  });

  test("is what a prompt leaves that was counted together with the output", () => {
    const overflow = { tokens: 9_000, tokensMax: 8_192, maxOutputTokens: 4_000 };
    expect(fitOutput(overflow)).toBe(3_192);
  });

  test("is none when the prompt fills the window, or nobody said how much there is", () => {
    expect(fitOutput({ tokens: 8_100, tokensMax: 8_192, maxOutputTokens: 4_000 })).toBeNull();
    expect(fitOutput({ tokens: 214_676, tokensMax: 200_000 })).toBeNull();
    const huge = { tokens: 214_676, tokensMax: 200_000, maxOutputTokens: 300_000 };
    expect(fitOutput(huge)).toBeNull();
    expect(fitOutput({ tokensMax: 8_192, maxOutputTokens: 4_000 })).toBeNull();
    expect(fitOutput({ tokens: 9_000, maxOutputTokens: 4_000 })).toBeNull();
  });

  test("is none when it would be the refused request again", () => {
    expect(fitOutput({ tokens: 1_000, tokensMax: 8_192, maxOutputTokens: 4_000 })).toBeNull();
  });
});
