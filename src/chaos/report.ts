/**
 * What was injected, and what the client did about it. The wire shows what was asked next, never
 * what the client thought: a final answer that was cut may have been taken or thrown away.
 *
 * R1 Each injected fault has exactly one sequel: `injected` is the sum of the four.
 * R2 Memory is bounded, however long the server runs.
 */
import type { ExchangeRecord } from "./exchange.ts";

/** How long clients waited before they asked again, milliseconds. */
export interface Waits {
  readonly min: number;
  /** Of the latest thousand. */
  readonly median: number;
  readonly max: number;
}

export interface FaultTally {
  readonly injected: number;
  /** The same decision was asked for again. */
  readonly retried: number;
  /** The next decision was asked for: the answer was taken as it was. */
  readonly wentOn: number;
  /** An error status, no response or a client that left, and nothing more was asked for. */
  readonly gaveUp: number;
  /** It began with 200, and nothing more was asked for: taken or given up, nobody can tell. */
  readonly last: number;
  /** Retries with the very same body. */
  readonly sameBodyAgain: number;
  /** Requests that came before the time which the fault had named. */
  readonly early: number;
  /** The client closed the connection before the end of the response. */
  readonly clientLeft: number;
  /** Null when nobody asked again. */
  readonly waitedMs: Waits | null;
}

export interface ChaosReport {
  readonly note: string;
  /** Requests that were answered, those that came early included. */
  readonly requests: number;
  /** Requests that met at least one fault. */
  readonly faulted: number;
  readonly early: number;
  readonly clientLeft: number;
  /** By name, the most frequent first. */
  readonly faults: Readonly<Record<string, FaultTally>>;
}

export interface ChaosReporter {
  /** To be called with each exchange: it fits `onExchange` of the wire server. */
  take(exchange: ExchangeRecord): void;
  /** The report as of now. What nobody has followed up yet counts as given up, or as the last. */
  report(): ChaosReport;
}

const SIMULATED_NOTE =
  "Simulated: no real model answered, and the faults are injected on purpose. The figures tell " +
  "how the client behaves, not how any provider does.";

/** Conversations with an open fault; the oldest is counted as ended. */
const OPEN_MAX = 10_000;
const WAITS_MAX = 1_000;
/** Faults by name; the catalogue has fewer. A plan of one's own may name more: they are summed. */
const ROWS_MAX = 1_000;
const OTHERS = "others";

type Tally = { -readonly [name in keyof Omit<FaultTally, "waitedMs">]: number };

interface Row {
  readonly tally: Tally;
  /** The latest, as a ring. */
  readonly waits: number[];
  minMs: number;
  maxMs: number;
}

interface Ledger {
  readonly rows: Map<string, Row>;
  /** The latest faulted exchange of each conversation, until its sequel is known. */
  readonly open: Map<string, ExchangeRecord>;
  requests: number;
  faulted: number;
  early: number;
  clientLeft: number;
}

/** The note heads the report: who answered, and that the faults are injected. */
export function chaosReporter(note: string = SIMULATED_NOTE): ChaosReporter {
  const ledger: Ledger = {
    rows: new Map(),
    open: new Map(),
    requests: 0,
    faulted: 0,
    early: 0,
    clientLeft: 0,
  };
  return {
    take: (exchange) => takeExchange(ledger, exchange),
    report: () => ({ note, ...reportOf(ledger) }),
  };
}

function takeExchange(ledger: Ledger, exchange: ExchangeRecord): void {
  ledger.requests += 1;
  if (exchange.clientLeft) ledger.clientLeft += 1;
  const conversation = conversationOf(exchange);
  const before = ledger.open.get(conversation);
  if (before !== undefined) {
    ledger.open.delete(conversation);
    settle(ledger, before, exchange);
  }
  if (exchange.earlyByMs !== undefined) {
    ledger.early += 1;
    for (const name of namesOf(exchange)) rowOf(ledger, name).tally.early += 1;
    return;
  }
  if (exchange.faults.length === 0) return;
  ledger.faulted += 1;
  for (const name of namesOf(exchange)) {
    const { tally } = rowOf(ledger, name);
    tally.injected += 1;
    if (exchange.clientLeft) tally.clientLeft += 1;
  }
  ledger.open.set(conversation, exchange);
  if (ledger.open.size > OPEN_MAX) closeOldest(ledger);
}

