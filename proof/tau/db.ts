import type { JsonObject } from "../../src/std/json.ts";
import type { AirlineDb } from "./airline/db.ts";
import type { RetailDb } from "./retail/db.ts";
import type { Table } from "./table.ts";

/** The whole outside world of one run: what the tools read and change. */
export type Db = RetailDb | AirlineDb;

/** The two domains there are; the name is the database's own `kind`. */
export type DomainName = Db["kind"];

/** Every table by name, for whoever must see the whole state (hashing, comparing). */
export function listTables(
  db: Db,
): readonly (readonly [string, Pick<Table<JsonObject>, "entries">])[] {
  const users = ["users", db.users] as const;
  if (db.kind === "retail") return [["orders", db.orders], ["products", db.products], users];
  return [["flights", db.flights], ["reservations", db.reservations], users];
}
