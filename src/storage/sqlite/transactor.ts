/**
 * Receipts inside a user's own SQLite database, for `transactional` effects (laws T1 to T3 in
 * `journal/transactor.ts`). It opens a connection of its own: whatever the tool does must go
 * through the `tx` it is given, or it is not part of the transaction.
 */
import { DatabaseSync } from "node:sqlite";
import type { Transactor } from "../../journal/transactor.ts";
import { BridleError } from "../../std/error.ts";
import { canonicalJson, parseJson, type Json } from "../../std/json.ts";
import { storeFailure } from "./failure.ts";

const TABLE = `CREATE TABLE IF NOT EXISTS bridle_receipts (
  key TEXT PRIMARY KEY, output TEXT NOT NULL, at INTEGER NOT NULL) STRICT`;

/** How long a transaction waits for another writer of the business database. */
const BUSY_MS = 10_000;

export interface SqliteTransactor extends Transactor<DatabaseSync> {
  close(): void;
}

/** Opens the business database at `path` and adds the table `bridle_receipts` to it. */
export function sqliteTransactor(path: string): SqliteTransactor {
  const db = open(path);
  const find = db.prepare("SELECT output FROM bridle_receipts WHERE key = ?");
  const insert = db.prepare("INSERT INTO bridle_receipts (key, output, at) VALUES (?, ?, ?)");
  const found = (key: string): { output: Json } | undefined => {
    const text = find.get(key)?.["output"];
    const parsed = typeof text === "string" ? parseJson(text) : undefined;
    return parsed?.ok === true ? { output: parsed.value } : undefined;
  };
  /** One transaction at a time on this connection. */
  let turn: Promise<unknown> = Promise.resolve();
  const commit = async (
    key: string,
    work: (tx: DatabaseSync) => Json | Promise<Json>,
  ): Promise<{ output: Json; replayed: boolean }> => {
    db.exec("BEGIN IMMEDIATE");
    try {
      const before = found(key);
      if (before !== undefined) {
        db.exec("ROLLBACK");
        return { output: before.output, replayed: true };
      }
      const output = await work(db);
      insert.run(key, canonicalJson(output), Date.now());
      db.exec("COMMIT");
      return { output, replayed: false };
    } catch (thrown) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw thrown;
    }
  };
  return {
    run: (key, work) => {
      const mine = turn.then(() => commit(key, work));
      turn = mine.catch(() => undefined);
      return mine;
    },
    find: async (key) => found(key),
    close: () => db.close(),
  };
}

function open(path: string): DatabaseSync {
  try {
    const db = new DatabaseSync(path, { timeout: BUSY_MS });
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    if (db.prepare("PRAGMA synchronous").get()?.["synchronous"] !== 2) {
      throw new BridleError("store_unreadable", `${path}: PRAGMA synchronous did not hold`);
    }
    db.exec(TABLE);
    return db;
  } catch (thrown) {
    throw storeFailure(thrown, path);
  }
}
