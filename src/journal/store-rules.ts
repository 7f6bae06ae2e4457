/** The rules every store shares, so that two stores cannot disagree on them. */
import { BridleError } from "../std/error.ts";
import { eventsReserved, type JournalLimits } from "./limits.ts";
import type { Append, Fence, RunFilter, RunRow } from "./store.ts";

export function fencedError(fence: Fence): BridleError {
  return new BridleError(
    "fenced",
    `Epoch ${fence.epoch} of run ${fence.runId} may no longer write: another worker took over`,
  );
}

export function sequenceError(runId: string, expected: number): BridleError {
  return new BridleError(
    "sequence_conflict",
    `Run ${runId} does not end at event ${expected}: the writer's view is stale`,
  );
}

/** Refuses events over the run's limit; the reserve stays open for what follows an answer. */
export function checkRoom(limits: JournalLimits, append: Append): void {
  const asksMore = append.events.some(({ body }) => body.kind === "model.answered");
  const max = limits.eventsPerRunMax - (asksMore ? eventsReserved : 0);
  if (append.expected + append.events.length <= max) return;
  throw new BridleError("events_limit", `A run holds at most ${limits.eventsPerRunMax} events`, {
    hint: "Split the work into several runs, or raise eventsPerRunMax on the store.",
  });
}

export const LIST_MAX = 10_000;

export function listLimit(filter: RunFilter): number {
  return Math.min(filter.limit ?? 100, LIST_MAX);
}

export function matches(row: RunRow, filter: RunFilter): boolean {
  if (filter.status !== undefined && row.status !== filter.status) return false;
  if (filter.agent !== undefined && row.agent !== filter.agent) return false;
  if (filter.outcome !== undefined && row.outcome !== filter.outcome) return false;
  if (filter.claimableAt === undefined) return true;
  if (row.status === "finished") return false;
  const isDue = row.status === "ready" || (row.wakeAt !== null && row.wakeAt <= filter.claimableAt);
  const isFree = row.lease === null || row.lease.until <= filter.claimableAt;
  return isDue && (isFree || filter.leased === true);
}

/** Oldest first unless asked otherwise; run ids sort by time. */
export function sortRows(rows: readonly RunRow[], filter: RunFilter): RunRow[] {
  const sorted = rows.toSorted((a, b) => a.createdAt - b.createdAt || (a.runId < b.runId ? -1 : 1));
  if (filter.newestFirst === true) sorted.reverse();
  return sorted.slice(0, listLimit(filter));
}
