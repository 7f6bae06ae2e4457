/** One task, one peer, one score. */
import type { Domain } from "../tau/data.ts";
import type { Task } from "../tau/task.ts";
import { openWireDesk } from "./desk.ts";
import type { Peer, PlayAt } from "./peers/peer.ts";
import { scoreWire, type WireScore } from "./score.ts";

export interface WirePlay extends WireScore {
  readonly task: Task;
  readonly peer: string;
  /** Calls that reached a tool. */
  readonly executed: number;
  /** Of these, calls whose arguments do not fit the tool's public schema. */
  readonly invalidExecuted: number;
  readonly ms: number;
}

export async function playPeer(
  peer: Peer,
  given: { readonly domain: Domain; readonly task: Task },
  at: PlayAt,
): Promise<WirePlay> {
  const { domain, task } = given;
  const desk = openWireDesk(domain, task);
  const startedAt = performance.now();
  const claim = await peer.play(desk, at);
  const ms = Math.round(performance.now() - startedAt);
  const calls = desk.calls();
  return {
    task,
    peer: peer.name,
    ...scoreWire(domain, { task, db: desk.db, calls, ...claim }),
    executed: calls.length,
    invalidExecuted: desk.invalidExecuted(),
    ms,
  };
}
