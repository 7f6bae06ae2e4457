/** The items inside an order: modified while it is pending, exchanged or returned after. */
import type { Json, JsonObject } from "../../../src/std/json.ts";
import { readText, readTexts } from "../args.ts";
import { roundCents } from "../money.ts";
import { ToolRefusal, type Behaviour } from "../tool.ts";
import type { Order, OrderItem, OrderPayment, RetailDb, Variant } from "./db.ts";
import { findOrder, saveOrder } from "./orders.ts";
import { findVariant } from "./products.ts";
import { creditGiftCard, findPaymentMethod, isShort } from "./users.ts";

/** One item of an order and the variant that is to take its place. */
interface Swap {
  readonly itemId: string;
  readonly item: OrderItem;
  readonly variant: Variant;
}

/** The first item named more often than the order holds it, if any. */
function findExcessItem(order: Order, itemIds: readonly string[]): string | undefined {
  const held = order.items.map((item) => item.item_id);
  return itemIds.find((itemId) => countOf(itemIds, itemId) > countOf(held, itemId));
}

function countOf(list: readonly string[], wanted: string): number {
  return list.filter((entry) => entry === wanted).length;
}

/** Which items are to be replaced by which: two lists of the same length, paired by position. */
interface SwapWish {
  readonly itemIds: readonly string[];
  readonly newItemIds: readonly string[];
  /** An exchange may ask for the very same item again, a modification may not. */
  readonly mayRepeat: boolean;
}

/** Finds each item in the order and its new variant in stock. */
function planSwaps(db: RetailDb, order: Order, wish: SwapWish): readonly Swap[] {
  return wish.itemIds.map((itemId, position) => {
    const newItemId = wish.newItemIds[position] ?? "";
    if (itemId === newItemId && !wish.mayRepeat) {
      throw new ToolRefusal("The new item id should be different from the old item id");
    }
    const item = order.items.find((candidate) => candidate.item_id === itemId);
    if (item === undefined) throw new ToolRefusal(`Item ${itemId} not found`);
    const variant = findVariant(db, item.product_id, newItemId);
    if (!variant.available) {
      throw new ToolRefusal(`New item ${newItemId} not found or available`);
    }
    return { itemId, item, variant };
  });
}

/** What the customer owes for the swaps; below zero, what they are owed. Not rounded. */
function priceDifference(swaps: readonly Swap[]): number {
  return swaps.reduce((total, { item, variant }) => total + (variant.price - item.price), 0);
}

function modifyPendingOrderItems(db: RetailDb, args: JsonObject): Json {
  const order = findOrder(db, readText(args, "order_id"));
  const itemIds = readTexts(args, "item_ids");
  const newItemIds = readTexts(args, "new_item_ids");
  const methodId = readText(args, "payment_method_id");
  if (order.status !== "pending") throw new ToolRefusal("Non-pending order cannot be modified");
  const excess = findExcessItem(order, itemIds);
  if (excess !== undefined) throw new ToolRefusal(`${excess} not found`);
  if (itemIds.length !== newItemIds.length) {
    throw new ToolRefusal("The number of items to be exchanged should match");
  }
  const swaps = planSwaps(db, order, { itemIds, newItemIds, mayRepeat: false });
  const difference = priceDifference(swaps);
  if (isShort(findPaymentMethod(db, order.user_id, methodId), difference)) {
    throw new ToolRefusal("Insufficient gift card balance to pay for the new item");
  }

  const items = swapItems(order.items, swaps);
  const payment: OrderPayment = {
    transaction_type: difference > 0 ? "payment" : "refund",
    amount: Math.abs(difference),
    payment_method_id: methodId,
  };
  creditGiftCard(db, { userId: order.user_id, methodId }, -difference);
  return saveOrder(db, {
    ...order,
    items,
    status: "pending (item modified)",
    payment_history: [...order.payment_history, payment],
  });
}

/**
 * Every swapped item gets its own new id but the price and options of the *last* variant: so does
 * the public code (tau2-bench a2c0247), and the expected end states of its tasks rest on it.
 */
function swapItems(items: readonly OrderItem[], swaps: readonly Swap[]): readonly OrderItem[] {
  const last = swaps.at(-1)?.variant;
  if (last === undefined) return items;
  const swapped = [...items];
  for (const { itemId, variant } of swaps) {
    const position = swapped.findIndex((item) => item.item_id === itemId);
    const item = swapped[position];
    if (item === undefined) throw new ToolRefusal(`Item ${itemId} not found`);
    const { price, options } = last;
    swapped[position] = { ...item, item_id: variant.item_id, price, options };
  }
  return swapped;
}

function exchangeDeliveredOrderItems(db: RetailDb, args: JsonObject): Json {
  const order = findOrder(db, readText(args, "order_id"));
  const itemIds = readTexts(args, "item_ids");
  const newItemIds = readTexts(args, "new_item_ids");
  const methodId = readText(args, "payment_method_id");
  if (order.status !== "delivered") {
    throw new ToolRefusal("Non-delivered order cannot be exchanged");
  }
  const excess = findExcessItem(order, itemIds);
  if (excess !== undefined) throw new ToolRefusal(`Number of ${excess} not found.`);
  if (itemIds.length !== newItemIds.length) {
    throw new ToolRefusal("The number of items to be exchanged should match.");
  }
  const swaps = planSwaps(db, order, { itemIds, newItemIds, mayRepeat: true });
  const difference = roundCents(priceDifference(swaps));
  if (isShort(findPaymentMethod(db, order.user_id, methodId), difference)) {
    throw new ToolRefusal("Insufficient gift card balance to pay for the price difference");
  }

  // Nothing is charged yet: the exchange is settled when the items arrive.
  return saveOrder(db, {
    ...order,
    status: "exchange requested",
    exchange_items: itemIds.toSorted(),
    exchange_new_items: newItemIds.toSorted(),
    exchange_payment_method_id: methodId,
    exchange_price_difference: difference,
  });
}

function returnDeliveredOrderItems(db: RetailDb, args: JsonObject): Json {
  const order = findOrder(db, readText(args, "order_id"));
  const itemIds = readTexts(args, "item_ids");
  const methodId = readText(args, "payment_method_id");
  if (order.status !== "delivered") {
    throw new ToolRefusal("Non-delivered order cannot be returned");
  }
  const method = findPaymentMethod(db, order.user_id, methodId);
  if (method.source !== "gift_card" && methodId !== order.payment_history[0]?.payment_method_id) {
    throw new ToolRefusal("Payment method should be the original payment method");
  }
  if (findExcessItem(order, itemIds) !== undefined) throw new ToolRefusal("Some item not found");

  return saveOrder(db, {
    ...order,
    status: "return requested",
    return_items: itemIds.toSorted(),
    return_payment_method_id: methodId,
  });
}

export const ITEM_TOOLS: Readonly<Record<string, Behaviour<RetailDb>>> = {
  modify_pending_order_items: { effect: "write", run: modifyPendingOrderItems },
  exchange_delivered_order_items: { effect: "write", run: exchangeDeliveredOrderItems },
  return_delivered_order_items: { effect: "write", run: returnDeliveredOrderItems },
};
