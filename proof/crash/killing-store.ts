import type { JournalStore } from "../../src/journal/store.ts";
import type { Transactor } from "../../src/journal/transactor.ts";
import type { Gate } from "./gate.ts";

/** A store like the given one, with a boundary before and after each operation that writes. */
export function killingStore(store: JournalStore, gate: Gate): JournalStore {
  return {
    durability: store.durability,
    limits: store.limits,
    create: (run) => around(gate, "create", () => store.create(run)),
    append: (fence, append) => {
      const name = append.after === undefined ? "append" : `settle ${append.after.status}`;
      return around(gate, name, () => store.append(fence, append));
    },
    claim: (runId, request) => around(gate, "claim", () => store.claim(runId, request)),
    extend: (fence, untilMs) => around(gate, "extend", () => store.extend(fence, untilMs)),
    release: (fence) => around(gate, "release", () => store.release(fence)),
    post: (runId, entry) => around(gate, `post ${entry.kind}`, () => store.post(runId, entry)),
    read: (runId, fromSeq, limit) => store.read(runId, fromSeq, limit),
    readBlob: (sha256) => store.readBlob(sha256),
    get: (runId) => store.get(runId),
    list: (filter) => store.list(filter),
    nextWake: () => store.nextWake(),
    inbox: (runId, afterId) => store.inbox(runId, afterId),
    reserve: (reservation) => around(gate, "reserve", () => store.reserve(reservation)),
    unreserve: (fence, key) => around(gate, "unreserve", () => store.unreserve(fence, key)),
    usage: (accounts, at) => store.usage(accounts, at),
    accounts: (filter) => store.accounts(filter),
    approvals: (filter) => store.approvals(filter),
    approval: (approvalId) => store.approval(approvalId),
    circuit: (scope) => store.circuit(scope),
    circuits: () => store.circuits(),
    swapCircuit: (next, version) => around(gate, "swap", () => store.swapCircuit(next, version)),
    close: () => store.close(),
  };
}

/** The same for the transaction of an effect: `after` stands behind its commit. */
export function killingTransactor<Tx>(transactor: Transactor<Tx>, gate: Gate): Transactor<Tx> {
  return {
    run: (key, work) => around(gate, "transaction", () => transactor.run(key, work)),
    find: (key) => around(gate, "look up", () => transactor.find(key)),
  };
}

async function around<T>(gate: Gate, operation: string, act: () => Promise<T>): Promise<T> {
  const pass = gate.enter(operation);
  pass("before");
  const result = await act();
  pass("after");
  return result;
}
