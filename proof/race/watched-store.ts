/** A store that remembers what its process was told, and lets it be stopped at the worst moment. */
import type { Append, Appended, Fence, JournalStore } from "../../src/journal/store.ts";
import { isBridleError } from "../../src/std/error.ts";

/** An append that the store said was durable. */
export interface Ack {
  readonly runId: string;
  /** Sequence of its first and of its last event. */
  readonly first: number;
  readonly head: number;
  readonly hash: string;
}

export interface Watched {
  readonly acks: Ack[];
  /** Appends refused because another worker has the run. */
  fenced: number;
  /** Appends refused because the journal had moved on under the same fence: there is no such. */
  conflicts: number;
  /** Extensions refused because another worker has the run. */
  leasesLost: number;
}

export interface Stalls {
  /** Before the append is submitted. */
  readonly before: (fence: Fence, append: Append) => void;
  /** After it is durable and before anybody is told. */
  readonly after: (fence: Fence, append: Append) => void;
}

export function watchStore(
  store: JournalStore,
  stalls: Stalls,
): { readonly store: JournalStore; readonly watched: Watched } {
  const watched: Watched = { acks: [], fenced: 0, conflicts: 0, leasesLost: 0 };
  const append = async (fence: Fence, given: Append): Promise<Appended> => {
    stalls.before(fence, given);
    try {
      const appended = await store.append(fence, given);
      const { head, hash } = appended;
      if (given.events.length > 0) {
        watched.acks.push({ runId: fence.runId, first: given.expected + 1, head, hash });
      }
      stalls.after(fence, given);
      return appended;
    } catch (thrown) {
      if (isBridleError(thrown, "fenced")) watched.fenced += 1;
      if (isBridleError(thrown, "sequence_conflict")) watched.conflicts += 1;
      throw thrown;
    }
  };
  const extend: JournalStore["extend"] = async (fence, untilMs) => {
    const answer = await store.extend(fence, untilMs);
    if (!answer.held) watched.leasesLost += 1;
    return answer;
  };
  const seen: JournalStore = {
    durability: store.durability,
    limits: store.limits,
    create: (run) => store.create(run),
    append,
    extend,
    claim: (runId, request) => store.claim(runId, request),
    release: (fence) => store.release(fence),
    post: (runId, entry) => store.post(runId, entry),
    read: (runId, fromSeq, limit) => store.read(runId, fromSeq, limit),
    readBlob: (sha256) => store.readBlob(sha256),
    get: (runId) => store.get(runId),
    list: (filter) => store.list(filter),
    nextWake: () => store.nextWake(),
    inbox: (runId, afterId) => store.inbox(runId, afterId),
    reserve: (reservation) => store.reserve(reservation),
    unreserve: (fence, key) => store.unreserve(fence, key),
    usage: (accounts, at) => store.usage(accounts, at),
    accounts: (filter) => store.accounts(filter),
    approvals: (filter) => store.approvals(filter),
    approval: (approvalId) => store.approval(approvalId),
    circuit: (scope) => store.circuit(scope),
    circuits: () => store.circuits(),
    swapCircuit: (next, version) => store.swapCircuit(next, version),
    close: () => store.close(),
  };
  return { store: seen, watched };
}
