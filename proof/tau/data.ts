/**
 * The public tau data, read in place from a folder that holds the two public checkouts,
 * `tau2-bench/` and `tau-bench/`. Nothing of it is copied into this repository.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createAirlineDb, type Flight, type Reservation } from "./airline/db.ts";
import type { User as AirlineUser } from "./airline/db.ts";
import type { Db, DomainName } from "./db.ts";
import { createRetailDb, type Order, type Product, type User } from "./retail/db.ts";
import { absent, readJson, readObject, readRows, readText } from "./files.ts";
import type { Rows } from "./table.ts";
import { parseTasks, type Task } from "./task.ts";
import type { DomainTool } from "./tool.ts";
import { loadTools } from "./toolset.ts";

/** One tau domain. Files are read when first asked for, once. */
export interface Domain {
  readonly name: DomainName;
  /** The rules the agent must follow, Markdown. */
  readonly policy: string;
  readonly tools: readonly DomainTool[];
  readonly tasks: readonly Task[];
  /** A database nobody has written to. It shares the parsed files, so it costs almost nothing. */
  freshDb(): Db;
}

const DEFAULT_ROOT = resolve(import.meta.dirname, "../../../shared/data");

/**
 * The data root: the given path, else `BRIDLE_DATA`, else `../shared/data` beside the repository.
 * The first one named decides; when it is not there, that is an error, not a reason to look on.
 */
export function findDataRoot(path?: string): string {
  const root = resolve(path ?? process.env["BRIDLE_DATA"] ?? DEFAULT_ROOT);
  if (!existsSync(join(root, "tau2-bench")) || !existsSync(join(root, "tau-bench"))) {
    throw absent(root);
  }
  return root;
}

/** Opens a domain below a data root. Throws `usage` when a file is missing or not what it was. */
export function loadDomain(name: DomainName, dataRoot: string): Domain {
  const folder = join(dataRoot, "tau2-bench/data/tau2/domains", name);
  const policy = once(() => readText(join(folder, "policy.md")));
  const tools = once(() => loadTools(name, dataRoot));
  const tasks = once(() =>
    parseTasks(
      name,
      readJson(join(folder, "tasks.json")),
      readJson(join(folder, "split_tasks.json")),
    ),
  );
  const openDb = once(() => (name === "retail" ? openRetail(folder) : openAirline(dataRoot)));
  return {
    name,
    get policy() {
      return policy();
    },
    get tools() {
      return tools();
    },
    get tasks() {
      return tasks();
    },
    freshDb: () => openDb()(),
  };
}

function openRetail(folder: string): () => Db {
  const path = join(folder, "db.json");
  const db = readObject(path);
  const rows = {
    orders: readRows<Order>(db["orders"], { path, keys: ["order_id", "items", "status"] }),
    products: readRows<Product>(db["products"], { path, keys: ["product_id", "variants"] }),
    users: readRows<User>(db["users"], { path, keys: ["user_id", "payment_methods"] }),
  };
  return () => createRetailDb(rows);
}

/** tau2's snapshot has no airline database; its tasks replay on tau-bench's. */
function openAirline(dataRoot: string): () => Db {
  const folder = join(dataRoot, "tau-bench/tau_bench/envs/airline/data");
  const open = <Row>(name: string, keys: readonly (keyof Row & string)[]): Rows<Row> => {
    const path = join(folder, `${name}.json`);
    return readRows<Row>(readObject(path), { path, keys });
  };
  const rows = {
    flights: open<Flight>("flights", ["flight_number", "dates"]),
    reservations: open<Reservation>("reservations", ["reservation_id", "flights", "passengers"]),
    users: open<AirlineUser>("users", ["payment_methods", "reservations"]),
  };
  return () => createAirlineDb(rows);
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
