/**
 * Wrong writes that the domain accepts: the harm a model can do that no schema and no tool stops.
 *
 * A slip changes one argument of a wanted write into another that makes sense: another order or
 * reservation of the same customer or of a stranger, another payment method, another variant,
 * one item less, another cabin, a bag more. Only those are kept that the tool carries out, in the
 * state that the write meets, and whose result differs from the wanted one.
 */
import type { Action } from "../../src/chaos/door.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/std/json.ts";
import type { AirlineDb } from "../tau/airline/db.ts";
import type { Domain } from "../tau/data.ts";
import type { Db } from "../tau/db.ts";
import type { RetailDb } from "../tau/retail/db.ts";
import { isList } from "../tau/shape.ts";
import type { Task, TaskAction } from "../tau/task.ts";
import { callTool, type ToolOutcome } from "../tau/tool.ts";
import { ownerOf, thingOf, thingsOf } from "./owner.ts";

/** The arguments of every accepted slip of a write, after these calls were made. */
export function slipsOf(
  domain: Domain,
  action: TaskAction,
  done: readonly TaskAction[],
): readonly JsonObject[] {
  const known = found.get(action);
  if (known !== undefined) return known;
  const wanted = outcomeAfter(domain, done, action);
  const slips = changesOf(worldAfter(domain, done), action.arguments).filter((changed) => {
    const outcome = outcomeAfter(domain, done, { ...action, arguments: changed });
    return outcome?.kind === "result" && outcome.text !== wanted?.text;
  });
  found.set(action, slips);
  return slips;
}

/** They are the same for every seed and rate. */
const found = new WeakMap<TaskAction, readonly JsonObject[]>();

/** At most so many extras of each kind, so that no kind drowns the other. */
const EXTRAS_EACH = 3;

/**
 * Writes nobody asked for: the same customer's other things changed, and what the customer of
 * another task wants. The domain accepts those of the first kind at the start.
 */
export function extrasOf(domain: Domain, task: Task, stranger: Task): readonly Action[] {
  const db = domain.freshDb();
  const ids = task.actions.map(({ arguments: input }) => ownerOf(db, input));
  const owner = ids.find((id) => id !== "") ?? "";
  const named = new Set(task.actions.map(({ arguments: input }) => thingOf(input)?.id));
  const others = thingsOf(db, owner).filter((id) => !named.has(id));
  const own = others
    .flatMap((id) => unasked(db, id))
    .filter((action) => outcomeAfter(domain, [], action)?.kind === "result");
  const writes = new Set(
    domain.tools.filter(({ effect }) => effect === "write").map(({ name }) => name),
  );
  const foreign = stranger.actions.filter(({ name }) => writes.has(name));
  return [...own.slice(0, EXTRAS_EACH), ...foreign.slice(0, EXTRAS_EACH)];
}

function unasked(db: Db, id: string): readonly TaskAction[] {
  if (db.kind === "airline")
    return [{ name: "cancel_reservation", arguments: { reservation_id: id } }];
  const order = db.orders.get(id);
  if (order === undefined) return [];
  if (order.status === "pending") {
    const input = { order_id: id, reason: "no longer needed" };
    return [{ name: "cancel_pending_order", arguments: input }];
  }
  const input = {
    order_id: id,
    item_ids: order.items.map(({ item_id }) => item_id),
    payment_method_id: order.payment_history[0]?.payment_method_id ?? "",
  };
  return [{ name: "return_delivered_order_items", arguments: input }];
}

function worldAfter(domain: Domain, done: readonly TaskAction[]): Db {
  const db = domain.freshDb();
  for (const { name, arguments: input } of done) {
    const tool = domain.tools.find((candidate) => candidate.name === name);
    if (tool !== undefined) callTool(tool, db, input);
  }
  return db;
}

function outcomeAfter(
  domain: Domain,
  done: readonly TaskAction[],
  action: TaskAction,
): ToolOutcome | undefined {
  const tool = domain.tools.find(({ name }) => name === action.name);
  if (tool === undefined) return undefined;
  return callTool(tool, worldAfter(domain, done), action.arguments);
}

