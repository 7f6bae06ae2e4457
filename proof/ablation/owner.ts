/** Whose things a call is about, in either domain. */
import type { JsonObject } from "../../src/std/json.ts";
import type { Db } from "../tau/db.ts";

/** The order or reservation that a call names. */
export interface Thing {
  readonly field: "order_id" | "reservation_id";
  readonly id: string;
}

export function thingOf(input: JsonObject): Thing | null {
  for (const field of ["order_id", "reservation_id"] as const) {
    const id = input[field];
    if (typeof id === "string") return { field, id };
  }
  return null;
}

/** The user whose order, reservation or profile it is; "" when there is none. */
export function ownerOf(db: Db, input: JsonObject): string {
  const userId = input["user_id"];
  if (typeof userId === "string") return db.users.get(userId) === undefined ? "" : userId;
  const thing = thingOf(input);
  if (thing === null) return "";
  const row = db.kind === "retail" ? db.orders.get(thing.id) : db.reservations.get(thing.id);
  return row?.user_id ?? "";
}

/** The ids of everything of this kind that a user has, as the profile lists it. */
export function thingsOf(db: Db, userId: string): readonly string[] {
  return db.kind === "retail"
    ? (db.users.get(userId)?.orders ?? [])
    : (db.users.get(userId)?.reservations ?? []);
}
