/**
 * What the retail rules are told: raw facts, from the shop's own rows and the desk's own calls.
 * What is allowed is said in `retail/*.cedar` alone.
 */
import { hashJson } from "../../src/std/hash.ts";
import { BridleError } from "../../src/std/error.ts";
import type { Json, JsonObject } from "../../src/std/json.ts";
import type { DeskCall } from "../tau/agent.ts";
import type { Order, PaymentMethod, RetailDb, Variant } from "../tau/retail/db.ts";
import { isList } from "../tau/shape.ts";
import type { Met, Resource } from "./rules.ts";

const LONG = { type: "integer" };
const BOOL = { type: "boolean" };
const TEXT = { type: "string" };

export const RETAIL_RESOURCES: Readonly<Record<"Order" | "Customer", JsonObject>> = {
  Order: all({ owner: TEXT, status: TEXT, seen: BOOL, payments: LONG }),
  Customer: all({ owner: TEXT }),
};

/** `customer` and `repeated` belong to every call, the rest to the tools that need them. */
export const RETAIL_FACTS: JsonObject = {
  type: "object",
  required: ["customer", "repeated"],
  properties: {
    customer: TEXT,
    repeated: BOOL,
    items: all({ count: LONG, missing: LONG }),
    swap: all({ unpaired: LONG, otherProduct: LONG, unavailable: LONG, same: LONG }),
    payment: all({ kind: TEXT, original: BOOL, missingCents: LONG }),
  },
};

function all(properties: Readonly<Record<string, JsonObject>>): JsonObject {
  return { type: "object", properties, required: Object.keys(properties) };
}

/** What a retail tool acts on; null for one that changes nothing of the shop's. */
export function retailTypeOf(tool: string): "Order" | "Customer" | null {
  if (tool === "modify_user_address") return "Customer";
  return /^(cancel|modify|return|exchange)_/.test(tool) ? "Order" : null;
}

export function retailResource({ db, made, tool, input }: Met): Resource | null {
  const shop = shopOf(db);
  if (retailTypeOf(tool) === "Customer") {
    const owner = textOf(input["user_id"]);
    return shop.users.get(owner) === undefined ? null : { id: owner, attributes: { owner } };
  }
  const order = shop.orders.get(textOf(input["order_id"]));
  if (order === undefined) return null;
  const seen = made.some(
    ({ name, kind, arguments: read }) =>
      name === "get_order_details" && kind === "result" && read["order_id"] === order.order_id,
  );
  const { user_id: owner, status, payment_history } = order;
  const attributes = { owner, status, seen, payments: payment_history.length };
  return { id: order.order_id, attributes };
}

export function retailFacts({ db, made, tool, input }: Met): JsonObject {
  const shop = shopOf(db);
  const order = shop.orders.get(textOf(input["order_id"]));
  const hash = hashJson(input);
  return {
    customer: customerIn(made),
    repeated: made.some(
      (call) => call.name === tool && call.kind === "result" && hashJson(call.arguments) === hash,
    ),
    ...(order === undefined || retailTypeOf(tool) !== "Order"
      ? {}
      : orderFacts(shop, order, { tool, input })),
  };
}

/** Whom the desk has looked up last by e-mail or by name and zip code. */
function customerIn(made: readonly DeskCall[]): string {
  const found = made.findLast(
    ({ name, kind }) => kind === "result" && name.startsWith("find_user_id_by_"),
  );
  return textOf(found?.output);
}

function orderFacts(
  shop: RetailDb,
  order: Order,
  { tool, input }: { readonly tool: string; readonly input: JsonObject },
): JsonObject {
  const items = textsOf(input["item_ids"]);
  const held = order.items.map(({ item_id }) => item_id);
  const count = (list: readonly string[], id: string): number =>
    list.filter((each) => each === id).length;
  const missing = [...new Set(items)].filter((id) => count(items, id) > count(held, id)).length;
  const isSwap = input["new_item_ids"] !== undefined;
  const swaps = isSwap ? swapsOf(shop, order, input) : [];
  return {
    ...(input["item_ids"] === undefined ? {} : { items: { count: items.length, missing } }),
    ...(isSwap ? { swap: swapFacts(swaps, input) } : {}),
    ...(input["payment_method_id"] === undefined
      ? {}
      : { payment: paymentFacts(shop, order, { input, cents: centsOf(order, tool, swaps) }) }),
  };
}

interface Swap {
  readonly from: Order["items"][number] | undefined;
  /** Undefined when the shelf of the same product has no such item. */
  readonly to: Variant | undefined;
  readonly isSame: boolean;
}

function swapsOf(shop: RetailDb, order: Order, input: JsonObject): readonly Swap[] {
  const wanted = textsOf(input["new_item_ids"]);
  return textsOf(input["item_ids"]).map((itemId, at): Swap => {
    const from = order.items.find(({ item_id }) => item_id === itemId);
    const newId = wanted[at] ?? "";
    const shelf = shop.products.get(from?.product_id ?? "")?.variants ?? {};
    const to = Object.hasOwn(shelf, newId) ? shelf[newId] : undefined;
    return { from, to, isSame: itemId === newId };
  });
}

function swapFacts(swaps: readonly Swap[], input: JsonObject): JsonObject {
  const wanted = textsOf(input["new_item_ids"]).length;
  return {
    unpaired: Math.abs(swaps.length - wanted),
    otherProduct: swaps.filter(({ to }) => to === undefined).length,
    unavailable: swaps.filter(({ to }) => to?.available === false).length,
    same: swaps.filter(({ isSame }) => isSame).length,
  };
}

/** What the call would take from the payment method, in cents; below zero, a refund. */
function centsOf(order: Order, tool: string, swaps: readonly Swap[]): number {
  if (tool === "modify_pending_order_payment") {
    return Math.round((order.payment_history[0]?.amount ?? 0) * 100);
  }
  const dollars = swaps.reduce(
    (sum, { from, to }) => sum + (to?.price ?? 0) - (to === undefined ? 0 : (from?.price ?? 0)),
    0,
  );
  return Math.round(dollars * 100);
}

function paymentFacts(
  shop: RetailDb,
  order: Order,
  { input, cents }: { readonly input: JsonObject; readonly cents: number },
): JsonObject {
  const id = textOf(input["payment_method_id"]);
  const methods = shop.users.get(order.user_id)?.payment_methods ?? {};
  const method: PaymentMethod | undefined = Object.hasOwn(methods, id) ? methods[id] : undefined;
  const held = method?.source === "gift_card" ? Math.round(method.balance * 100) : cents;
  return {
    kind: method?.source ?? "none",
    original: order.payment_history[0]?.payment_method_id === id,
    missingCents: Math.max(0, cents - held),
  };
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function textsOf(value: Json | undefined): readonly string[] {
  return isList(value) ? value.filter((item) => typeof item === "string") : [];
}

function shopOf(db: Met["db"]): RetailDb {
  if (db.kind === "retail") return db;
  throw new BridleError("invariant_broken", "The retail rules were given another database.");
}
