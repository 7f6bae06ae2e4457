/**
 * What the outside service knows, in a database of its own: records by desk, and every effect
 * under the key it was asked for with. A desk is the world of one run.
 */
import { DatabaseSync } from "node:sqlite";
import { canonicalJson, isJsonObject, parseJson, type JsonObject } from "../../src/std/json.ts";

/** Records by kind and id. */
export type Seed = Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;

/** The bodies of all records by kind, sorted: what is so, whatever it is called. */
export type Facts = Readonly<Record<string, readonly JsonObject[]>>;

/** The records of one desk, as acts of the service see them. */
export interface Records {
  get(kind: string, id: string): JsonObject | undefined;
  put(kind: string, id: string, body: JsonObject): void;
  /** False when there was none. */
  drop(kind: string, id: string): boolean;
  all(kind: string): readonly JsonObject[];
}

export class Book {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS records (desk TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        body TEXT NOT NULL, PRIMARY KEY (desk, kind, id)) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS effects (desk TEXT NOT NULL, key TEXT NOT NULL,
        act TEXT NOT NULL, output TEXT NOT NULL, PRIMARY KEY (desk, key)) STRICT, WITHOUT ROWID;`);
  }

  open(desk: string, seed: Seed): void {
    this.#db.exec("BEGIN");
    const records = this.records(desk);
    for (const [kind, bodies] of Object.entries(seed)) {
      for (const [id, body] of Object.entries(bodies)) records.put(kind, id, body);
    }
    this.#db.exec("COMMIT");
  }

  records(desk: string): Records {
    const prepare = (sql: string): ReturnType<DatabaseSync["prepare"]> => this.#db.prepare(sql);
    return {
      get: (kind, id) => {
        const sql = "SELECT body FROM records WHERE desk = ? AND kind = ? AND id = ?";
        return bodyOf(prepare(sql).get(desk, kind, id)?.["body"]);
      },
      put: (kind, id, body) => {
        const sql = "INSERT OR REPLACE INTO records (desk, kind, id, body) VALUES (?, ?, ?, ?)";
        prepare(sql).run(desk, kind, id, canonicalJson(body));
      },
      drop: (kind, id) => {
        const sql = "DELETE FROM records WHERE desk = ? AND kind = ? AND id = ?";
        return prepare(sql).run(desk, kind, id).changes > 0;
      },
      all: (kind) => this.#all(desk).get(kind) ?? [],
    };
  }

  facts(desk: string): Facts {
    return Object.fromEntries(this.#all(desk));
  }

  /** The answer that was given under this key, when there was one. */
  answered(desk: string, key: string): JsonObject | undefined {
    const sql = "SELECT output FROM effects WHERE desk = ? AND key = ?";
    return bodyOf(this.#db.prepare(sql).get(desk, key)?.["output"]);
  }

  /** How often this very act was done on this desk. */
  times(desk: string, act: string): number {
    const sql = "SELECT count(*) AS times FROM effects WHERE desk = ? AND act = ?";
    return Number(this.#db.prepare(sql).get(desk, act)?.["times"]);
  }

  /** Does the work and keeps its answer, both or neither. */
  apply(
    effect: { readonly desk: string; readonly key: string; readonly act: string },
    work: () => JsonObject,
  ): JsonObject {
    const { desk, key, act } = effect;
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const output = work();
      this.#db
        .prepare("INSERT INTO effects (desk, key, act, output) VALUES (?, ?, ?, ?)")
        .run(desk, key, act, canonicalJson(output));
      this.#db.exec("COMMIT");
      return output;
    } catch (thrown) {
      this.#db.exec("ROLLBACK");
      throw thrown;
    }
  }

  #all(desk: string): ReadonlyMap<string, readonly JsonObject[]> {
    const kinds = new Map<string, JsonObject[]>();
    const sql = "SELECT kind, body FROM records WHERE desk = ? ORDER BY kind, body";
    for (const row of this.#db.prepare(sql).all(desk)) {
      const kind = String(row["kind"]);
      kinds.set(kind, [...(kinds.get(kind) ?? []), bodyOf(row["body"]) ?? {}]);
    }
    return kinds;
  }
}

function bodyOf(text: unknown): JsonObject | undefined {
  const parsed = typeof text === "string" ? parseJson(text) : undefined;
  return parsed?.ok === true && isJsonObject(parsed.value) ? parsed.value : undefined;
}
