import { existsSync, rmSync } from "node:fs";
import { backup, DatabaseSync } from "node:sqlite";
import { BridleError } from "../../std/error.ts";
import { journalLimits, type JournalLimits } from "../../journal/limits.ts";
import type { Durability, JournalStore } from "../../journal/store.ts";
import { CommitQueue } from "./commit-queue.ts";
import { storeFailure } from "./failure.ts";
import { checkIntegrity, type IntegrityReport } from "./integrity.ts";
import { openDatabase, type Synchronous } from "./open.ts";
import { SqliteStore, type StoreParts } from "./store.ts";

export interface SqliteOptions {
  /**
   * `full` (default): every commit waits for one fsync and survives power loss. `normal` leaves
   * the fsync out: commits survive the death of the process, but a power cut may take the last
   * ones, so an effect that happened can be forgotten and happen again. See bench/RESULTS.md for
   * what the fsync costs.
   */
  readonly synchronous?: Synchronous;
  readonly limits?: Partial<JournalLimits>;
  /** How long a write waits for another process's lock before `store_busy`. Default 15,000. */
  readonly busyMs?: number;
}

export interface SqliteJournal extends JournalStore {
  readonly path: string;
  /** Transactions committed by this connection. */
  readonly commits: () => number;
  /** Checks the file, every chain and every blob; reads all of it. */
  readonly integrity: () => Promise<IntegrityReport>;
  /** A consistent copy while runs go on, into a file that does not exist yet. */
  readonly backup: (path: string) => Promise<void>;
}

/**
 * Opens the journal at `path`, creating it when absent. Several processes may open one file.
 * A file written by a newer Bridle opens read-only: every write then fails with `store_newer`.
 */
export function sqlite(path: string, options: SqliteOptions = {}): SqliteJournal {
  const synchronous = options.synchronous ?? "full";
  const limits = journalLimits(options.limits);
  const { db, readOnly } = openDatabase(path, synchronous);
  const queue = new CommitQueue(db, path, options.busyMs ?? 15_000);
  if (readOnly !== null) queue.refuseWith(readOnly);
  const durability = durabilityOf(path, synchronous);
  const store = openStore({ db, path, queue, limits, durability }, readOnly);
  return Object.assign(store, {
    path,
    commits: () => queue.commits,
    integrity: () => checkIntegrity(db, store),
    backup: (target: string) => copyTo(db, path, target),
  });
}

function durabilityOf(path: string, synchronous: Synchronous): Durability {
  if (path === ":memory:") return "none";
  return synchronous === "full" ? "power" : "process";
}

/** A newer schema may lack what our statements name; then not even reading is possible. */
function openStore(parts: StoreParts, readOnly: BridleError | null): SqliteStore {
  try {
    return new SqliteStore(parts);
  } catch (thrown) {
    parts.db.close();
    throw readOnly ?? storeFailure(thrown, parts.path);
  }
}

async function copyTo(db: DatabaseSync, path: string, target: string): Promise<void> {
  if (existsSync(target)) {
    throw new BridleError("usage", `${target} exists already`, {
      hint: "Name a file that does not exist yet: a backup overwrites nothing.",
    });
  }
  try {
    if (path === ":memory:") db.prepare("VACUUM INTO ?").run(target);
    else await copySnapshot(path, target);
  } catch (thrown) {
    rmSync(target, { force: true });
    throw storeFailure(thrown, target);
  }
}

/**
 * Copies through a connection of its own that stays at one moment: on the connection that writes,
 * a step of the copy would meet a transaction half done.
 */
async function copySnapshot(path: string, target: string): Promise<void> {
  const reader = new DatabaseSync(path, { readOnly: true });
  try {
    reader.exec("BEGIN");
    // The snapshot is taken by the first read.
    reader.prepare("SELECT count(*) FROM kinds").get();
    await backup(reader, target);
  } finally {
    reader.close();
  }
}
