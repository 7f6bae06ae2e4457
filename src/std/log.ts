/**
 * A persistent append-only sequence: appending returns a new log in O(1) and leaves the old one
 * as it was. Versions share one array; a version reads only its own prefix. Appending to a
 * version that is not the newest copies first, so a branch never disturbs its sibling.
 */
export class Log<T> implements Iterable<T> {
  readonly length: number;
  readonly #items: T[];

  private constructor(items: T[], length: number) {
    this.#items = items;
    this.length = length;
  }

  static of<T>(...items: readonly T[]): Log<T> {
    return new Log([...items], items.length);
  }

  append(...added: readonly T[]): Log<T> {
    if (added.length === 0) return this;
    const items = this.#items.length === this.length ? this.#items : this.toArray();
    for (const item of added) items.push(item);
    return new Log(items, items.length);
  }

  at(index: number): T | undefined {
    const position = index < 0 ? this.length + index : index;
    return position < this.length ? this.#items[position] : undefined;
  }

  /** A fresh array; the items are shared, not cloned. */
  toArray(): T[] {
    return this.#items.slice(0, this.length);
  }

  /** The last item that satisfies the test, looking from the end. */
  findLast(test: (item: T) => boolean): T | undefined {
    for (let i = this.length - 1; i >= 0; i--) {
      const item = this.at(i);
      if (item !== undefined && test(item)) return item;
    }
    return undefined;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.length; i++) {
      const item = this.#items[i];
      if (item !== undefined) yield item;
    }
  }

  toJSON(): T[] {
    return this.toArray();
  }
}
