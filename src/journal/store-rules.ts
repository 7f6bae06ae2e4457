/** The rules every store shares, so that two stores cannot disagree on them. */
import { BridleError } from "../std/error.ts";
import { canonicalJson, ENVELOPE_LEVELS, type Json } from "../std/json.ts";
import { eventsPerRunCeiling, eventsReserved, type JournalLimits } from "./limits.ts";
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

export function unknownRun(runId: string): BridleError {
  return new BridleError("run_unknown", `No run "${runId}" in this journal`, {
    hint: "List the runs with `bridle runs`.",
  });
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

export function listLimit(filter: { readonly limit?: number }): number {
  return atMost(filter.limit ?? 100, LIST_MAX);
}

/** Events one `read` hands out at most, whatever was asked for. */
export const READ_MAX: number = eventsPerRunCeiling;

export function readLimit(limit = 10_000): number {
  return atMost(limit, READ_MAX);
}

/** A number that SQL and arrays read alike: whole, and no negative one that means "all". */
function atMost(asked: number, max: number): number {
  return Math.min(Math.max(0, Math.trunc(asked) || 0), max);
}

/** Messages one `inbox` hands out at most; the rest follows the last id. */
export const INBOX_PAGE = 1_000;

/** The canonical text of a message's body, or the error that it is too large. */
export function sealMessage(limits: JournalLimits, body: Json): string {
  const text = canonicalJson(body, ENVELOPE_LEVELS);
  if (text.length <= limits.eventCharsMax) return text;
  throw new BridleError("event_too_large", `A message of ${text.length} characters`, {
    hint: `Messages hold at most ${limits.eventCharsMax} characters.`,
  });
}

/** Each message becomes an event, so a run takes no more of them than events. */
export function checkInbox(limits: JournalLimits, runId: string, head: number): void {
  if (head < limits.eventsPerRunMax) return;
  throw new BridleError("events_limit", `The inbox of run ${runId} holds ${head} messages`, {
    hint: "Start a new run, or raise eventsPerRunMax on the store.",
  });
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
