/**
 * A table of rows that is cheap to start afresh.
 *
 * Rows are never changed in place: a write puts a new row, so a thousand fresh copies share the
 * parsed file, and a row handed out as a tool result stays what it was when it was handed out.
 */
import type { JsonObject } from "../../src/std/json.ts";

/** Rows by id. There is no deletion: no domain tool removes a row. */
export interface Table<Row> {
  get(rowId: string): Row | undefined;
  /** Replaces a row where it stands, or adds it at the end. */
  put(rowId: string, row: Row): void;
  /** Rows in file order, added ones last: the order in which a search meets them. */
  entries(): Iterable<readonly [rowId: string, row: Row]>;
}

/** What was read from a file, shared by every table made from it. */
export type Rows<Row> = ReadonlyMap<string, Row>;

/** A table that starts with these rows; its writes are seen by nobody else. */
export function createTable<Row extends JsonObject>(base: Rows<Row>): Table<Row> {
  const written = new Map<string, Row>();
  return {
    get: (rowId) => written.get(rowId) ?? base.get(rowId),
    put: (rowId, row) => void written.set(rowId, row),
    *entries() {
      for (const [rowId, row] of base) yield [rowId, written.get(rowId) ?? row];
      for (const [rowId, row] of written) if (!base.has(rowId)) yield [rowId, row];
    },
  };
}
