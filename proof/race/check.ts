/** What the journal holds against what the processes were told, and what the outside counted. */
import type { EventRecord } from "../../src/journal/record.ts";
import type { JournalStore, RunRow } from "../../src/journal/store.ts";
import type { ReferenceCount } from "../ledger/book.ts";
import type { Ack } from "./watched-store.ts";

export interface JournalFindings {
  readonly events: number;
  /** Events that a process was told are durable and that are not in the journal as written. */
  readonly eventsLost: number;
  /** Events that two processes were told they had written. */
  readonly sequencesDoubled: number;
  /** Events that no process was told about. */
  readonly eventsUnknown: number;
  /** Runs that did not end, or whose sequence numbers have gaps. */
  readonly runsLost: number;
  /** Runs that changed hands. */
  readonly takenOver: number;
}

/** Every run's records against every acknowledged append. */
export async function checkJournal(
  store: JournalStore,
  rows: readonly RunRow[],
  acks: readonly Ack[],
): Promise<JournalFindings> {
  const byRun = Map.groupBy(acks, ({ runId }) => runId);
  const total = { events: 0, eventsLost: 0, sequencesDoubled: 0, eventsUnknown: 0, runsLost: 0 };
  for (const row of rows) {
    const records = await store.read(row.runId, 1);
    const { lost, doubled, unknown } = compare(records, byRun.get(row.runId) ?? []);
    total.events += records.length;
    total.eventsLost += lost;
    total.sequencesDoubled += doubled;
    total.eventsUnknown += unknown;
    total.runsLost += isWhole(row, records) ? 0 : 1;
    byRun.delete(row.runId);
  }
  for (const orphans of byRun.values())
    for (const ack of orphans) total.eventsLost += lengthOf(ack);
  return { ...total, takenOver: rows.filter(({ epoch }) => epoch > 1).length };
}

/** One end, in the last place, and numbers without a gap. */
function isWhole(row: RunRow, records: readonly EventRecord[]): boolean {
  const isGapless = records.every(({ seq }, index) => seq === index + 1);
  const ends = records.filter(({ kind }) => kind === "run.finished").length;
  const last = records.at(-1);
  return row.status === "finished" && isGapless && ends === 1 && last?.kind === "run.finished";
}

function compare(
  records: readonly EventRecord[],
  acks: readonly Ack[],
): { readonly lost: number; readonly doubled: number; readonly unknown: number } {
  const told = new Map<number, number>();
  let lost = 0;
  for (const ack of acks) {
    // The hash of an append's last event proves all that came before it.
    if (records[ack.head - 1]?.hash !== ack.hash) lost += lengthOf(ack);
    for (let seq = ack.first; seq <= ack.head; seq++) told.set(seq, (told.get(seq) ?? 0) + 1);
  }
  const doubled = told.values().reduce((sum, times) => sum + times - 1, 0);
  // Event 1 was written by whoever accepted the run.
  const unknown = records.filter(({ seq }) => seq > 1 && !told.has(seq)).length;
  return { lost, doubled, unknown };
}

function lengthOf({ first, head }: Ack): number {
  return head - first + 1;
}

export interface EffectFindings {
  readonly effectsApplied: number;
  readonly effectsDoubled: number;
  /** Requests beyond the first for one intended effect. */
  readonly requestsRepeated: number;
}

export function checkEffects(counts: readonly ReferenceCount[]): EffectFindings {
  const sum = (value: (count: ReferenceCount) => number): number =>
    counts.reduce((total, count) => total + value(count), 0);
  return {
    effectsApplied: counts.filter(({ applied }) => applied > 0).length,
    effectsDoubled: sum(({ applied }) => Math.max(0, applied - 1)),
    requestsRepeated: sum(({ requests }) => requests - 1),
  };
}
