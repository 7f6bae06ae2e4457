import { describe, expect, test } from "vitest";
import type { Obligation } from "../../src/journal/intent.ts";
import { BridleError, idempotent, memoryStore, must, never, once, read } from "../../src/index.ts";
import type { JournalStore, Outcome } from "../../src/index.ts";
import {
  agentOf,
  eventsOf,
  modelOf,
  network,
  play,
  sleep,
  toolOf,
  until,
  wholeJournal,
  worldOf,
} from "./world.ts";

const pay = toolOf({ effect: once(), execute: () => ({ id: "pay_1" }), claims: ["paid"] });
const payA1 = { calls: [{ tool: "pay", input: { order: "A1" } }] };
const owed: Obligation = {
  id: "pay-A1",
  what: "pay order A1",
  tool: "pay",
  input: { order: "A1" },
};

/** How a run ends whose model says this and keeps to it. */
async function endOf(text: string, ...obligations: Obligation[]): Promise<Outcome> {
  const model = modelOf(text, text, text);
  const ended = await play(agentOf(model, { tools: { pay }, obligations: () => obligations }));
  return ended.outcome;
}

describe("Y1: only a line in the form that was asked for declines", () => {
  const may = { ...owed, declinable: true };
  const noDecline: readonly (readonly [string, string])[] = [
    ["no reason", "DECLINED pay-A1:"],
    ["no reason but the next line", "DECLINED pay-A1:\nAll is well now."],
    ["the placeholder", "DECLINED pay-A1: <reason>"],
    ["no words", "DECLINED pay-A1: ---"],
    ["a part of the id", "DECLINED pay: it is late"],
    ["a longer id", "DECLINED pay-A12: it is late"],
    ["within a sentence", "I was asked to write DECLINED pay-A1: it is late"],
    ["quoted from a mail", "The customer writes:\n> DECLINED pay-A1: never mind"],
  ];
  for (const [what, text] of noDecline) {
    test(`not: ${what}`, async () => {
      expect(await endOf(text, may)).toMatchObject({ kind: "failed_recoverable", declined: [] });
    });
  }

  test("an id that begins with another one is the one that is declined", async () => {
    const short = { ...may, id: "pay" };
    const long = { ...may, id: "pay:A1" };
    const outcome = await endOf("DECLINED pay:A1: the order was cancelled", short, long);
    expect(outcome.unmet).toMatchObject([{ id: "pay" }]);
    expect(outcome.declined).toEqual([
      { id: "pay:A1", by: "model", reason: "the order was cancelled" },
    ]);
  });

  test("a long reason is kept as far as it goes, and marks around it do no harm", async () => {
    const outcome = await endOf(`- **DECLINED** [pay-A1]: it is ${"very ".repeat(200)}late`, may);
    expect(outcome).toMatchObject({ kind: "succeeded", declined: [{ id: "pay-A1" }] });
    expect(outcome.declined[0]?.reason.length).toBeLessThanOrEqual(500);
  });
});

describe("Y3: what was done cannot be declined", () => {
  const may = { ...owed, declinable: true };

  test("a decline against a receipt goes back, and the outcome never says it", async () => {
    const model = modelOf(payA1, "DECLINED pay-A1: not eligible", "It is paid: pay_1.");
    const ended = await play(agentOf(model, { tools: { pay }, obligations: () => [may] }));
    expect(eventsOf(ended.events, "gate.checked")[0]?.unmet).toMatchObject([
      { kind: "report", what: "The report declines pay-A1" },
    ]);
    expect(eventsOf(ended.events, "obligation.declined")).toEqual([]);
    expect(ended.outcome).toMatchObject({ kind: "succeeded", declined: [] });
  });

  test("a decline that the deed follows is none in the outcome", async () => {
    const other = { ...owed, id: "pay-B2", input: { order: "B2" } };
    const payBoth = { calls: [...payA1.calls, { tool: "pay", input: { order: "B2" } }] };
    const model = modelOf("DECLINED pay-A1: not eligible", payBoth, "Both are paid.");
    const ended = await play(agentOf(model, { tools: { pay }, obligations: () => [may, other] }));
    expect(eventsOf(ended.events, "obligation.declined")).toHaveLength(1);
    expect(ended.outcome).toMatchObject({ kind: "succeeded", declined: [] });
  });

  test("of two equal ones, the one that was not done may be declined", async () => {
    const second = { ...may, id: "pay-A1-again" };
    const model = modelOf(payA1, "Paid once.\nDECLINED pay-A1: asked for by mistake");
    const ended = await play(agentOf(model, { tools: { pay }, obligations: () => [may, second] }));
    expect(ended.outcome).toMatchObject({ kind: "succeeded", declined: [{ id: "pay-A1" }] });
  });
});

