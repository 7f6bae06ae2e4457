import { expect, it } from "vitest";
import { readText, readTexts } from "../../proof/tau/args.ts";
import { loadDomain } from "../../proof/tau/data.ts";
import { roundCents } from "../../proof/tau/money.ts";
import type { RetailDb } from "../../proof/tau/retail/db.ts";
import { dbHash, expectedHash } from "../../proof/tau/score.ts";
import { describeWithData } from "../real-data.ts";
import { play, valueOf } from "./replay.ts";

describeWithData("the retail tools", (dataRoot) => {
  const retail = loadDomain("retail", dataRoot);
  const freshRetail = (): RetailDb => {
    const db = retail.freshDb();
    if (db.kind !== "retail") throw new Error("not the retail database");
    return db;
  };

  it("replay all 550 reference actions and refuse the 18 that tau2 refuses", () => {
    let actions = 0;
    const refusals: string[] = [];
    for (const task of retail.tasks) {
      const db = retail.freshDb();
      for (const action of task.actions) {
        actions++;
        const outcome = play(retail, db, action);
        if (outcome.kind === "refused") refusals.push(`${task.id} ${action.name} ${outcome.text}`);
      }
    }
    expect([retail.tasks.length, actions]).toEqual([114, 550]);
    // The reference solutions try an address or an id that is wrong before the one that is right.
    expect(refusals).toHaveLength(18);
    expect(refusals.filter((refusal) => !refusal.includes(" not found"))).toEqual([
      "64 exchange_delivered_order_items Error: Non-delivered order cannot be exchanged",
      "105 exchange_delivered_order_items " +
        "Error: Insufficient gift card balance to pay for the price difference",
    ]);
  });

  it("end 103 of the 114 tasks in another state, the same one every time", () => {
    const untouched = dbHash(retail.freshDb());
    const first = retail.tasks.map((task) => expectedHash(retail, task));
    expect(first.filter((hash) => hash !== untouched)).toHaveLength(103);

    const again = loadDomain("retail", dataRoot);
    expect(again.tasks.map((task) => expectedHash(again, task))).toEqual(first);
    expect(dbHash(retail.freshDb())).toBe(untouched);
  });

  it("change nothing by a read (T2) or a refused call (T1)", () => {
    const db = retail.freshDb();
    const kept: boolean[] = [];
    let before = dbHash(db);
    for (const action of retail.tasks.flatMap((task) => task.actions)) {
      const isRead = retail.tools.some(
        ({ name, effect }) => name === action.name && effect === "read",
      );
      const { kind } = play(retail, db, action);
      const after = dbHash(db);
      if (isRead || kind === "refused") kept.push(after === before);
      before = after;
    }
    expect(kept.length).toBeGreaterThan(350);
    expect(kept).not.toContain(false);
  });

  it("refund a gift card at once and show what has not happened to the order as null", () => {
    const db = freshRetail();
    const order = [...db.orders.entries()]
      .map(([, row]) => row)
      .find(({ status, payment_history: [first] }) => {
        return status === "pending" && first?.payment_method_id.startsWith("gift_card") === true;
      });
    const payment = order?.payment_history[0];
    if (order === undefined || payment === undefined) throw new Error("no such order");
    const balance = (): number => {
      const method = db.users.get(order.user_id)?.payment_methods[payment.payment_method_id];
      return method?.source === "gift_card" ? method.balance : NaN;
    };
    const before = balance();

    const outcome = play(retail, db, {
      name: "cancel_pending_order",
      arguments: { order_id: order.order_id, reason: "no longer needed" },
    });
    expect(valueOf(outcome.text)).toMatchObject({
      status: "cancelled",
      cancel_reason: "no longer needed",
      payment_history: [payment, { ...payment, transaction_type: "refund" }],
      return_items: null,
    });
    expect(balance()).toBe(roundCents(before + payment.amount));
  });

  it("give every modified item the price of the last new one, as tau2 does", () => {
    const prices = retail.tasks.flatMap((task) => {
      const db = freshRetail();
      return task.actions.flatMap((action) => {
        const { kind } = play(retail, db, action);
        if (action.name !== "modify_pending_order_items" || kind === "refused") return [];
        const newItemIds = readTexts(action.arguments, "new_item_ids");
        const order = db.orders.get(readText(action.arguments, "order_id"));
        const swapped = order?.items.filter((item) => newItemIds.includes(item.item_id)) ?? [];
        return swapped.length > 1 ? [new Set(swapped.map((item) => item.price)).size] : [];
      });
    });
    expect(prices).toEqual([1, 1, 1, 1, 1]);
  });

  it.each([
    ["an argument left out", {}, "missing a required argument: 'order_id'"],
    ["an argument nobody knows", { order_id: "#W1", x: 1 }, "unexpected keyword argument 'x'"],
    ["an argument of another type", { order_id: 1 }, "argument 'order_id' must be a string"],
    ["a name every object inherits", { order_id: "constructor" }, "Order not found"],
  ])("refuse %s", (_what, args, message) => {
    const outcome = play(retail, retail.freshDb(), { name: "get_order_details", arguments: args });
    expect(outcome).toEqual({ kind: "refused", text: expect.stringContaining(message) });
  });

  it("refuse the database of another domain as a defect, not as an outcome", () => {
    const airlineDb = loadDomain("airline", dataRoot).freshDb();
    expect(() =>
      play(retail, airlineDb, { name: "list_all_product_types", arguments: {} }),
    ).toThrow(expect.objectContaining({ code: "invariant_broken" }));
  });
});
