import fc from "fast-check";
import type {
  AssistantMessage,
  AssistantPart,
  Message,
  ToolMessage,
  ToolOutput,
  ToolResultPart,
  UserMessage,
} from "../../src/journal/message.ts";
import type { Json, JsonObject } from "../../src/std/json.ts";

/** Few, so that histories reuse, confuse and forget them; some that only one provider takes. */
const anyId: fc.Arbitrary<string> = fc.constantFrom(
  "",
  "call_1",
  "call_2",
  "toolu_01A",
  "functions.find:0",
  "abcdefgh1",
  "x".repeat(41),
  "y".repeat(90),
);
const anyName: fc.Arbitrary<string> = fc.constantFrom("find", "pay", "multi_tool_use.parallel", "");
const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("", " ", "\n", "hello", "half \ud83d"),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const anyMark: fc.Arbitrary<{ readonly providerOptions?: JsonObject }> = fc.constantFrom(
  {},
  { providerOptions: { openai: { itemId: "rs_1" } } },
  { providerOptions: { anthropic: { signature: "s" } } },
  { providerOptions: { google: { thoughtSignature: "t" } } },
);
const anyValue: fc.Arbitrary<Json> = fc
  .jsonValue({ maxDepth: 2 })
  // fast-check's own type of JSON is mutable and otherwise the same.
  .map((value) => structuredClone(value) as Json);
const anyOutput: fc.Arbitrary<ToolOutput> = fc.oneof(
  anyText.map((value): ToolOutput => ({ type: "text", value })),
  anyText.map((value): ToolOutput => ({ type: "error-text", value })),
  anyValue.map((value): ToolOutput => ({ type: "json", value })),
);

const anyResult: fc.Arbitrary<ToolResultPart> = fc
  .tuple(anyId, anyName, anyOutput, anyMark)
  .map(([toolCallId, toolName, output, mark]) => {
    return { type: "tool-result", toolCallId, toolName, output, ...mark };
  });

const anyPart: fc.Arbitrary<AssistantPart> = fc.oneof(
  fc
    .tuple(anyText, anyMark)
    .map(([text, mark]): AssistantPart => ({ type: "text", text, ...mark })),
  fc
    .tuple(anyText, anyMark)
    .map(([text, mark]): AssistantPart => ({ type: "reasoning", text, ...mark })),
  {
    weight: 4,
    arbitrary: fc
      .tuple(anyId, anyName, anyValue, fc.nat({ max: 2 }), anyMark)
      .map(([toolCallId, toolName, input, runs, mark]): AssistantPart => {
        const by = runs === 0 ? { providerExecuted: true } : {};
        return { type: "tool-call", toolCallId, toolName, input, ...by, ...mark };
      }),
  },
  anyResult,
);

const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc
    .array(anyText, { maxLength: 2 })
    .map((texts): UserMessage => ({ role: "user", content: texts.map(textPart) })),
  {
    weight: 2,
    arbitrary: fc
      .array(anyPart, { maxLength: 5, size: "max" })
      .map((content): AssistantMessage => ({ role: "assistant", content })),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(anyResult, { maxLength: 3, size: "max" })
      .map((content): ToolMessage => ({ role: "tool", content })),
  },
);

function textPart(text: string): { readonly type: "text"; readonly text: string } {
  return { type: "text", text };
}

/** Whatever a conversation can be broken into. */
export const anyHistory: fc.Arbitrary<readonly Message[]> = fc.array(anyMessage, {
  maxLength: 12,
  size: "max",
});

export const PROVIDERS = [
  "openai",
  "anthropic",
  "google",
  "mistral",
  "amazon-bedrock",
  "groq",
] as const;
export type ProviderName = (typeof PROVIDERS)[number];

const idsOf: Record<ProviderName, (n: number) => string> = {
  openai: (n) => `call_${String(n).padStart(24, "0")}`,
  anthropic: (n) => `toolu_${String(n).padStart(24, "0")}`,
  google: (n) => `g${String(n).padStart(15, "0")}`,
  mistral: (n) => `m${String(n).padStart(8, "0")}`,
  "amazon-bedrock": (n) => `tooluse_${n}`,
  groq: (n) => `functions.find:${n}`,
};

/** What each provider's model writes when it thinks, as its package marks it. */
const thoughtOf: Record<ProviderName, AssistantPart | null> = {
  openai: reasoning({ openai: { itemId: "rs_1", reasoningEncryptedContent: "gAAA" } }),
  anthropic: reasoning({ anthropic: { signature: "sig" } }),
  google: reasoning({ google: { thoughtSignature: "sig" } }),
  mistral: null,
  "amazon-bedrock": reasoning({ bedrock: { signature: "sig" } }),
  groq: { type: "reasoning", text: "Let me think." },
};

function reasoning(providerOptions: JsonObject): AssistantPart {
  return { type: "reasoning", text: "Let me think.", providerOptions };
}

interface Turn {
  readonly calls: number;
  readonly thinks: boolean;
  readonly says: string;
  readonly asks: boolean;
}

const anyTurn: fc.Arbitrary<Turn> = fc.record({
  calls: fc.nat({ max: 3 }),
  thinks: fc.boolean(),
  says: fc.constantFrom("Looking.", "Ünïcode 🙂", "Done."),
  asks: fc.boolean(),
});

/** A conversation as one provider's model and the harness write it when nothing goes wrong. */
export function soundHistory(provider: ProviderName): fc.Arbitrary<readonly Message[]> {
  return fc.array(anyTurn, { maxLength: 8 }).map((turns) => {
    let calls = 0;
    const history: Message[] = [user("Find it.")];
    for (const { calls: count, thinks, says, asks } of turns) {
      const thought = thinks ? thoughtOf[provider] : null;
      const ids = Array.from({ length: count }, () => idsOf[provider]((calls += 1)));
      history.push({
        role: "assistant",
        content: [
          ...(thought === null ? [] : [thought]),
          { type: "text", text: says },
          ...ids.map((toolCallId): AssistantPart => {
            return { type: "tool-call", toolCallId, toolName: "find", input: { q: toolCallId } };
          }),
        ],
      });
      if (count > 0) history.push({ role: "tool", content: ids.map(answerTo) });
      // Mistral takes no user after results; elsewhere a person may speak at any time.
      const mayAsk = count === 0 || provider !== "mistral";
      if (count === 0 || (asks && mayAsk)) history.push(user("And then?"));
    }
    return history;
  });
}

function answerTo(toolCallId: string): ToolResultPart {
  const output: ToolOutput = { type: "json", value: { of: toolCallId } };
  return { type: "tool-result", toolCallId, toolName: "find", output };
}

export function user(text: string): UserMessage {
  return { role: "user", content: [textPart(text)] };
}
