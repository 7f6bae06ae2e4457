/** Every client's own tool loop, driven over each dialect by the same models. */
import { describe, expect, test } from "vitest";
import {
  oracleModel,
  scriptedModel,
  simulatedModel,
  type Action,
  type ChatModel,
  type ExchangeRecord,
} from "../../src/chaos/door.ts";
import { aiSdkLoops } from "./ai-sdk-loops.ts";
import type { Loop, Played } from "./loop.ts";
import { serve } from "./served.ts";
import { vendorLoops } from "./vendor-loops.ts";

const actions: readonly Action[] = [
  { name: "find", arguments: { order_id: "#W1" } },
  { name: "refund", arguments: { order_id: "#W1", cents: 500, lines: [{ sku: "a", n: 2 }] } },
  { name: "refund", arguments: { order_id: "#W1", cents: 500, lines: [{ sku: "a", n: 2 }] } },
  { name: "notify", arguments: { to: "ann", text: "Your money is on its way 💶" } },
];
const wanted = actions.map(({ name, arguments: given }) => ({ name, arguments: given }));
const loops = [...aiSdkLoops, ...vendorLoops];

interface Run extends Played {
  readonly told: readonly ExchangeRecord[];
}

async function play(loop: Loop, model: ChatModel): Promise<Run> {
  const told: ExchangeRecord[] = [];
  const server = await serve({
    models: (runKey) => (runKey === "run 1" ? model : undefined),
    onExchange: (exchange) => told.push(exchange),
  });
  const played = await loop({
    urlFor: (client) => server.urlFor("run 1", client),
    tools: ["find", "refund", "notify"],
  });
  return { ...played, told };
}

describe.each(loops)("%s", (_name, loop) => {
  test("plays an oracle's calls in order to its last text", async () => {
    const run = await play(loop, oracleModel({ actions, finalText: "All done 👍." }));
    expect(run.performed).toEqual(wanted);
    expect(run.text).toBe("All done 👍.");
    expect(run.told.map(({ decision, repeat }) => [decision, repeat])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
    ]);
  });

  test("performs a batch as parallel calls", async () => {
    const run = await play(loop, oracleModel({ actions, finalText: "Done.", batchSize: 3 }));
    expect(run.performed).toEqual(wanted);
    expect(run.told).toHaveLength(3);
  });

  test("receives a text beside its calls, and a call without arguments", async () => {
    const model = scriptedModel([
      {
        text: "Let me look.",
        calls: [{ name: "find" }, { name: "find", arguments: { order_id: "7" } }],
        expect: ({ messages }) => messages.at(-1)?.text === "Please do the work.",
      },
      {
        text: "k",
        expect: ({ messages }) => {
          const asked = messages.findLast((message) => message.role === "assistant");
          const isWhole = asked?.toolCalls.map((call) => call.name).join() === "find,find";
          return isWhole && messages.filter(({ role }) => role === "tool").length === 2;
        },
      },
    ]);
    const run = await play(loop, model);
    expect(run.performed.map((call) => call.arguments)).toEqual([{}, { order_id: "7" }]);
    expect(run.text).toBe("k");
    model.assertComplete();
  });

  test("is told by a 400 that a script has no more steps", async () => {
    const played = play(loop, scriptedModel([{ call: { name: "find" } }]));
    await expect(played).rejects.toThrow("there is no step 1");
  });
});

/** Errors that every loop of the AI SDK tells its model of, and goes on after. */
const mix = { early_done: 0, prose: 0, repeated_write: 0, extra_write: 0 };

describe("a noisy model", () => {
  test.each(aiSdkLoops)("is played to its end by %s", async (_name, loop) => {
    for (let seed = 0; seed < 8; seed++) {
      const noisy = simulatedModel({ actions, finalText: "Done.", seed, errorRate: 0.5, mix });
      const run = await play(loop, noisy);
      expect(run.text).toBe("Done.");
      expect(run.performed).toEqual(expect.arrayContaining(wanted));
    }
  });

  test("errs in the same decisions whatever dialect it is asked in", async () => {
    const injected = new Set<string>();
    let malformed = 0;
    for (const [, loop] of aiSdkLoops) {
      const counts: unknown[] = [];
      for (let seed = 0; seed < 8; seed++) {
        const noisy = simulatedModel({ actions, finalText: "Done.", seed, errorRate: 0.5, mix });
        await play(loop, noisy);
        counts.push(noisy.injected());
        malformed += noisy.injected().malformed_arguments;
      }
      injected.add(JSON.stringify(counts));
    }
    expect(injected.size).toBe(1);
    expect(malformed).toBeGreaterThan(0);
  });
});
