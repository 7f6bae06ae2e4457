/** Rows of the database as the values of the port, checked where they enter. */
import type { SQLInputValue } from "node:sqlite";
import { BridleError } from "../../std/error.ts";
import { eventCodes } from "../../journal/event.ts";
import { outcomeKinds, type OutcomeKind } from "../../journal/outcome.ts";
import type { EventRecord } from "../../journal/record.ts";
import { inboxKinds, type InboxEntry, type RunRow, type RunStatus } from "../../journal/store.ts";
import { parseJson } from "../../std/json.ts";
import { SEQ_SPAN } from "./schema.ts";

/** A row as `node:sqlite` hands it over. */
export type Row = Record<string, unknown>;

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  throw corrupt(column);
}

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw corrupt(column);
}

export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw corrupt(column);
}

function nullableNumber(row: Row, column: string): number | null {
  return row[column] === null ? null : numberOf(row, column);
}

const statuses: readonly RunStatus[] = ["ready", "parked", "finished"];

export function runRow(row: Row): RunRow {
  const status = statuses.find((known) => known === row["status"]);
  if (status === undefined) throw corrupt("status");
  const outcome: OutcomeKind | null =
    outcomeKinds.find((known) => known === row["outcome"]) ?? null;
  const until = nullableNumber(row, "lease_until");
  const owner = row["lease_owner"];
  return {
    runId: textOf(row, "run_id"),
    agent: textOf(row, "agent"),
    status,
    outcome,
    head: numberOf(row, "head"),
    epoch: numberOf(row, "epoch"),
    lease: typeof owner === "string" && until !== null ? { owner, until } : null,
    wakeAt: nullableNumber(row, "wake_at"),
    lane: textOf(row, "lane"),
    createdAt: numberOf(row, "created_at"),
    updatedAt: numberOf(row, "updated_at"),
  };
}

const kindNames: ReadonlyMap<number, string> = new Map(
  Object.entries(eventCodes).map(([kind, code]) => [code, kind]),
);

const kindCodes: ReadonlyMap<string, number> = new Map(Object.entries(eventCodes));

/** What `insertEvents` binds, row after row. */
export function eventValues(pk: number, records: readonly EventRecord[]): SQLInputValue[] {
  const values: SQLInputValue[] = [];
  for (const { seq, kind, v, at, hash, body } of records) {
    const link = hash === null ? null : Buffer.from(hash, "hex");
    values.push(pk, seq, eventCode(kind), v, at, link, body);
  }
  return values;
}

/** The number that stands for a kind in the events table. */
function eventCode(kind: string): number {
  const code = kindCodes.get(kind);
  if (code === undefined) throw corrupt("kind");
  return code;
}

/** A row of an event, in the order the statements select. */
export function eventRecord(row: unknown): EventRecord {
  if (!Array.isArray(row)) throw corrupt("events");
  const [seq, code, v, at, hash, body]: readonly unknown[] = row;
  if (typeof seq !== "number" || typeof code !== "number" || typeof v !== "number") {
    throw corrupt("seq");
  }
  if (typeof at !== "number" || typeof body !== "string") throw corrupt("body");
  const kind = kindNames.get(code) ?? `kind ${code}`;
  const link = typeof hash === "string" && hash !== "" ? hash : null;
  return { seq, kind, v, at, body, hash: link };
}

/** What `tails` selects, as an entry of a map. */
export function tailRow(
  row: unknown,
): [number, { readonly head: number; readonly updatedAt: number }] {
  const [pk, head, updatedAt]: readonly unknown[] = Array.isArray(row) ? row : [];
  if (typeof pk !== "number" || typeof head !== "number" || typeof updatedAt !== "number") {
    throw corrupt("events");
  }
  return [pk, { head, updatedAt }];
}

/** What `writer` selects. */
export interface WriterRow {
  readonly epoch: unknown;
  readonly status: unknown;
  readonly hasOwner: boolean;
  /** The last event that is in `extents`. */
  readonly indexedHead: unknown;
  readonly inboxId: number;
}

export function writerRow(row: unknown): WriterRow | undefined {
  if (!Array.isArray(row)) return undefined;
  const [epoch, status, hasOwner, indexedHead, inboxId]: readonly unknown[] = row;
  return {
    epoch,
    status,
    hasOwner: hasOwner === 1,
    indexedHead,
    inboxId: typeof inboxId === "number" ? inboxId : 0,
  };
}

export function inboxEntry(row: Row): InboxEntry {
  const kind = inboxKinds.find((known) => known === row["kind"]);
  const body = parseJson(textOf(row, "body"));
  if (kind === undefined || !body.ok) throw corrupt("inbox");
  const id = numberOf(row, "id") % SEQ_SPAN;
  return { id, key: textOf(row, "key"), kind, body: body.value, at: numberOf(row, "at") };
}

function corrupt(column: string): BridleError {
  return new BridleError("store_corrupt", `Unexpected value in column ${column}`, {
    hint: "Check the database with `bridle doctor`, then restore a backup.",
  });
}
