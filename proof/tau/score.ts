/**
 * Scoring by end state, as the public scorer does it: replay the reference actions on a fresh
 * database and compare the hash of what is left.
 */
import { hashJson } from "../../src/std/hash.ts";
import { BridleError } from "../../src/std/error.ts";
import type { Domain } from "./data.ts";
import { listTables, type Db } from "./db.ts";
import type { Task } from "./task.ts";
import { callTool } from "./tool.ts";

/** Rows never change in place, so a row's hash holds as long as the row does. */
const rowHashes = new WeakMap<object, string>();

/**
 * The hash of a whole database: equal states, equal hash, however they came about. It is taken
 * over the hashes of the rows, so that one of many databases over the same file costs little.
 */
export function dbHash(db: Db): string {
  const tables = listTables(db).map(([name, table]) => {
    const rows = [...table.entries()].map(([rowId, row]) => [rowId, rowHash(row)]);
    return [name, Object.fromEntries(rows)];
  });
  return hashJson(Object.fromEntries(tables));
}

/**
 * The state a task must end in. A reference action that the domain refuses, or a tool it does not
 * have, is skipped: the public scorer logs it and goes on with the next.
 */
export function expectedHash(domain: Domain, task: Task): string {
  if (task.domain !== domain.name) {
    throw new BridleError("usage", `Task ${task.id} is of ${task.domain}, not ${domain.name}.`);
  }
  const db = domain.freshDb();
  for (const action of task.actions) {
    const tool = domain.tools.find((candidate) => candidate.name === action.name);
    if (tool !== undefined) callTool(tool, db, action.arguments);
  }
  return dbHash(db);
}

function rowHash(row: object): string {
  const known = rowHashes.get(row);
  if (known !== undefined) return known;
  const hash = hashJson(row);
  rowHashes.set(row, hash);
  return hash;
}
