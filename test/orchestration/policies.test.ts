import { describe, expect, test } from "vitest";
import { memoryStore, once } from "../../src/index.ts";
import { agentOf, eventsOf, modelOf, play, toolOf, until, worldOf } from "./world.ts";

const order = { type: "object", required: ["order", "cents"] };
const inputSchema = {
  ...order,
  properties: { order: { type: "string" }, cents: { type: "integer", minimum: 1 } },
};
const refund = toolOf({ effect: once(), inputSchema, execute: () => ({ id: "re_1" }) });

function policies(text: string): { readonly texts: readonly { name: string; text: string }[] } {
  return { texts: [{ name: "desk.cedar", text }] };
}

const small = `
@id("refund-small") permit(principal, action == Action::"refund", resource);
@id("refund-cap") @reason("Refunds over 50 euros are for the back office.")
forbid(principal, action == Action::"refund", resource) when { context.input.cents > 5000 };
@id("refund-ask") @ask("May this much be paid back?")
forbid(principal, action == Action::"refund", resource) when { context.input.cents > 1000 };
//@ allow {"tool":"refund","input":{"order":"A1","cents":100}}
//@ ask {"tool":"refund","input":{"order":"A1","cents":2000}}
//@ deny {"tool":"refund","input":{"order":"A1","cents":9000},"by":"refund-cap"}
`;

function paying(...cents: readonly number[]) {
  return { calls: cents.map((each) => ({ tool: "refund", input: { order: "A1", cents: each } })) };
}

