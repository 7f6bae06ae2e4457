/** The bound on a prompt's tokens against tokenizers that make the most of every byte. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryStore } from "../../src/index.ts";
import { agentOf, modelOf, play, toolOf, worldOf } from "./world.ts";
import type { PlayedModel } from "./world.ts";

const prices = { "played/model": { inputUsd: 1, outputUsd: 2 } };
const TEMPLATE = 16;

/** As a byte-level tokenizer counts what is on the wire, with a template around every part. */
function worstCount(prompt: PlayedModel["requests"][number]["prompt"], tools: unknown): number {
  let tokens = 500 + Buffer.byteLength(JSON.stringify(tools ?? []));
  for (const { content } of prompt) {
    if (typeof content === "string") {
      tokens += Buffer.byteLength(content) + TEMPLATE;
      continue;
    }
    for (const part of content) {
      tokens += TEMPLATE;
      if (part.type === "text") tokens += Buffer.byteLength(part.text);
      if (part.type === "tool-call") {
        const { toolCallId, toolName, input } = part;
        tokens += Buffer.byteLength(toolCallId + toolName + JSON.stringify(input));
      }
      if (part.type === "tool-result") {
        tokens += Buffer.byteLength(part.toolCallId + JSON.stringify(part.output));
      }
    }
  }
  return tokens;
}

/** Counts as the worst provider does, and writes as few output tokens as it can. */
function greedy(inner: PlayedModel): PlayedModel {
  return {
    ...inner,
    doGenerate: async (options) => {
      const answer = await inner.doGenerate(options);
      const total = worstCount(options.prompt, options.tools);
      const inputTokens = { total, noCache: total, cacheRead: 0, cacheWrite: 0 };
      return { ...answer, usage: { ...answer.usage, inputTokens } };
    },
  };
}

describe("R1: the prompt is counted from above", () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.constant("日本語🙂"));
  const turns = fc.array(fc.array(text, { minLength: 1, maxLength: 8 }), { maxLength: 5 });
  test("whatever is said, no call is settled for more than it reserved", async () => {
    const reserved: number[] = [];
    const settled: number[] = [];
    await fc.assert(
      fc.asyncProperty(turns, text, async (said, output) => {
        const store = memoryStore();
        const inner = store.reserve.bind(store);
        const watched = Object.assign(store, {
          reserve: (asked: Parameters<typeof inner>[0]) => {
            const line = asked.lines.find((each) => "unit" in each && each.unit === "inputTokens");
            if (line?.kind === "budget") reserved.push(line.amount);
            return inner(asked);
          },
        });
        const say = toolOf({ execute: () => output });
        const played = said.map((texts) => ({
          calls: texts.map((each, n) => ({
            tool: "say",
            input: { each },
            id: `call_${String(n).padStart(60, "x")}${said.indexOf(texts)}`,
          })),
        }));
        const model = greedy(modelOf(...played, "Done."));
        const budget = { inputTokens: 10_000_000 };
        const from = reserved.length;
        const ended = await play(agentOf(model, { tools: { say }, budget }), { store: watched });
        expect(ended.outcome.kind).toBe("succeeded");
        const used = ended.events.flatMap((event) =>
          event.kind === "model.answered" ? [event.usage.inputTokens ?? 0] : [],
        );
        const bounds = reserved.slice(from);
        expect(used.length).toBe(bounds.length);
        for (const [n, tokens] of used.entries()) {
          settled.push(tokens);
          expect(tokens).toBeLessThanOrEqual(bounds[n] ?? 0);
        }
      }),
      { numRuns: 40 },
    );
    expect(settled.length).toBeGreaterThan(40);
  });

  test("thinking that a provider adds to the output limit is reserved with it", async () => {
    const providerOptions = { anthropic: { thinking: { type: "enabled", budgetTokens: 900 } } };
    const settings = { maxOutputTokens: 100, providerOptions };
    const tight = await play(
      agentOf(modelOf("Done."), { ...settings, budget: { outputTokens: 999 } }),
    );
    expect(tight.outcome.reason.code).toBe("budget_exhausted");
    const wide = await play(
      agentOf(modelOf("Done."), { ...settings, budget: { outputTokens: 1_000 } }),
    );
    expect(wide.outcome.kind).toBe("succeeded");
  });

  test("cached input that costs more than fresh is reserved at its price", async () => {
    const price = { inputUsd: 1, outputUsd: 0, cachedInputUsd: 1_000 };
    const dear = { "played/model": price };
    const ended = await play(agentOf(modelOf("Done."), { budget: { usd: 0.01 } }), {
      prices: dear,
    });
    expect(ended.outcome.reason.code).toBe("budget_exhausted");
  });
});

describe("figures that are none", () => {
  test("a provider's fractions and nonsense do not stop a run", async () => {
    for (const total of [10.5, 1e300, Number.NaN, -3, Number.POSITIVE_INFINITY]) {
      const inner = modelOf({ calls: [{ tool: "say" }] }, "Done.");
      const model: PlayedModel = {
        ...inner,
        doGenerate: async (options) => {
          const answer = await inner.doGenerate(options);
          const inputTokens = { ...answer.usage.inputTokens, total };
          return { ...answer, usage: { ...answer.usage, inputTokens } };
        },
      };
      const budget = { usd: 1, inputTokens: 1_000_000 };
      const ended = await play(agentOf(model, { tools: { say: toolOf({}) }, budget }), { prices });
      expect([total, ended.outcome.kind]).toEqual([total, "succeeded"]);
    }
  });

  test("the longest and oddest names have budgets of their own", async () => {
    const budgets = [{ of: "user", outputTokens: 8 }] as const;
    const { harness, store } = await worldOf(agentOf(modelOf(), { maxOutputTokens: 5 }), {
      budgets,
    });
    const long = "日".repeat(400);
    const ids = [long, `${long}x`, "\ud800", "\ud801", "a/b", "a%2Fb", "sha256:", ""];
    const kindOf = async (id: string): Promise<string> => {
      const run = await harness.start("worker", { input: 1, principal: { id, tenant: id } });
      return (await run.outcome()).kind;
    };
    for (const id of ids) {
      expect([id, await kindOf(id)]).toEqual([id, "succeeded"]);
      // The same name again is the same account, and it is full.
      expect([id, await kindOf(id)]).toEqual([id, "failed_recoverable"]);
    }
    expect(await store.accounts({ scope: "user" })).toHaveLength(ids.length);
  });
});
