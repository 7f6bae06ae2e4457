/**
 * A persistent append-only multimap: adding returns a new index in the time of what is added and
 * leaves the old one as it was. Like `Log`, versions share one table and a version reads only its
 * own part; adding to a version that is not the newest copies first.
 */
export class LogIndex<T> {
  readonly length: number;
  readonly #table: Table<T>;

  private constructor(table: Table<T>, length: number) {
    this.#table = table;
    this.length = length;
  }

  static empty<T>(): LogIndex<T> {
    return new LogIndex<T>({ count: 0, rows: new Map() }, 0);
  }

  add(entries: readonly (readonly [key: string, item: T])[]): LogIndex<T> {
    if (entries.length === 0) return this;
    const table = this.#table.count === this.length ? this.#table : this.#copied();
    for (const [key, item] of entries) {
      const row = table.rows.get(key);
      const entry = { serial: table.count++, item };
      if (row === undefined) table.rows.set(key, [entry]);
      else row.push(entry);
    }
    return new LogIndex(table, table.count);
  }

  /** What was added under the key, in order. */
  *get(key: string): Generator<T> {
    for (const { serial, item } of this.#table.rows.get(key) ?? []) {
      if (serial >= this.length) return;
      yield item;
    }
  }

  toJSON(): readonly (readonly [string, readonly T[]])[] {
    return [...this.#table.rows.keys()].flatMap((key) => {
      const items = [...this.get(key)];
      return items.length === 0 ? [] : [[key, items] as const];
    });
  }

  #copied(): Table<T> {
    const rows = new Map<string, Entry<T>[]>();
    for (const [key, row] of this.#table.rows) {
      const own = row.filter(({ serial }) => serial < this.length);
      if (own.length > 0) rows.set(key, own);
    }
    return { count: this.length, rows };
  }
}

interface Entry<T> {
  readonly serial: number;
  readonly item: T;
}

interface Table<T> {
  count: number;
  readonly rows: Map<string, Entry<T>[]>;
}
