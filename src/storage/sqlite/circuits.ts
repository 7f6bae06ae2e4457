/** The circuits as a table beside the journal (laws O1 to O3 in `journal/circuit.ts`). */
import type { DatabaseSync } from "node:sqlite";
import { CIRCUITS_MAX, closedCircuit, type Circuit, type Swapped } from "../../journal/circuit.ts";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../std/json.ts";
import { numberOf, textOf, type Row } from "./rows.ts";

export function readCircuit(db: DatabaseSync, scope: string): Circuit | undefined {
  const row = db.prepare("SELECT * FROM circuits WHERE scope = ?").get(scope);
  return row === undefined ? undefined : circuitOf(row);
}

export function readCircuits(db: DatabaseSync): readonly Circuit[] {
  return db
    .prepare("SELECT * FROM circuits ORDER BY changed_at DESC, scope LIMIT ?")
    .all(CIRCUITS_MAX)
    .map(circuitOf);
}

/** O1 and O2, in the caller's transaction. */
export function swapCircuit(db: DatabaseSync, next: Circuit, expected: number): Swapped {
  const known = readCircuit(db, next.scope) ?? closedCircuit(next.scope);
  if (known.version !== expected) return { won: false, row: known };
  const { scope, changedAt, version: _version, ...body } = next;
  db.prepare(
    "INSERT OR REPLACE INTO circuits (scope, version, changed_at, body) VALUES (?, ?, ?, ?)",
  ).run(scope, expected + 1, changedAt, JSON.stringify(body));
  return { won: true, row: { ...next, version: expected + 1 } };
}

/** A body that a stranger changed is read as far as it goes. */
function circuitOf(row: Row): Circuit {
  const parsed = parseJson(textOf(row, "body"));
  const body: JsonObject = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const number = (name: string): number => {
    const value = body[name];
    return typeof value === "number" && Number.isFinite(value) ? Math.max(0, value) : 0;
  };
  const { probe, reason } = body;
  return {
    scope: textOf(row, "scope"),
    version: numberOf(row, "version"),
    failures: number("failures"),
    opens: number("opens"),
    openUntil: number("openUntil"),
    restUntil: number("restUntil"),
    probe: probeOf(probe),
    reason: typeof reason === "string" ? reason : "",
    changedAt: numberOf(row, "changed_at"),
  };
}

function probeOf(value: Json | undefined): Circuit["probe"] {
  if (value === undefined || !isJsonObject(value)) return null;
  const { holder, until } = value;
  return typeof holder === "string" && typeof until === "number" ? { holder, until } : null;
}
