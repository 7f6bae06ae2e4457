import { readFileSync } from "node:fs";
import { BridleError } from "../../src/std/error.ts";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../src/std/json.ts";
import type { Rows } from "./table.ts";

/**
 * The rows of one table. Of a row only the presence of these keys is checked: the files are fixed
 * public data at a named commit, and replaying every task on them is what checks the rest.
 */
export function readRows<Row>(
  table: Json | undefined,
  expected: { readonly path: string; readonly keys: readonly (keyof Row & string)[] },
): Rows<Row> {
  if (!isJsonObject(table)) throw malformed(expected.path);
  const rows = new Map<string, Row>();
  const isRow = (row: unknown): row is Row =>
    isJsonObject(row) && expected.keys.every((key) => row[key] !== undefined);
  for (const [rowId, row] of Object.entries(table)) {
    if (!isRow(row)) throw malformed(expected.path, `row ${rowId}`);
    rows.set(rowId, row);
  }
  return rows;
}

/** A file that holds one JSON object. */
export function readObject(path: string): JsonObject {
  const value = readJson(path);
  if (!isJsonObject(value)) throw malformed(path);
  return value;
}

/** The parsed file. Throws `usage` when it is missing or not JSON. */
export function readJson(path: string): Json {
  const parsed = parseJson(readText(path));
  if (!parsed.ok) throw malformed(path, parsed.reason);
  return parsed.value;
}

/** The whole file. Throws `usage` when it cannot be read, for whatever reason. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw absent(path, cause);
  }
}

/** A path that is not there. */
export function absent(path: string, cause?: unknown): BridleError {
  return new BridleError("usage", `The tau data is not at ${path}.`, {
    hint:
      "Point at a folder that holds checkouts of sierra-research/tau2-bench and " +
      "sierra-research/tau-bench: --data PATH, or set BRIDLE_DATA.",
    cause,
  });
}

/** A file that is there and does not hold what the public file of that name holds. */
export function malformed(path: string, reason = "unexpected shape"): BridleError {
  return new BridleError("usage", `The tau data at ${path} cannot be used: ${reason}.`, {
    hint: "Point --data PATH at unmodified checkouts of tau2-bench and tau-bench.",
  });
}
