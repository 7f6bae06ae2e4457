import type { DatabaseSync, StatementSync } from "node:sqlite";
import { INBOX_PAGE } from "../../journal/store-rules.ts";
import { SEQ_SPAN } from "./schema.ts";

/** A run's newest event, found by its place in the rowid order. */
const LAST = `(SELECT id FROM events WHERE id < (run_pk + 1) * ${SEQ_SPAN} ORDER BY id DESC LIMIT 1)`;

/** The columns of a run, with what its newest event says about head and time. */
export const RUN_COLUMNS: string = `runs.*, ${LAST} AS last_id,
  (SELECT at FROM events WHERE id = ${LAST}) AS updated_at`;

/** Every statement of the hot path, prepared once per connection. */
export interface Statements {
  readonly insertRun: StatementSync;
  readonly findRun: StatementSync;
  readonly findByKey: StatementSync;
  readonly insertEvent: StatementSync;
  readonly lastHash: StatementSync;
  readonly fence: StatementSync;
  readonly readEvents: StatementSync;
  readonly inboxHead: StatementSync;
  readonly findInbox: StatementSync;
  readonly insertInbox: StatementSync;
  readonly readInbox: StatementSync;
  readonly park: StatementSync;
  readonly unpark: StatementSync;
  readonly finish: StatementSync;
  readonly claim: StatementSync;
  readonly extend: StatementSync;
  readonly release: StatementSync;
  readonly insertBlob: StatementSync;
  readonly readBlob: StatementSync;
  readonly nextWake: StatementSync;
}

export function prepareStatements(db: DatabaseSync): Statements {
  return {
    insertRun: db.prepare(
      `INSERT INTO runs (run_id, agent, lane, status, epoch, lease_owner, lease_until,
        idempotency_key, request_hash, created_at) VALUES (?, ?, ?, 'ready', ?, ?, ?, ?, ?, ?)
        ON CONFLICT (run_id) DO NOTHING`,
    ),
    findRun: db.prepare(`SELECT ${RUN_COLUMNS} FROM runs WHERE run_id = ?`),
    findByKey: db.prepare("SELECT run_id, request_hash FROM runs WHERE idempotency_key = ?"),
    insertEvent: db.prepare(
      "INSERT INTO events (id, kind, v, at, hash, body) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    lastHash: db.prepare(
      "SELECT id, hash FROM events WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1",
    ),
    fence: db.prepare("SELECT epoch, status FROM runs WHERE run_pk = ?"),
    readEvents: db.prepare("SELECT * FROM events WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"),
    inboxHead: db.prepare("SELECT id FROM inbox WHERE id < ? ORDER BY id DESC LIMIT 1"),
    findInbox: db.prepare("SELECT 1 FROM inbox WHERE run_pk = ? AND key = ?"),
    insertInbox: db.prepare(
      "INSERT INTO inbox (id, run_pk, key, kind, at, body) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    readInbox: db.prepare(
      `SELECT * FROM inbox WHERE id > ? AND id < ? ORDER BY id LIMIT ${INBOX_PAGE}`,
    ),
    park: db.prepare("UPDATE runs SET status = 'parked', wake_at = ? WHERE run_pk = ?"),
    unpark: db.prepare(
      "UPDATE runs SET status = 'ready', wake_at = NULL WHERE run_pk = ? AND status = 'parked'",
    ),
    finish: db.prepare(
      `UPDATE runs SET status = 'finished', outcome = ?, lease_owner = NULL, lease_until = NULL,
        wake_at = NULL WHERE run_pk = ?`,
    ),
    claim: db.prepare(
      `UPDATE runs SET epoch = ?, lease_owner = ?, lease_until = ?, status = 'ready',
        wake_at = NULL WHERE run_pk = ?`,
    ),
    extend: db.prepare(
      "UPDATE runs SET lease_until = ? WHERE run_pk = ? AND epoch = ? AND lease_owner IS NOT NULL",
    ),
    release: db.prepare(
      "UPDATE runs SET lease_owner = NULL, lease_until = NULL WHERE run_pk = ? AND epoch = ?",
    ),
    insertBlob: db.prepare(
      "INSERT INTO blobs (sha256, bytes, encoding, data) VALUES (?, ?, ?, ?) " +
        "ON CONFLICT (sha256) DO NOTHING",
    ),
    readBlob: db.prepare("SELECT encoding, data FROM blobs WHERE sha256 = ?"),
    nextWake: db.prepare(
      "SELECT min(wake_at) AS wake_at FROM runs WHERE status = 'parked' AND wake_at IS NOT NULL",
    ),
  };
}
