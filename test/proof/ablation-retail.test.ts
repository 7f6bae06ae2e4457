import { describe, expect, it } from "vitest";
import { retailFacts, retailResource } from "../../proof/ablation/retail-facts.ts";
import { RULES, type Met } from "../../proof/ablation/rules.ts";
import type { DeskCall } from "../../proof/tau/agent.ts";
import { loadDomain } from "../../proof/tau/data.ts";
import {
  createRetailDb,
  type Order,
  type Product,
  type User,
  type Variant,
} from "../../proof/tau/retail/db.ts";
import { loadPolicies } from "../../src/governance/policy/load.ts";
import { mutatePolicies } from "../../src/governance/policy/mutate.ts";
import type { JsonObject } from "../../src/std/json.ts";
import { describeWithData } from "../real-data.ts";

const address = { address1: "1 A", address2: "", city: "B", country: "USA", state: "NY", zip: "1" };

function variant(id: string, price: number, available = true): [string, Variant] {
  return [id, { item_id: id, options: { size: id }, available, price }];
}

function db() {
  const item = { name: "Shirt", product_id: "shirt", item_id: "s1", price: 10, options: {} };
  const order: Order = {
    order_id: "#W1",
    user_id: "ann",
    address,
    items: [item, { ...item, item_id: "s2" }],
    status: "pending",
    fulfillments: [],
    payment_history: [{ transaction_type: "payment", amount: 20, payment_method_id: "card" }],
  };
  const user: User = {
    user_id: "ann",
    name: { first_name: "Ann", last_name: "Ash" },
    address,
    email: "",
    payment_methods: {
      card: { source: "credit_card", id: "card", brand: "visa", last_four: "1" },
      gift: { source: "gift_card", id: "gift", balance: 5 },
    },
    orders: ["#W1"],
  };
  const shirts = [
    variant("s1", 10),
    variant("s2", 10),
    variant("s3", 17.5),
    variant("s4", 1, false),
  ];
  const product = (id: string, variants: [string, Variant][]): [string, Product] => [
    id,
    { name: id, product_id: id, variants: Object.fromEntries(variants) },
  ];
  return createRetailDb({
    orders: new Map([["#W1", order]]),
    products: new Map([product("shirt", shirts), product("shoe", [variant("x1", 5)])]),
    users: new Map([["ann", user]]),
  });
}

function met(tool: string, input: JsonObject, made: readonly DeskCall[] = []): Met {
  return { db: db(), made, talk: [], tool, input };
}

function swap(from: readonly string[], to: readonly string[], method = "card"): Met {
  const input = { order_id: "#W1", item_ids: from, new_item_ids: to, payment_method_id: method };
  return met("modify_pending_order_items", input);
}

const lookUp: DeskCall = {
  name: "find_user_id_by_email",
  arguments: { email: "ann@x" },
  effect: "read",
  kind: "result",
  output: "ann",
};
const look: DeskCall = {
  name: "get_order_details",
  arguments: { order_id: "#W1" },
  effect: "read",
  kind: "result",
  output: {},
};

describe("what the retail rules are told", () => {
  const cancel = { order_id: "#W1", reason: "no longer needed" };

  it("is whom the desk has looked up, not whom it has failed to find", () => {
    const customer = (made: readonly DeskCall[]): unknown =>
      retailFacts(met("cancel_pending_order", cancel, made))["customer"];
    expect(customer([lookUp])).toBe("ann");
    expect(customer([])).toBe("");
    expect(customer([{ ...lookUp, kind: "refused", output: null }])).toBe("");
  });

  it("is the order as it stands, and whether it was looked at", () => {
    const of = (made: readonly DeskCall[], order_id = "#W1"): unknown =>
      retailResource(met("cancel_pending_order", { ...cancel, order_id }, made))?.attributes;
    const attributes = { owner: "ann", status: "pending", payments: 1 };
    expect(of([look])).toEqual({ ...attributes, seen: true });
    expect(of([{ ...look, kind: "refused" }])).toEqual({ ...attributes, seen: false });
    expect(of([look], "#W2")).toBeUndefined();
  });

  it("is that the very same call went through before", () => {
    const before = {
      ...look,
      name: "cancel_pending_order",
      arguments: cancel,
      effect: "write",
    } as const;
    const repeated = (made: readonly DeskCall[]): unknown =>
      retailFacts(met("cancel_pending_order", cancel, made))["repeated"];
    expect(repeated([before])).toBe(true);
    expect(repeated([{ ...before, kind: "refused" }])).toBe(false);
    expect(repeated([{ ...before, arguments: { ...cancel, reason: "x" } }])).toBe(false);
  });

  it("is what is wrong with the items of a swap, by counts", () => {
    const of = (from: readonly string[], to: readonly string[]): unknown =>
      retailFacts(swap(from, to))["swap"];
    const none = { unpaired: 0, otherProduct: 0, unavailable: 0, same: 0 };
    expect(of(["s1", "s2"], ["s3", "s3"])).toEqual(none);
    expect(of(["s1", "s2"], ["s3"])).toMatchObject({ unpaired: 1 });
    expect(of(["s1"], ["x1"])).toEqual({ ...none, otherProduct: 1 });
    expect(of(["s1"], ["s4"])).toEqual({ ...none, unavailable: 1 });
    expect(of(["s1"], ["s1"])).toEqual({ ...none, same: 1 });
    expect(retailFacts(swap(["s1", "s1"], ["s3", "s3"]))["items"]).toEqual({
      count: 2,
      missing: 1,
    });
  });

  it("is what a gift card lacks of the difference, to the cent", () => {
    const payment = (method: string, to = "s3"): unknown =>
      retailFacts(swap(["s1"], [to], method))["payment"];
    expect(payment("gift")).toEqual({ kind: "gift_card", original: false, missingCents: 250 });
    expect(payment("gift", "s2")).toMatchObject({ missingCents: 0 });
    expect(payment("card")).toEqual({ kind: "credit_card", original: true, missingCents: 0 });
    expect(payment("toString")).toEqual({ kind: "none", original: false, missingCents: 0 });
  });
});

describeWithData("the retail policies", (dataRoot) => {
  it("have examples that notice every small wrong change to a rule", async () => {
    const { tools } = loadDomain("retail", dataRoot);
    const { policies, factsSchema, typeOf } = RULES.retail;
    const set = await loadPolicies(policies, {
      agent: "retail-policy",
      facts: factsSchema,
      tools: tools.map(({ name, effect, parameters }) => {
        const acts = typeOf(name);
        return {
          name,
          effect: effect === "read" ? "read" : acts === null ? "once" : "transactional",
          inputSchema: parameters,
          ...(acts === null ? {} : { resource: { type: acts.type, attributes: acts.schema } }),
        };
      }),
    });
    const { mutants, killed, survivors } = mutatePolicies(set);
    expect(survivors).toEqual([]);
    expect(killed).toBe(mutants);
    expect(mutants).toBeGreaterThan(60);
  });
});
