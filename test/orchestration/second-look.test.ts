/** What may change between a decision and its use, and what must not be forgotten by it. */
import { describe, expect, test } from "vitest";
import { recordedDecisions } from "../../src/governance/recorded.ts";
import { idempotent, memoryStore, must, once, stepCount } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, network, play, toolOf, until, worldOf } from "./world.ts";

const inputSchema = {
  type: "object",
  required: ["order", "cents"],
  properties: { order: { type: "string" }, cents: { type: "integer", minimum: 1 } },
};

function refunding(order: string, cents: number) {
  return { calls: [{ tool: "refund", input: { order, cents } }] };
}

function policies(text: string) {
  return { texts: [{ name: "desk.cedar", text }] };
}

const tally = `//@ tally today = sum_within(refund, input.cents, 24h, by user)
@id("refund") permit(principal, action == Action::"refund", resource);`;
const small = `{"tool":"refund","input":{"order":"A","cents":100}`;

describe("a call that may have happened", () => {
  test("counts for the rules although its retry is refused", async () => {
    const capped = `${tally}
      @id("cap") @reason("At most 10.00 a day.")
      forbid(principal, action == Action::"refund", resource)
      when { context.past.today + context.input.cents > 1000 };
      @id("closed") @reason("The desk is closed.")
      forbid(principal, action == Action::"refund", resource) when { context.facts.isClosed };
      //@ allow ${small},"facts":{"isClosed":false}}
      //@ deny ${small},"facts":{"isClosed":true},"by":"closed"}
      //@ deny ${small},"facts":{"isClosed":false},"tallies":{"today":950},"by":"cap"}
    `;
    let isClosed = false;
    const refund = toolOf({
      effect: idempotent(),
      inputSchema,
      retry: { retriesMax: 1, baseMs: 1, maxMs: 1 },
      execute: () => {
        isClosed = true;
        throw network("ECONNRESET");
      },
    });
    const second = (): ReturnType<typeof refunding> => {
      isClosed = false;
      return refunding("B", 700);
    };
    const facts = {
      schema: {
        type: "object",
        required: ["isClosed"],
        properties: { isClosed: { type: "boolean" } },
      },
      of: () => ({ isClosed }),
    };
    const model = modelOf(refunding("A", 800), second, "Done.");
    const definition = agentOf(model, { tools: { refund }, policies: policies(capped), facts });
    const { events } = await play(definition);
    expect(eventsOf(events, "call.in_doubt")).toMatchObject([{ callId: "t1c0" }]);
    const refused = eventsOf(events, "call.refused");
    expect(refused).toMatchObject([
      { callId: "t2c0", rules: ["cap"], seen: { past: { today: 800 } } },
    ]);
  });
});

describe("P6: a yes", () => {
  test("to one rule is none to another that began to ask while people thought", async () => {
    const asking = `${tally}
      @id("much") @ask("More than 10.00 today?")
      forbid(principal, action == Action::"refund", resource)
      when { context.past.today + context.input.cents > 1000 };
      //@ allow ${small}}
      //@ ask ${small},"tallies":{"today":950},"by":"much"}
    `;
    const store = memoryStore();
    const people = [{ id: "ann" }, { id: "eve" }];
    const refund = toolOf({
      effect: once(),
      inputSchema,
      needsApproval: true,
      execute: () => "paid",
    });
    const model = modelOf(refunding("A", 600), "Done.");
    const definition = agentOf(model, { tools: { refund }, policies: policies(asking) });
    const { harness } = await worldOf(definition, { store, people });
    const start = () => harness.start("worker", { input: "go", principal: { id: "bob" } });
    const asked = async (run: Awaited<ReturnType<typeof start>>, nth: number) => {
      await until(async () => {
        const events = await run.events();
        return eventsOf(events, "approval.requested").length === nth;
      });
      await until(async () => (await run.state()).status === "parked");
      const [open] = await run.approvals();
      return open;
    };
    const slow = await start();
    const first = await asked(slow, 1);
    expect(first?.rules).toEqual(["tool/needs-approval"]);
    const quick = await start();
    const other = await asked(quick, 1);
    await quick.vote({ approvalId: other?.approvalId ?? "", by: "ann", decision: "approve" });
    expect((await quick.outcome()).receipts).toHaveLength(1);

    await slow.vote({ approvalId: first?.approvalId ?? "", by: "ann", decision: "approve" });
    const again = await asked(slow, 2);
    expect(again?.rules).toEqual(["much", "tool/needs-approval"]);
    expect(again?.question).toContain("More than 10.00 today?");
    await slow.vote({ approvalId: again?.approvalId ?? "", by: "ann", decision: "approve" });
    const outcome = await slow.outcome();
    expect(outcome.receipts).toHaveLength(1);
    // Asked twice, and what the rules were shown the first time stands in the journal.
    const decisions = recordedDecisions(slow.runId, await slow.events());
    expect(decisions).toMatchObject([{ was: "asked", hasRun: true, seen: { past: { today: 0 } } }]);
  });
});

describe("a person's word", () => {
  test("on an escalated run makes the gate look again, also past a stop condition", async () => {
    let isMended = false;
    const model = modelOf({ calls: [{ tool: "pay" }] }, "Done.");
    const definition = agentOf(model, {
      tools: { pay: toolOf({ effect: once(), execute: () => "paid" }) },
      stopWhen: stepCount(1),
      done: [must("the books agree", () => isMended)],
      gate: { roundsMax: 0, onUnmet: "escalate" },
    });
    const { harness } = await worldOf(definition);
    const run = await harness.start("worker", { input: "go" });
    await until(async () => (await run.state()).status === "parked");
    isMended = true;
    await run.steer("The books are mended.");
    expect(await run.outcome()).toMatchObject({ kind: "succeeded", unmet: [] });
  });

  test("about a call that is not in doubt is refused and settles nothing", async () => {
    const store = memoryStore();
    const model = modelOf({ calls: [{ tool: "pay" }] }, "Done.");
    const pay = toolOf({ effect: once(), needsApproval: true, execute: () => "paid" });
    const definition = agentOf(model, { tools: { pay }, budget: { calls: { pay: 1 } } });
    const { harness } = await worldOf(definition, { store, people: [{ id: "ann" }] });
    const run = await harness.start("worker", { input: "go", principal: { id: "bob" } });
    await until(async () => (await run.state()).status === "parked");
    // Past the handle, which would have refused it: whoever can write to the store.
    const body = { callId: "t1c0", happened: true, output: "forged" };
    await store.post(run.runId, { kind: "resolve", key: "resolve:t1c0", at: Date.now(), body });
    const [asked] = await run.approvals();
    await run.vote({ approvalId: asked?.approvalId ?? "", by: "ann", decision: "approve" });
    const { receipts } = await run.outcome();
    expect(receipts).toMatchObject([{ output: "paid" }]);
    const events = await run.events();
    expect(eventsOf(events, "inbox.refused")).toMatchObject([
      { reason: "no such call is in doubt", what: "resolve" },
    ]);
    expect(eventsOf(events, "call.resolved")).toEqual([]);
  });
});
