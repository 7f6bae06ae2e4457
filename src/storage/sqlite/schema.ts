/**
 * The tables, and how an older file becomes a newer one.
 *
 * Events of all runs are appended to one table in the order they were written: a commit of many
 * runs fills a few pages at its end, where a table ordered by run would touch (and split) a page
 * of each run (measured with 64 runs: 21 KB written a turn against 5). Where a run's events lie
 * is told by `extents`, stretches of consecutive rows. They are written in bulk: while a run is
 * leased, its newest rows may not have an extent yet and are found by looking past `head_id`
 * (see `heads.ts`). Kinds are numbers; the view `journal` shows the same rows with names, for
 * people with a SQL prompt.
 */
import type { DatabaseSync } from "node:sqlite";
import { eventCodes } from "../../journal/event.ts";

/** Marks the file as ours: "BRDL". */
export const APPLICATION_ID = 0x4252444c;

/** Keys of extents and inbox entries: the run's number times this, plus the place in the run. */
export const SEQ_SPAN: number = 2 ** 20;

/**
 * Each entry lifts the schema by one version; never edit one that was released. A new event kind
 * needs an entry too, an empty one: it keeps an older Bridle from writing to the file.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE runs (
    run_pk INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    agent TEXT NOT NULL,
    lane TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT,
    epoch INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER,
    wake_at INTEGER,
    idempotency_key TEXT,
    request_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    head INTEGER NOT NULL,
    head_id INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX runs_by_key ON runs(idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX runs_open ON runs(status, wake_at) WHERE status <> 'finished';
  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    run_pk INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    v INTEGER NOT NULL,
    at INTEGER NOT NULL,
    hash BLOB,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE extents (key INTEGER PRIMARY KEY, id INTEGER NOT NULL, n INTEGER NOT NULL) STRICT;
  CREATE TABLE kinds (kind INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
  CREATE VIEW journal AS
    SELECT run_id, seq, kinds.name AS kind, v, at, body
    FROM events JOIN kinds USING (kind) JOIN runs USING (run_pk);
  CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    run_pk INTEGER NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX inbox_by_key ON inbox(run_pk, key);
  CREATE TABLE blobs (
    sha256 BLOB PRIMARY KEY,
    bytes INTEGER NOT NULL,
    encoding TEXT NOT NULL,
    data BLOB NOT NULL
  ) STRICT;
  `,
  // Kinds 14 to 19, the index of approvals, and the ledger. An account's `entries` are kept only
  // once a window was named for it, ordered by time within the account.
  `
  CREATE TABLE approvals (
    approval_pk INTEGER PRIMARY KEY,
    approval_id TEXT NOT NULL UNIQUE,
    run_pk INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    tenant TEXT,
    tool TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    status TEXT NOT NULL
  ) STRICT;
  CREATE INDEX approvals_by_run ON approvals(run_pk);
  CREATE INDEX approvals_by_age ON approvals(status, requested_at);
  CREATE TABLE accounts (
    account_pk INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    unit TEXT NOT NULL,
    spent INTEGER NOT NULL,
    held INTEGER NOT NULL,
    clock INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX accounts_by_name ON accounts(scope, unit);
  CREATE TABLE windows (
    account_pk INTEGER NOT NULL,
    window_ms INTEGER NOT NULL,
    cutoff INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    held INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (account_pk, window_ms)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE entries (
    account_pk INTEGER NOT NULL,
    at INTEGER NOT NULL,
    reservation_pk INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    is_held INTEGER NOT NULL,
    value TEXT,
    PRIMARY KEY (account_pk, at, reservation_pk)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE buckets (scope TEXT PRIMARY KEY, tokens REAL NOT NULL, at INTEGER NOT NULL) STRICT;
  CREATE TABLE reservations (
    reservation_pk INTEGER PRIMARY KEY,
    run_pk INTEGER NOT NULL,
    key TEXT NOT NULL,
    is_settled INTEGER NOT NULL,
    kept TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX reservations_by_key ON reservations(run_pk, key);
  `,
  // Kinds 22 and 23, and what all runs know about a model or a tool.
  `
  CREATE TABLE circuits (
    scope TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  `,
];

export const SCHEMA_VERSION: number = migrations.length;

/** Brings the open database to today's schema. Runs inside the caller's transaction. */
export function migrate(db: DatabaseSync, from: number): void {
  for (const sql of migrations.slice(from)) db.exec(sql);
  const name = db.prepare("INSERT OR REPLACE INTO kinds (kind, name) VALUES (?, ?)");
  for (const [kind, code] of Object.entries(eventCodes)) name.run(code, kind);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
}
