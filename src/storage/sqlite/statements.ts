import type { DatabaseSync, StatementSync } from "node:sqlite";
import { INBOX_PAGE } from "../../journal/store-rules.ts";
import { SEQ_SPAN } from "./schema.ts";

/** Every statement of the hot path, prepared once per connection. */
export interface Statements {
  readonly insertRun: StatementSync;
  readonly findRun: StatementSync;
  readonly findByKey: StatementSync;
  /** For one, two, three and four events at a time. */
  readonly insertEvents: readonly StatementSync[];
  /** What an append checks: epoch, status, lease owner, indexed head, last inbox id. */
  readonly writer: StatementSync;
  /** Where the indexed part of a run ends: head, head_id, hash, lease owner, time there. */
  readonly indexed: StatementSync;
  /** Rows of a run past an id: id, seq, hash, time. */
  readonly tail: StatementSync;
  readonly hasLater: StatementSync;
  readonly insertExtent: StatementSync;
  readonly setHead: StatementSync;
  readonly readIndexed: StatementSync;
  readonly readTail: StatementSync;
  /** Of each run with rows past an id: its number, its last sequence, the time there. */
  readonly tails: StatementSync;
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
  readonly dataVersion: StatementSync;
  readonly beginRead: StatementSync;
  readonly endRead: StatementSync;
}

const EVENT = "e.seq, e.kind, e.v, e.at, lower(hex(e.hash)), e.body";

export function prepareStatements(db: DatabaseSync): Statements {
  return {
    ...runStatements(db),
    ...eventStatements(db),
    ...inboxStatements(db),
    ...blobStatements(db),
  };
}

function runStatements(
  db: DatabaseSync,
): Pick<
  Statements,
  | "insertRun"
  | "findRun"
  | "findByKey"
  | "park"
  | "unpark"
  | "finish"
  | "claim"
  | "extend"
  | "release"
  | "nextWake"
  | "dataVersion"
  | "beginRead"
  | "endRead"
> {
  return {
    insertRun: db.prepare(
      `INSERT INTO runs (run_id, agent, lane, status, epoch, lease_owner, lease_until,
        idempotency_key, request_hash, created_at, updated_at, head, head_id)
        VALUES (?, ?, ?, 'ready', ?, ?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT (run_id) DO NOTHING`,
    ),
    findRun: db.prepare("SELECT * FROM runs WHERE run_id = ?"),
    findByKey: db.prepare("SELECT run_id, request_hash FROM runs WHERE idempotency_key = ?"),
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
    nextWake: db.prepare(
      // The words of the index's own condition: SQLite does not draw the conclusion itself.
      `SELECT min(wake_at) AS wake_at FROM runs INDEXED BY runs_open
        WHERE status = 'parked' AND status <> 'finished' AND wake_at IS NOT NULL`,
    ),
    dataVersion: tuples(db.prepare("PRAGMA data_version")),
    beginRead: db.prepare("BEGIN DEFERRED"),
    endRead: db.prepare("COMMIT"),
  };
}

function eventStatements(
  db: DatabaseSync,
): Pick<
  Statements,
  | "insertEvents"
  | "writer"
  | "indexed"
  | "tail"
  | "hasLater"
  | "insertExtent"
  | "setHead"
  | "readIndexed"
  | "readTail"
  | "tails"
> {
  return {
    insertEvents: [1, 2, 3, 4].map((rows) =>
      db.prepare(
        `INSERT INTO events (run_pk, seq, kind, v, at, hash, body)
        VALUES ${Array.from({ length: rows }, () => "(?, ?, ?, ?, ?, ?, ?)").join(", ")}`,
      ),
    ),
    writer: tuples(
      db.prepare(
        `SELECT epoch, status, lease_owner IS NOT NULL, head, (SELECT id FROM inbox
          WHERE id < (runs.run_pk + 1) * ${SEQ_SPAN} ORDER BY id DESC LIMIT 1)
        FROM runs WHERE run_pk = ?`,
      ),
    ),
    indexed: tuples(
      db.prepare(
        `SELECT head, head_id, lower(hex(hash)), lease_owner, updated_at
        FROM runs LEFT JOIN events ON events.id = head_id WHERE runs.run_pk = ?`,
      ),
    ),
    tail: tuples(
      db.prepare(
        `SELECT id, seq, lower(hex(hash)), at FROM events
        WHERE id > ? AND run_pk = ? ORDER BY id`,
      ),
    ),
    hasLater: tuples(db.prepare("SELECT 1 FROM events WHERE id > ? AND run_pk = ? LIMIT 1")),
    insertExtent: db.prepare("INSERT INTO extents (key, id, n) VALUES (?, ?, ?)"),
    setHead: db.prepare(
      "UPDATE runs SET head = ?, head_id = ?, updated_at = max(updated_at, ?) WHERE run_pk = ?",
    ),
    readIndexed: tuples(
      db.prepare(
        `SELECT ${EVENT} FROM extents AS x CROSS JOIN events AS e
          ON e.id >= x.id AND e.id < x.id + x.n
        WHERE x.key >= coalesce(
            (SELECT max(key) FROM extents WHERE key <= $from AND key > $base), $base)
          AND x.key < $base + ${SEQ_SPAN} AND e.seq >= $from - $base
        ORDER BY x.key, e.id LIMIT $limit`,
      ),
    ),
    readTail: tuples(
      db.prepare(
        `SELECT ${EVENT} FROM events AS e WHERE e.id > ? AND e.run_pk = ? AND e.seq >= ?
        ORDER BY e.id LIMIT ?`,
      ),
    ),
    tails: tuples(
      // Bare columns beside max() come from the row that has it (sqlite.org/lang_select.html).
      db.prepare("SELECT run_pk, max(seq), at FROM events WHERE id > ? GROUP BY run_pk"),
    ),
  };
}

function blobStatements(db: DatabaseSync): Pick<Statements, "insertBlob" | "readBlob"> {
  return {
    insertBlob: db.prepare(
      "INSERT INTO blobs (sha256, bytes, encoding, data) VALUES (?, ?, ?, ?) " +
        "ON CONFLICT (sha256) DO NOTHING",
    ),
    readBlob: db.prepare("SELECT encoding, data FROM blobs WHERE sha256 = ?"),
  };
}

function inboxStatements(
  db: DatabaseSync,
): Pick<Statements, "inboxHead" | "findInbox" | "insertInbox" | "readInbox"> {
  return {
    inboxHead: db.prepare("SELECT id FROM inbox WHERE id < ? ORDER BY id DESC LIMIT 1"),
    findInbox: db.prepare("SELECT 1 FROM inbox WHERE run_pk = ? AND key = ?"),
    insertInbox: db.prepare(
      "INSERT INTO inbox (id, run_pk, key, kind, at, body) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    readInbox: db.prepare(
      `SELECT * FROM inbox WHERE id > ? AND id < ? ORDER BY id LIMIT ${INBOX_PAGE}`,
    ),
  };
}

/** Rows as arrays: six times faster to make than objects while the code is still cold. */
function tuples(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true);
  return statement;
}