describe("effects: obliged", () => {
  test("a second effect hidden behind a full slot is refused as well", async () => {
    const narrow = { ...pay, concurrency: 1, execute: () => sleep(5).then(() => ({ id: "p" })) };
    const again = { ...owed, id: "pay-B2", input: { order: "B2" } };
    const payB2 = { tool: "pay", input: { order: "B2" } };
    const model = modelOf({ calls: [...payA1.calls, payB2, payB2, payB2] }, "Done.");
    const ended = await play(
      agentOf(model, {
        tools: { pay: narrow },
        obligations: () => [owed, again],
        effects: "obliged",
      }),
    );
    expect(ended.outcome.kind).toBe("succeeded");
    expect(ended.outcome.receipts.map(({ input }) => input)).toEqual([
      { order: "A1" },
      { order: "B2" },
    ]);
    const rules = eventsOf(ended.events, "call.refused").map((event) => event.rules);
    expect(rules).toEqual([["intent/not-asked-for"], ["intent/not-asked-for"]]);
  });

  test("the same call again may carry on the one in doubt", async () => {
    let calls = 0;
    const lossy = toolOf({
      effect: idempotent(),
      retry: { retriesMax: 0 },
      execute: () => {
        calls += 1;
        if (calls === 1) throw network("ECONNRESET");
        return { id: "pay_1" };
      },
    });
    const model = modelOf(payA1, payA1, "Done.");
    const ended = await play(
      agentOf(model, { tools: { pay: lossy }, obligations: () => [owed], effects: "obliged" }),
    );
    expect(ended.outcome.kind).toBe("succeeded");
    expect(eventsOf(ended.events, "call.refused")).toEqual([]);
    expect(ended.outcome.receipts).toHaveLength(1);
  });
});

describe("obligations that a tool's result gives rise to", () => {
  test("another one under a known id is one more; the same again is none", async () => {
    let asks = 0;
    const ask = toolOf({
      effect: read(),
      execute: () => ({ order: ["A1", "B2", "B2"][asks++] ?? "" }),
      obliges: ({ output }: { output: unknown }) => [{ ...owed, input: output as object }] as never,
    });
    const asking = { calls: [{ tool: "ask" }] };
    const model = modelOf(asking, asking, asking, payA1, "Done.", "Done.", "Done.");
    const ended = await play(agentOf(model, { tools: { ask, pay } }));
    const opened = eventsOf(ended.events, "obligation.opened").map(({ obligation }) => obligation);
    expect(opened.map(({ id }) => id)).toEqual(["pay-A1", "pay-A1#2"]);
    expect(ended.outcome).toMatchObject({
      kind: "failed_recoverable",
      unmet: [{ id: "pay-A1#2" }],
    });
  });
});

describe("V1: what was checked is this very state", () => {
  test("what a person asks for while the gate looks is not passed over", async () => {
    const looking = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const slow = must("the books are closed", async () => {
      looking.resolve();
      await asked.promise;
      return true;
    });
    const model = modelOf("Done.", payA1, "Now paid: pay_1.");
    const { harness, store } = await worldOf(agentOf(model, { tools: { pay }, done: [slow] }));
    const run = await harness.start("worker", { input: "go" });
    await looking.promise;
    await run.oblige(owed);
    asked.resolve();
    const outcome = await run.outcome();
    expect(outcome.kind).toBe("succeeded");
    expect(outcome.receipts).toHaveLength(1);
    const checks = eventsOf(await wholeJournal(store, run.runId), "gate.checked");
    expect(checks.map(({ unmet }) => unmet.length)).toEqual([1, 0]);
  });

  test("a worker that dies with the verdict in hand leaves none behind", async () => {
    const store = memoryStore();
    const model = modelOf(payA1, "It is paid: pay_1.");
    let checks = 0;
    const paid = must("it is paid", ({ receipts }) => {
      checks += 1;
      return receipts.length === 1;
    });
    const worker = agentOf(model, { tools: { pay }, done: [paid] });
    const dying = dyingOver(store, "gate.checked");
    const first = await worldOf(worker, { store: dying });
    const { runId } = await first.harness.start("worker", { input: "go" });
    await until(() => checks === 1 && first.problems.length > 0);
    expect((await store.read(runId, 1, 100)).length).toBeGreaterThan(0);
    const held = await (await first.harness.run(runId)).state();
    expect([held.gate, held.outcome]).toEqual([null, null]);
    await first.harness.drain(100);
    const second = await worldOf(worker, { store });
    const outcome = await (await second.harness.run(runId)).outcome();
    expect(outcome.kind).toBe("succeeded");
    expect(checks).toBe(2);
    expect(outcome.receipts).toHaveLength(1);
  });
});

