/**
 * What the outside service remembers, in a database of its own: every request that reached it and
 * every effect it applied. It knows nothing of journals; it is who counts.
 */
import { DatabaseSync } from "node:sqlite";

/** One payment order as a client sends it. */
export interface Order {
  /** The business's own name of the intended effect: what must happen at most once. */
  readonly reference: string;
  /** What the client calls this attempt's identity. */
  readonly key: string;
  readonly cents: number;
}

export interface Applied {
  readonly effectId: number;
  readonly key: string;
  readonly cents: number;
}

/** What happened for one intended effect. */
export interface ReferenceCount {
  readonly reference: string;
  readonly requests: number;
  readonly applied: number;
  /** Different keys it was asked under. */
  readonly keys: number;
}

export class Book {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS requests (reference TEXT NOT NULL, key TEXT NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS effects (effect_id INTEGER PRIMARY KEY, reference TEXT NOT NULL,
        key TEXT NOT NULL, cents INTEGER NOT NULL) STRICT;
      CREATE INDEX IF NOT EXISTS effects_by_key ON effects(key);`);
  }

  /** Applies the order; under `honoursKeys` a key that was applied before changes nothing. */
  apply(order: Order, honoursKeys: boolean): Applied {
    const { reference, key, cents } = order;
    this.#db.exec("BEGIN IMMEDIATE");
    this.#db.prepare("INSERT INTO requests (reference, key) VALUES (?, ?)").run(reference, key);
    const known = honoursKeys ? this.find(key) : undefined;
    const applied = known ?? { effectId: this.#insert(order), key, cents };
    this.#db.exec("COMMIT");
    return applied;
  }

  /** The effect that was applied under a key. */
  find(key: string): Applied | undefined {
    const row = this.#db
      .prepare("SELECT effect_id, cents FROM effects WHERE key = ? LIMIT 1")
      .get(key);
    if (row === undefined) return undefined;
    return { effectId: Number(row["effect_id"]), key, cents: Number(row["cents"]) };
  }

  /** One row for each reference that begins so. */
  count(prefix: string): ReferenceCount[] {
    const rows = this.#db
      .prepare(
        `SELECT reference, count(*) AS requests, count(DISTINCT key) AS keys,
           (SELECT count(*) FROM effects WHERE effects.reference = requests.reference) AS applied
         FROM requests WHERE substr(reference, 1, length(?1)) = ?1
         GROUP BY reference ORDER BY reference`,
      )
      .all(prefix);
    return rows.map((row) => ({
      reference: String(row["reference"]),
      requests: Number(row["requests"]),
      applied: Number(row["applied"]),
      keys: Number(row["keys"]),
    }));
  }

  close(): void {
    this.#db.close();
  }

  #insert({ reference, key, cents }: Order): number {
    const { lastInsertRowid } = this.#db
      .prepare("INSERT INTO effects (reference, key, cents) VALUES (?, ?, ?)")
      .run(reference, key, cents);
    return Number(lastInsertRowid);
  }
}
