/** What a run is doing now, in one word. */
import type { OutcomeKind } from "../../journal/outcome.ts";
import type { RunRow } from "../../journal/store.ts";
import { isOwnerDead } from "../../orchestration/owner.ts";

/** running: a live worker holds it · waiting: nobody does, and it has work to do. */
export type RunStanding = OutcomeKind | "running" | "waiting" | "parked";

export function standingOf(row: RunRow, now: number): RunStanding {
  if (row.status === "finished") return row.outcome ?? "failed";
  if (isHeld(row, now)) return "running";
  return row.status === "parked" ? "parked" : "waiting";
}

/** A live worker has the run. A lease whose owner died on this machine counts no more. */
export function isHeld(row: RunRow, now: number): boolean {
  return row.lease !== null && row.lease.until > now && !isOwnerDead(row.lease.owner);
}

/** "process 4711 on host" from a lease's owner (see `thisOwner`). */
export function ownerText(owner: string): string {
  const [host = "?", , pid = "?"] = owner.split("/");
  return `process ${pid} on ${host}`;
}