test("a worker that stops while the gate looks leaves no verdict, and the next one checks", async () => {
  const store = memoryStore();
  const looking = Promise.withResolvers<void>();
  let checks = 0;
  const slow = must("the books are closed", async () => {
    checks += 1;
    if (checks > 1) return true;
    looking.resolve();
    return new Promise<boolean>(() => undefined);
  });
  const worker = agentOf(modelOf("Done."), { done: [slow] });
  const first = await worldOf(worker, { store });
  const { runId } = await first.harness.start("worker", { input: "go" });
  await looking.promise;
  await first.harness.drain(10);
  expect((await (await first.harness.run(runId)).state()).gate).toBeNull();
  const second = await worldOf(worker, { store });
  const outcome = await (await second.harness.run(runId)).outcome();
  expect([outcome.kind, checks]).toEqual(["succeeded", 2]);
});

test("Y3: what may not be declined and was done is not called declined either", async () => {
  const said = "Paid: pay_1.\nDECLINED pay-A1: there was no time for it";
  const model = modelOf(payA1, said, "Paid: pay_1.");
  const ended = await play(agentOf(model, { tools: { pay }, obligations: () => [owed] }));
  expect(ended.outcome.kind).toBe("succeeded");
  expect(eventsOf(ended.events, "gate.checked").map(({ unmet }) => unmet.length)).toEqual([1, 0]);
});

/** A store on which every append that holds such an event fails before anything is written. */
function dyingOver(store: JournalStore, kind: string): JournalStore {
  const append: JournalStore["append"] = (fence, given) => {
    if (!given.events.some(({ body }) => body.kind === kind)) return store.append(fence, given);
    return Promise.reject(new BridleError("store_unreadable", "the machine is gone"));
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "append") return append;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

describe("declarations that cannot work", () => {
  test("never with a minimum is refused when the agent is prepared", async () => {
    const done = [never("paid twice", { tool: "pay", min: 2 })];
    await expect(worldOf(agentOf(modelOf("x"), { tools: { pay }, done }))).rejects.toThrow(
      "can never hold",
    );
  });

  test("a condition whose tool is gone by then is unmet, and the run ends", async () => {
    const store = memoryStore();
    const before = await worldOf(agentOf(modelOf("x"), { tools: { pay } }), { store, work: false });
    const conditions = [{ name: "it is paid", tool: "pay" }];
    const { runId } = await before.harness.start("worker", { input: 1, intent: { conditions } });
    const after = await worldOf(agentOf(modelOf("Done."), { tools: {} }), { store });
    const outcome = await (await after.harness.run(runId)).outcome();
    expect(outcome).toMatchObject({
      kind: "failed_recoverable",
      unmet: [{ id: "it is paid", why: expect.stringContaining("could not be checked") }],
    });
  });
});

test("what may have happened without a receipt cannot be declined", async () => {
  const send = toolOf({
    effect: idempotent(),
    execute: () => {
      throw new Error("it was sent, and then something broke");
    },
  });
  const owed = { id: "send", what: "send it", tool: "send", declinable: true };
  const declines = "DECLINED send: the customer no longer wants it";
  const turns = [{ calls: [{ tool: "send" }] }, declines, declines, declines];
  const ended = await play(
    agentOf(modelOf(...turns), { tools: { send }, obligations: () => [owed] }),
  );
  expect(ended.outcome).toMatchObject({ kind: "failed_recoverable", declined: [] });
});