describe("policies decide each call", () => {
  test("an allow and a deny name their rules, and the model is told the reason", async () => {
    const model = modelOf(paying(100, 9_000), "Done.");
    const ended = await play(agentOf(model, { tools: { refund }, policies: policies(small) }));
    expect(ended.outcome.receipts).toHaveLength(1);
    expect(eventsOf(ended.events, "call.claimed")).toMatchObject([{ rules: ["refund-small"] }]);
    expect(eventsOf(ended.events, "call.refused")).toMatchObject([
      { code: "denied", rules: ["refund-cap"] },
    ]);
    expect(JSON.stringify(model.requests[1]?.prompt)).toContain("for the back office");
  });

  test("what a policy asks about waits for a person, and runs after the yes", async () => {
    const model = modelOf(paying(2_000), "Done.");
    const { harness } = await worldOf(
      agentOf(model, { tools: { refund }, policies: policies(small) }),
      { people: [{ id: "ann" }] },
    );
    const run = await harness.start("worker", { input: "go", principal: { id: "bob" } });
    await until(async () => (await run.approvals()).length === 1);
    const [asked] = await run.approvals();
    expect(asked).toMatchObject({ question: "May this much be paid back?", rules: ["refund-ask"] });
    await run.vote({ approvalId: asked?.approvalId ?? "", by: "ann", decision: "approve" });
    expect(await run.outcome()).toMatchObject({ kind: "succeeded" });
    expect(eventsOf(await run.events(), "call.claimed")[0]?.rules).toContain(
      `approval/${asked?.approvalId}`,
    );
  });

  test("a set that only observes stops nothing and says what it would have done", async () => {
    const model = modelOf(paying(9_000), "Done.");
    const ended = await play(
      agentOf(model, { tools: { refund }, policies: policies(small), policyMode: "observe" }),
    );
    expect(ended.outcome.receipts).toHaveLength(1);
    expect(eventsOf(ended.events, "call.claimed")).toMatchObject([
      { rules: ["shadow/deny/refund-cap"] },
    ]);
  });

  test("parallel calls cannot beat a cap together: what is in flight counts", async () => {
    const capped = `
      //@ tally today = sum_within(refund, input.cents, 24h, by user)
      @id("refund") permit(principal, action == Action::"refund", resource);
      @id("cap") @reason("At most 50 euros a day.")
      forbid(principal, action == Action::"refund", resource)
      when { context.past.today + context.input.cents > 5000 };
      //@ allow {"tool":"refund","input":{"order":"A1","cents":100},"tallies":{"today":0}}
      //@ deny {"tool":"refund","input":{"order":"A1","cents":100},"tallies":{"today":4950}}
    `;
    const store = memoryStore();
    const model = modelOf(paying(2_000, 2_000, 2_000), paying(900), "Done.");
    const ended = await play(agentOf(model, { tools: { refund }, policies: policies(capped) }), {
      store,
    });
    const paid = ended.outcome.receipts.map(({ input }) => input);
    expect(paid).toMatchObject([{ cents: 2_000 }, { cents: 2_000 }, { cents: 900 }]);
    // Another run of the same user knows of them.
    const again = modelOf(paying(2_000), "Done.");
    const later = await play(agentOf(again, { tools: { refund }, policies: policies(capped) }), {
      store,
    });
    expect(later.outcome.receipts).toEqual([]);
  });

  test("facts and resources come from real state; one of another tenant is refused", async () => {
    const owned = toolOf({
      effect: once(),
      inputSchema,
      execute: () => "paid",
      resource: {
        type: "Order",
        attributes: { type: "object", properties: { open: { type: "boolean" } } },
        of: ({ order: id }: { order: string }) => {
          if (id === "gone") throw new Error("no such order");
          return { id, tenant: id === "B" ? "other" : "shop", attributes: { open: id === "A" } };
        },
      },
    });
    const text = `
      @id("open") permit(principal, action == Action::"refund", resource)
      when { resource has open && resource.open && context.facts.isOffice };
      //@ allow {"tool":"refund","input":{"order":"A","cents":1},"resource":{"type":"Order","id":"A","attributes":{"open":true}},"facts":{"isOffice":true}}
      //@ deny {"tool":"refund","input":{"order":"A","cents":1},"resource":{"type":"Order","id":"A","attributes":{"open":false}},"facts":{"isOffice":true}}
    `;
    const orders = ["A", "B", "C", "gone"];
    const calls = orders.map((each) => ({ tool: "refund", input: { order: each, cents: 1 } }));
    const model = modelOf({ calls }, "Done.");
    const { harness } = await worldOf(
      agentOf(model, {
        tools: { refund: owned },
        policies: policies(text),
        facts: {
          schema: {
            type: "object",
            required: ["isOffice"],
            properties: { isOffice: { type: "boolean" } },
          },
          of: () => ({ isOffice: true }),
        },
      }),
    );
    const principal = { id: "bob", tenant: "shop" };
    const run = await harness.start("worker", { input: "go", principal });
    const outcome = await run.outcome();
    expect(outcome.receipts).toMatchObject([{ input: { order: "A" } }]);
    const refused = eventsOf(await run.events(), "call.refused").map(({ rules }) => rules?.[0]);
    expect(refused).toEqual(["bridle/cross-tenant", "policy/none", "resource/unknown"]);
  });

  test("a model that a policy forbids is not asked", async () => {
    const text = `
      @id("models") permit(principal, action == Action::"model", resource)
      when { resource == Model::"other/model" };
      @id("refund") permit(principal, action == Action::"refund", resource);
      //@ allow {"model":"other/model"}
      //@ deny {"model":"played/model"}
      //@ allow {"tool":"refund","input":{"order":"A1","cents":1}}
    `;
    const model = modelOf("Done.");
    const ended = await play(agentOf(model, { tools: { refund }, policies: policies(text) }));
    expect(ended.outcome).toMatchObject({
      kind: "failed_recoverable",
      reason: { code: "policy_denied" },
    });
    expect(model.requests).toHaveLength(0);
  });

  test("a policy with a mistake is refused when the agent is prepared", async () => {
    const wrong = small.replace("context.input.cents > 5000", "context.input.cent > 5000");
    const made = worldOf(agentOf(modelOf(), { tools: { refund }, policies: policies(wrong) }));
    await expect(made).rejects.toMatchObject({ code: "policy_invalid" });
    await expect(
      worldOf(agentOf(modelOf(), { tools: { refund }, policies: "nowhere/*.cedar" })),
    ).rejects.toMatchObject({ code: "policy_invalid" });
  });
});
