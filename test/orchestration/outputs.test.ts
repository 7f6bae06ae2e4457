import { describe, expect, test } from "vitest";
import { happened, idempotent, memoryStore, once } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, play, resultsIn, toolOf } from "./world.ts";

const payTurn = { calls: [{ tool: "pay", input: { cents: 5 } }] };

function cycle(): object {
  const ring: Record<string, unknown> = { id: "p1" };
  ring["self"] = ring;
  return ring;
}

class Payment {
  readonly id = "p1";
  readonly at: Date = new Date(0);
  readonly #secret = "s";
  get secret(): string {
    return this.#secret;
  }
}

async function paying(
  output: unknown,
  effect = once(),
): Promise<{
  readonly runs: number;
  readonly kind: string;
  readonly output: unknown;
  readonly dropped: string | undefined;
  readonly told: string;
}> {
  let runs = 0;
  const pay = toolOf({
    effect,
    execute: () => {
      runs += 1;
      return output;
    },
  });
  const model = modelOf(payTurn, "Paid.");
  const { outcome, events } = await play(agentOf(model, { tools: { pay } }));
  expect(outcome.inDoubt).toEqual([]);
  expect(outcome.receipts).toHaveLength(1);
  const completed = eventsOf(events, "call.completed")[0];
  return {
    runs,
    kind: outcome.kind,
    output: outcome.receipts[0]?.output,
    dropped: completed?.outputDropped,
    told: resultsIn(model, 1)[0] ?? "",
  };
}

describe("X4: an effect that returned has happened, whatever it returned", () => {
  const unfit: readonly (readonly [string, () => unknown])[] = [
    ["a BigInt", () => ({ id: "p1", cents: 5n })],
    ["a cycle", cycle],
    ["NaN", () => ({ id: "p1", rate: Number.NaN })],
    ["a function", () => ({ id: "p1", retry: () => undefined })],
    ["a symbol", () => Symbol("p1")],
    [
      "a getter that throws",
      () => ({
        get id(): string {
          throw new Error("detached");
        },
      }),
    ],
  ];
  for (const [what, make] of unfit) {
    test(`${what} is replaced by a note that says so`, async () => {
      for (const effect of [once(), idempotent()]) {
        const { runs, kind, output, dropped, told } = await paying(make(), effect);
        expect(runs).toBe(1);
        expect(kind).toBe("succeeded");
        expect(dropped).toContain("could not be kept");
        expect(output).toContain("The call ran to its end");
        expect(told).toContain("The call ran to its end");
      }
    });
  }

  const fit: readonly (readonly [string, unknown, unknown])[] = [
    ["undefined", undefined, null],
    ["a Date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["a class instance", new Payment(), { at: "1970-01-01T00:00:00.000Z", id: "p1" }],
    ["an undefined member", { id: "p1", note: undefined }, { id: "p1" }],
    ["an empty string", "", ""],
    ["text with a NUL", "a\u0000b", "a\u0000b"],
    ["a lone surrogate", { text: "\ud800" }, { text: "\ud800" }],
  ];
  for (const [what, given, kept] of fit) {
    test(`${what} is kept as JSON says it`, async () => {
      const { output, dropped } = await paying(given);
      expect(output).toEqual(kept);
      expect(dropped).toBeUndefined();
    });
  }

  test("the last of a stream of results is the result", async () => {
    async function* steps(): AsyncGenerator<string> {
      yield "20 %";
      yield "100 %";
    }
    expect((await paying(steps())).output).toBe("100 %");
  });

  test("a later change of the returned object reaches nobody", async () => {
    const output = { items: [1] };
    const pay = toolOf({ effect: once(), execute: () => output });
    const model = modelOf(payTurn, () => {
      output.items.push(2);
      return "Paid.";
    });
    const { outcome } = await play(agentOf(model, { tools: { pay } }));
    expect(outcome.receipts[0]?.output).toEqual({ items: [1] });
  });
});

test("an output over the blob limit is dropped, and the receipt stays", async () => {
  const pay = toolOf({
    effect: once(),
    receipt: (output: never) => (output as { id: string }).id,
    execute: () => ({ id: "p1", text: "x".repeat(50_000) }),
  });
  const store = memoryStore({ limits: { blobBytesMax: 20_000 } });
  const { outcome, events } = await play(agentOf(modelOf(payTurn), { tools: { pay } }), { store });
  expect(outcome.kind).toBe("succeeded");
  expect(outcome.receipts).toMatchObject([{ receipt: "p1" }]);
  expect(eventsOf(events, "call.completed")[0]?.outputDropped).toContain("at most 20000 are kept");
});

test("an output just under the blob limit is kept whole", async () => {
  const text = "x".repeat(19_000);
  const pay = toolOf({ effect: once(), execute: () => text });
  const store = memoryStore({ limits: { blobBytesMax: 20_000 } });
  const { outcome } = await play(agentOf(modelOf(payTurn), { tools: { pay } }), { store });
  expect(outcome.receipts[0]?.output).toBe(text);
});

describe("receipt(output)", () => {
  const bad: readonly (readonly [string, () => unknown])[] = [
    [
      "throws",
      () => {
        throw new Error("no id");
      },
    ],
    ["gives what JSON cannot hold", () => 5n],
    ["gives far too much", () => "x".repeat(100_000)],
  ];
  for (const [what, receipt] of bad) {
    test(`that ${what} leaves the effect completed`, async () => {
      const pay = toolOf({ effect: once(), receipt: receipt as never, execute: () => "paid" });
      const { outcome } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
      expect(outcome.kind).toBe("succeeded");
      expect(outcome.receipts).toMatchObject([{ output: "paid", receipt: null }]);
    });
  }

  test("sees what the tool returned when its output cannot be kept", async () => {
    const pay = toolOf({
      effect: once(),
      receipt: (output: never) => (output as { id: string }).id,
      execute: () => ({ id: "p1", cents: 5n }),
    });
    const { outcome } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    expect(outcome.receipts).toMatchObject([{ receipt: "p1" }]);
  });
});

test("what reconcile found is known to have happened although it cannot be kept", async () => {
  for (const found of [{ cents: 5n }, happened(5n as never)]) {
    const pay = toolOf({
      effect: once({ settlesWithinMs: 0, reconcile: () => found }),
      execute: () => {
        throw new Error("lost");
      },
    });
    const { outcome } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
    expect(outcome.kind).toBe("succeeded");
    expect(outcome.receipts[0]?.output).toContain("could not be kept");
  }
});

test("reconcile's plain false means that it did not happen", async () => {
  let runs = 0;
  const pay = toolOf({
    effect: once({ settlesWithinMs: 0, reconcile: () => false }),
    retry: { baseMs: 1, maxMs: 1 },
    execute: () => {
      runs += 1;
      if (runs === 1) throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
      return "paid";
    },
  });
  const { outcome } = await play(agentOf(modelOf(payTurn), { tools: { pay } }));
  expect(runs).toBe(2);
  expect(outcome.receipts).toMatchObject([{ output: "paid", via: "execute" }]);
});
