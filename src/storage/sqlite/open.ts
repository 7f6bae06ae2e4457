import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BridleError } from "../../std/error.ts";
import { storeFailure } from "./failure.ts";
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from "./schema.ts";

/** `full`: a commit survives power loss. `normal`: it survives the process, not the power. */
export type Synchronous = "full" | "normal";

const levels: { readonly [level in Synchronous]: number } = { full: 2, normal: 1 };

/** How long SQLite itself waits for another writer before the commit queue waits instead. */
const BUSY_WAIT_MS = 20;

/**
 * Pages in the write-ahead log before it is folded into the database and written over. While the
 * log grows, each fsync also commits the file's new size (measured: 190 µs against 117 µs once it
 * is reused), so the log is kept short: half a megabyte, where SQLite's default is four. Group
 * commits fill it faster and raise it (`CommitQueue`).
 */
const CHECKPOINT_PAGES = 128;

export interface OpenedDatabase {
  readonly db: DatabaseSync;
  /** Why nothing may be written, when the file is from a newer Bridle. */
  readonly readOnly: BridleError | null;
}

/** Opens or creates a journal file and proves the settings it relies on. */
export function openDatabase(path: string, synchronous: Synchronous): OpenedDatabase {
  let db: DatabaseSync | undefined;
  try {
    if (path !== ":memory:") checkPlace(path);
    checkLevel(synchronous);
    db = new DatabaseSync(path, { timeout: 5000 });
    const version = checkOrigin(db, path);
    if (version > SCHEMA_VERSION) {
      // Opened before the other one closes: the last to close with the right to write would move
      // the log into the file, and not a byte of it is ours to change.
      const reader = new DatabaseSync(path, { readOnly: true });
      db.close();
      return { db: reader, readOnly: newerError(path, version) };
    }
    prepareDatabase(db, { path, synchronous, version });
    return { db, readOnly: null };
  } catch (thrown) {
    if (db?.isOpen === true) db.close();
    throw storeFailure(thrown, path);
  }
}

/** Callers in plain JavaScript have no types to stop them. */
function checkLevel(synchronous: string): void {
  if (Object.hasOwn(levels, synchronous)) return;
  throw new BridleError("config_invalid", `"${synchronous}" is no level of synchronous`, {
    hint: 'Use "full" (survives power loss) or "normal" (survives the process).',
  });
}

function checkPlace(path: string): void {
  if (path === "") {
    throw new BridleError("store_unreadable", "The journal needs a file name", {
      hint: "Name a file, for example bridle.db: SQLite would throw away one without a name.",
    });
  }
  const folder = dirname(path);
  if (!existsSync(folder)) {
    throw new BridleError("store_unreadable", `The folder ${folder} does not exist`, {
      hint: `Create it: mkdir -p ${folder}`,
    });
  }
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new BridleError("store_unreadable", `${path} is a folder, not a database file`, {
      hint: "Name a file in it, for example bridle.db.",
    });
  }
}

/** The schema version of a file that is ours, 0 for an empty one; anything else is refused. */
function checkOrigin(db: DatabaseSync, path: string): number {
  const application = pragma(db, "application_id");
  const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"];
  if (application === APPLICATION_ID) return pragma(db, "user_version");
  if (application === 0 && tables === 0) return 0;
  throw new BridleError("store_unreadable", `${path} is a database of something else`, {
    hint: "Name another file: Bridle never writes into a database that it did not create.",
  });
}

function prepareDatabase(
  db: DatabaseSync,
  opened: { readonly path: string; readonly synchronous: Synchronous; readonly version: number },
): void {
  const { path, synchronous, version } = opened;
  const mode = db.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal" && path !== ":memory:") {
    throw new BridleError(
      "store_unreadable",
      `${path} cannot use a write-ahead log (${String(mode)})`,
      {
        hint: "Put the journal on a local disk: network file systems cannot hold it.",
      },
    );
  }
  // On macOS an fsync alone leaves the data in the drive's cache; elsewhere fullfsync does nothing.
  db.exec(`PRAGMA synchronous = ${levels[synchronous]}; PRAGMA fullfsync = 1`);
  db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  if (pragma(db, "synchronous") !== levels[synchronous]) {
    throw new BridleError("store_unreadable", `${path}: PRAGMA synchronous did not hold`);
  }
  if (version < SCHEMA_VERSION) {
    db.exec("BEGIN IMMEDIATE");
    // Another process may have migrated between our look and our lock.
    migrate(db, pragma(db, "user_version"));
    db.exec("COMMIT");
  }
  db.exec(`PRAGMA busy_timeout = ${BUSY_WAIT_MS}`);
}

/** An integer pragma as the database reports it. */
export function pragma(db: DatabaseSync, name: string): number {
  const value = db.prepare(`PRAGMA ${name}`).get()?.[name];
  return typeof value === "number" ? value : Number.NaN;
}

function newerError(path: string, version: number): BridleError {
  return new BridleError(
    "store_newer",
    `${path} has schema ${version}; this Bridle knows ${SCHEMA_VERSION}`,
    { hint: "It is open read-only. Upgrade Bridle to write to it, or name another file." },
  );
}