/** A run has its key. Clients of the plain address are told apart by how they begin. */
function conversationOf({ runKey, openingHash }: ExchangeRecord): string {
  return runKey === "" ? openingHash : `run ${runKey}`;
}

function namesOf({ faults }: ExchangeRecord): readonly string[] {
  return faults.map((fault) => fault.split(":", 1)[0] ?? fault);
}

function rowOf(ledger: Ledger, given: string): Row {
  const isFull = ledger.rows.size >= ROWS_MAX && !ledger.rows.has(given);
  const name = isFull ? OTHERS : given;
  let row = ledger.rows.get(name);
  if (row === undefined) {
    row = { tally: emptyTally(), waits: [], minMs: Infinity, maxMs: 0 };
    ledger.rows.set(name, row);
  }
  return row;
}

function emptyTally(): Tally {
  return {
    injected: 0,
    retried: 0,
    wentOn: 0,
    gaveUp: 0,
    last: 0,
    sameBodyAgain: 0,
    early: 0,
    clientLeft: 0,
  };
}

/** Counts the sequel of a faulted exchange. */
function settle(ledger: Ledger, faulted: ExchangeRecord, next: ExchangeRecord | undefined): void {
  const sequel = sequelOf(faulted, next);
  for (const name of namesOf(faulted)) {
    const row = rowOf(ledger, name);
    row.tally[sequel] += 1;
    if (sequel !== "retried" || next === undefined) continue;
    if (next.requestHash === faulted.requestHash) row.tally.sameBodyAgain += 1;
    noteWait(row, Math.max(0, next.atMs - faulted.endedAtMs));
  }
}

type Sequel = "retried" | "wentOn" | "gaveUp" | "last";

function sequelOf(faulted: ExchangeRecord, next: ExchangeRecord | undefined): Sequel {
  const decision = faulted.decision ?? 0;
  if (next !== undefined && next.decision === decision) return "retried";
  if (next !== undefined && (next.decision ?? 0) > decision) return "wentOn";
  // Nothing came, or the conversation began anew.
  const isAnswer = faulted.status >= 200 && faulted.status < 300 && !faulted.clientLeft;
  return isAnswer ? "last" : "gaveUp";
}

function noteWait(row: Row, ms: number): void {
  const { retried } = row.tally;
  row.waits[(retried - 1) % WAITS_MAX] = ms;
  row.minMs = Math.min(row.minMs, ms);
  row.maxMs = Math.max(row.maxMs, ms);
}

function closeOldest(ledger: Ledger): void {
  for (const [conversation, exchange] of ledger.open.entries().take(1)) {
    ledger.open.delete(conversation);
    settle(ledger, exchange, undefined);
  }
}

/** Works on a copy, so that what is open stays open. */
function reportOf(ledger: Ledger): Omit<ChaosReport, "note"> {
  const rows = new Map(
    ledger.rows.entries().map(([name, row]) => [name, { ...row, tally: { ...row.tally } }]),
  );
  const copy: Ledger = { ...ledger, rows, open: new Map() };
  for (const exchange of ledger.open.values()) settle(copy, exchange, undefined);
  const sorted = [...rows].toSorted(
    ([a, one], [b, other]) => other.tally.injected - one.tally.injected || (a < b ? -1 : 1),
  );
  const { requests, faulted, early, clientLeft } = ledger;
  const faults = Object.fromEntries(
    sorted.map(([name, row]) => [name, { ...row.tally, waitedMs: waitsOf(row) }]),
  );
  return { requests, faulted, early, clientLeft, faults };
}

function waitsOf({ waits, minMs, maxMs }: Row): Waits | null {
  if (waits.length === 0) return null;
  const sorted = waits.toSorted((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return { min: minMs, median, max: maxMs };
}
