/**
 * Receipts inside a user's own SQLite database, for `transactional` effects (laws T1 to T3 in
 * `journal/transactor.ts`). It opens a connection of its own: whatever the tool does must go
 * through the `tx` it is given, or it is not part of the transaction.
 */
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { Transactor } from "../../journal/transactor.ts";
import { BridleError } from "../../std/error.ts";
import { canonicalJson, parseJson, type Json } from "../../std/json.ts";
import { isBusy, storeFailure } from "./failure.ts";

const TABLE = `CREATE TABLE IF NOT EXISTS bridle_receipts (
  key TEXT PRIMARY KEY, output TEXT NOT NULL, at INTEGER NOT NULL) STRICT`;

/** How long a transaction waits for another writer of the business database. */
const BUSY_MS = 10_000;
/** How much of that SQLite waits by itself, which blocks the event loop. */
const BUSY_BLOCK_MS = 20;

type Work = (tx: DatabaseSync) => Json | Promise<Json>;

export interface SqliteTransactor extends Transactor<DatabaseSync> {
  close(): void;
}

/**
 * Opens the business database at `path`, adds the table `bridle_receipts` to it and sets it to
 * write-ahead logging, which is a lasting property of the file.
 */
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
  const commit = async (key: string, work: Work): Promise<{ output: Json; replayed: boolean }> => {
    await begin(db, path);
    try {
      const before = found(key);
      if (before !== undefined) {
        db.exec("ROLLBACK");
        return { output: before.output, replayed: true };
      }
      const output = await work(db);
      if (!db.isTransaction) throw endedEarly();
      const text = canonicalJson(output);
      await translated(path, () => {
        insert.run(key, text, Date.now());
        db.exec("COMMIT");
      });
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
    find: (key) => translated(path, () => found(key)),
    close: () => db.close(),
  };
}

/** Waits for the lock without blocking: whoever holds it may be in this very process. */
async function begin(db: DatabaseSync, path: string): Promise<void> {
  const deadline = Date.now() + BUSY_MS;
  for (;;) {
    try {
      db.exec("BEGIN IMMEDIATE");
      return;
    } catch (thrown) {
      if (!isBusy(thrown) || Date.now() >= deadline) throw storeFailure(thrown, path);
    }
    await sleep(1 + Math.random() * 10);
  }
}

async function translated<T>(path: string, look: () => T): Promise<T> {
  try {
    return look();
  } catch (thrown) {
    throw storeFailure(thrown, path);
  }
}

function endedEarly(): BridleError {
  return new BridleError("tool_invalid", "The tool ended a transaction that is not its own", {
    hint: "Leave COMMIT and ROLLBACK to the harness; throw to undo, use SAVEPOINT for parts.",
  });
}

function open(path: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_MS });
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    if (db.prepare("PRAGMA synchronous").get()?.["synchronous"] !== 2) {
      throw new BridleError("store_unreadable", `${path}: PRAGMA synchronous did not hold`);
    }
    db.exec(TABLE);
    db.exec(`PRAGMA busy_timeout = ${BUSY_BLOCK_MS}`);
    return db;
  } catch (thrown) {
    if (db?.isOpen === true) db.close();
    throw storeFailure(thrown, path);
  }
}
