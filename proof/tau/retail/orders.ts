/** Orders as a whole: looking one up, cancelling it, its address and its payment. */
import type { Json, JsonObject } from "../../../src/std/json.ts";
import { readText } from "../args.ts";
import { ToolRefusal, type Behaviour } from "../tool.ts";
import type { Order, OrderPayment, RetailDb } from "./db.ts";
import { creditGiftCard, findPaymentMethod, isShort, readAddress } from "./users.ts";

const CANCEL_REASONS: readonly string[] = ["no longer needed", "ordered by mistake"];

/** The order, whatever its status. */
export function findOrder(db: RetailDb, orderId: string): Order {
  const order = db.orders.get(orderId);
  if (order === undefined) throw new ToolRefusal("Order not found");
  return order;
}

/** Stores the order and shows it, as every tool that changes one does. */
export function saveOrder(db: RetailDb, order: Order): Json {
  db.orders.put(order.order_id, order);
  return showOrder(order);
}

/** An order as the public tools show it: what has not happened to it is there, as null. */
function showOrder(order: Order): Json {
  return {
    order_id: order.order_id,
    user_id: order.user_id,
    address: order.address,
    items: order.items,
    status: order.status,
    fulfillments: order.fulfillments,
    payment_history: order.payment_history,
    cancel_reason: order.cancel_reason ?? null,
    exchange_items: order.exchange_items ?? null,
    exchange_new_items: order.exchange_new_items ?? null,
    exchange_payment_method_id: order.exchange_payment_method_id ?? null,
    exchange_price_difference: order.exchange_price_difference ?? null,
    return_items: order.return_items ?? null,
    return_payment_method_id: order.return_payment_method_id ?? null,
  };
}

/** An order whose items were modified still counts as pending here, though not for its items. */
function findPendingOrder(db: RetailDb, orderId: string): Order {
  const order = findOrder(db, orderId);
  if (!order.status.includes("pending")) {
    throw new ToolRefusal("Non-pending order cannot be modified");
  }
  return order;
}

function cancelPendingOrder(db: RetailDb, args: JsonObject): Json {
  const order = findOrder(db, readText(args, "order_id"));
  const reason = readText(args, "reason");
  if (order.status !== "pending") throw new ToolRefusal("Non-pending order cannot be cancelled");
  if (!CANCEL_REASONS.includes(reason)) throw new ToolRefusal("Invalid reason");

  const refunds = order.payment_history.map((payment): OrderPayment => {
    findPaymentMethod(db, order.user_id, payment.payment_method_id);
    return { ...payment, transaction_type: "refund" };
  });
  for (const refund of refunds) {
    const owner = { userId: order.user_id, methodId: refund.payment_method_id };
    creditGiftCard(db, owner, refund.amount);
  }
  return saveOrder(db, {
    ...order,
    status: "cancelled",
    cancel_reason: reason,
    payment_history: [...order.payment_history, ...refunds],
  });
}

function modifyPendingOrderAddress(db: RetailDb, args: JsonObject): Json {
  const order = findPendingOrder(db, readText(args, "order_id"));
  return saveOrder(db, { ...order, address: readAddress(args) });
}

function modifyPendingOrderPayment(db: RetailDb, args: JsonObject): Json {
  const order = findPendingOrder(db, readText(args, "order_id"));
  const userId = order.user_id;
  const methodId = readText(args, "payment_method_id");
  const method = findPaymentMethod(db, userId, methodId);
  const [paid, ...further] = order.payment_history;
  if (paid === undefined || further.length > 0 || paid.transaction_type !== "payment") {
    throw new ToolRefusal("There should be exactly one payment for a pending order");
  }
  if (paid.payment_method_id === methodId) {
    throw new ToolRefusal("The new payment method should be different from the current one");
  }
  if (isShort(method, paid.amount)) {
    throw new ToolRefusal("Insufficient gift card balance to pay for the order");
  }
  findPaymentMethod(db, userId, paid.payment_method_id);

  creditGiftCard(db, { userId, methodId }, -paid.amount);
  creditGiftCard(db, { userId, methodId: paid.payment_method_id }, paid.amount);
  return saveOrder(db, {
    ...order,
    payment_history: [
      paid,
      { transaction_type: "payment", amount: paid.amount, payment_method_id: methodId },
      { ...paid, transaction_type: "refund" },
    ],
  });
}

export const ORDER_TOOLS: Readonly<Record<string, Behaviour<RetailDb>>> = {
  get_order_details: {
    effect: "read",
    run: (db, args) => showOrder(findOrder(db, readText(args, "order_id"))),
  },
  cancel_pending_order: { effect: "write", run: cancelPendingOrder },
  modify_pending_order_address: { effect: "write", run: modifyPendingOrderAddress },
  modify_pending_order_payment: { effect: "write", run: modifyPendingOrderPayment },
};