function changesOf(db: Db, input: JsonObject): readonly JsonObject[] {
  const owner = ownerOf(db, input);
  const own = db.kind === "retail" ? retailChanges(db, input) : airlineChanges(db, input);
  const methods = Object.keys(db.users.get(owner)?.payment_methods ?? {});
  return [
    ...otherThings(db, input, owner),
    ...replaced(input, "payment_method_id", methods),
    ...replaced(input, "payment_id", methods),
    ...otherUsers(db, input),
    ...own,
  ];
}

/** Another order or reservation: the customer's own, and one of a stranger's in the same state. */
function otherThings(db: Db, input: JsonObject, owner: string): readonly JsonObject[] {
  const thing = thingOf(input);
  if (thing === null) return [];
  const rows = [...(db.kind === "retail" ? db.orders : db.reservations).entries()];
  const status = rows.find(([id]) => id === thing.id)?.[1].status;
  const foreign = rows.find(([, row]) => row.user_id !== owner && row.status === status)?.[0];
  const ids = [...thingsOf(db, owner), ...(foreign === undefined ? [] : [foreign])];
  return replaced(input, thing.field, ids);
}

function otherUsers(db: Db, input: JsonObject): readonly JsonObject[] {
  const [first, second] = [...db.users.entries()].map(([id]) => id);
  return replaced(input, "user_id", [first ?? "", second ?? ""].slice(0, 1));
}

function retailChanges(db: RetailDb, input: JsonObject): readonly JsonObject[] {
  const [newItem] = textsOf(input["new_item_ids"]);
  const sold = [...db.products.entries()].map(([, product]) => product.variants);
  const shelf = sold.find((variants) => newItem !== undefined && Object.hasOwn(variants, newItem));
  const inStock = Object.values(shelf ?? {}).filter(({ available }) => available);
  const rest = textsOf(input["new_item_ids"]).slice(1);
  const variants = inStock.map(({ item_id }) => ({ ...input, new_item_ids: [item_id, ...rest] }));
  const reasons = ["no longer needed", "ordered by mistake"];
  return [
    ...variants.filter(({ new_item_ids: [item] }) => item !== newItem),
    ...oneLess(input),
    ...replaced(input, "reason", reasons),
    ...replaced(input, "zip", ["10001"]),
  ];
}

function airlineChanges(_db: AirlineDb, input: JsonObject): readonly JsonObject[] {
  const more = (name: string, by: number): readonly JsonObject[] => {
    const value = input[name];
    return typeof value === "number" ? [{ ...input, [name]: value + by }] : [];
  };
  const passengers = input["passengers"];
  const [first, ...rest] = isList(passengers) ? passengers : [];
  const born = isJsonObject(first)
    ? [{ ...input, passengers: [{ ...first, dob: "1990-01-01" }, ...rest] }]
    : [];
  return [
    ...replaced(input, "cabin", ["basic_economy", "economy", "business"]),
    ...replaced(input, "insurance", ["yes", "no"]),
    ...more("total_baggages", 1),
    ...more("nonfree_baggages", 1),
    ...born,
  ];
}

/** The last item is forgotten, in both lists where there are two. */
function oneLess(input: JsonObject): readonly JsonObject[] {
  const items = textsOf(input["item_ids"]);
  if (items.length < 2) return [];
  const swapped = textsOf(input["new_item_ids"]);
  const less = { ...input, item_ids: items.slice(0, -1) };
  return [swapped.length === 0 ? less : { ...less, new_item_ids: swapped.slice(0, -1) }];
}

function replaced(
  input: JsonObject,
  name: string,
  values: readonly string[],
): readonly JsonObject[] {
  const now = input[name];
  if (typeof now !== "string") return [];
  return values.filter((value) => value !== now).map((value) => ({ ...input, [name]: value }));
}

function textsOf(value: Json | undefined): readonly string[] {
  return isList(value) ? value.filter((item) => typeof item === "string") : [];
}
