/**
 * The reference store: everything in this process's memory, nothing survives it. It defines what
 * the contract suite demands in the fewest lines; use it for tests and first steps.
 */
import type { Json } from "../std/json.ts";
import type { ApprovalFilter, ApprovalRow } from "./approval.ts";
import { tenantOf } from "./approval-rules.ts";
import { CIRCUITS_MAX, closedCircuit, type Circuit, type Swapped } from "./circuit.ts";
import type { Account, AccountFilter, AccountRef, Reservation, Reserved } from "./ledger.ts";
import type { Spending } from "./ledger.ts";
import { journalLimits, type JournalLimits } from "./limits.ts";
import { MemoryApprovals } from "./memory-approvals.ts";
import { MemoryLedger } from "./memory-ledger.ts";
import { chainStart, sealEvents, type EventRecord } from "./record.ts";
import type {
  Append,
  Appended,
  Claimed,
  ClaimRequest,
  Created,
  Fence,
  InboxEntry,
  JournalStore,
  Lease,
  NewRun,
  Posted,
  RunFilter,
  RunRow,
} from "./store.ts";
import {
  checkInbox,
  checkRoom,
  fencedError,
  INBOX_PAGE,
  listLimit,
  matches,
  readLimit,
  sealMessage,
  sequenceError,
  unknownRun,
} from "./store-rules.ts";

interface MemoryRun {
  row: RunRow;
  readonly requestHash: string;
  readonly tenant: string | null;
  readonly records: EventRecord[];
  readonly inbox: InboxEntry[];
}

export function memoryStore(
  options: { readonly limits?: Partial<JournalLimits> } = {},
): JournalStore {
  return new MemoryStore(journalLimits(options.limits));
}

class MemoryStore implements JournalStore {
  readonly durability = "none";
  readonly limits: JournalLimits;
  readonly #runs = new Map<string, MemoryRun>();
  readonly #byKey = new Map<string, string>();
  readonly #blobs = new Map<string, string>();
  readonly #ledger = new MemoryLedger();
  readonly #approvals = new MemoryApprovals();
  readonly #circuits = new Map<string, Circuit>();

  constructor(limits: JournalLimits) {
    this.limits = limits;
  }

  async create(run: NewRun): Promise<Created> {
    const known =
      run.idempotencyKey === undefined ? undefined : this.#byKey.get(run.idempotencyKey);
    const existing = this.#runs.get(known ?? run.runId);
    if (existing !== undefined) {
      const { requestHash, row } = existing;
      return { kind: "exists", runId: row.runId, requestHash };
    }
    const events = [{ at: run.at, body: run.created }];
    const sealed = sealEvents(chainStart(run.runId), events, this.limits);
    const epoch = run.lease === undefined ? 0 : 1;
    const row: RunRow = {
      runId: run.runId,
      agent: run.agent,
      status: "ready",
      outcome: null,
      head: 1,
      epoch,
      lease: run.lease ?? null,
      wakeAt: null,
      lane: run.lane,
      createdAt: run.at,
      updatedAt: run.at,
    };
    for (const blob of sealed.blobs) this.#blobs.set(blob.sha256, blob.text);
    const { requestHash } = run;
    const tenant = tenantOf(run.created);
    const records = [...sealed.records];
    this.#runs.set(run.runId, { row, requestHash, tenant, records, inbox: [] });
    if (run.idempotencyKey !== undefined) this.#byKey.set(run.idempotencyKey, run.runId);
    const fence = run.lease === undefined ? null : { runId: run.runId, epoch };
    return { kind: "created", fence, hash: sealed.hash };
  }

  async append(fence: Fence, append: Append): Promise<Appended> {
    const { expected } = append;
    const head = { runId: fence.runId, seq: expected, hash: append.hash };
    const sealed = sealEvents(head, append.events, this.limits);
    const run = this.#fenced(fence);
    if (run.row.head !== expected || run.records.at(-1)?.hash !== append.hash) {
      throw sequenceError(fence.runId, expected);
    }
    checkRoom(this.limits, append);
    this.#approvals.check(fence.runId, append.events);
    for (const blob of sealed.blobs) this.#blobs.set(blob.sha256, blob.text);
    run.records.push(...sealed.records);
    this.#approvals.note({ runId: fence.runId, tenant: run.tenant }, append.events);
    this.#ledger.settle(fence.runId, append.settle ?? []);
    const last = sealed.records.at(-1);
    const inboxHead = run.inbox.length;
    run.row = { ...run.row, head: last?.seq ?? expected, updatedAt: last?.at ?? run.row.updatedAt };
    if (append.after?.status === "finished") {
      run.row = { ...run.row, status: "finished", outcome: append.after.outcome, lease: null };
      this.#ledger.finish(fence.runId);
      this.#approvals.finish(fence.runId);
    } else if (append.after?.status === "parked" && inboxHead <= append.after.inboxSeen) {
      run.row = { ...run.row, status: "parked", wakeAt: append.after.wakeAt };
    }
    return { head: run.row.head, hash: sealed.hash, inboxHead, status: run.row.status };
  }

  async read(runId: string, fromSeq: number, limit?: number): Promise<readonly EventRecord[]> {
    const from = Math.max(0, fromSeq - 1);
    return this.#runs.get(runId)?.records.slice(from, from + readLimit(limit)) ?? [];
  }

  async readBlob(sha256: string): Promise<string | undefined> {
    return this.#blobs.get(sha256);
  }

  async claim(runId: string, request: ClaimRequest): Promise<Claimed> {
    const run = this.#runs.get(runId);
    if (run === undefined) return { kind: "unknown" };
    if (run.row.status === "finished") return { kind: "finished" };
    const { lease, epoch } = run.row;
    const isLive = lease !== null && lease.until > request.nowMs && request.takeFromEpoch !== epoch;
    if (isLive) return { kind: "held", lease };
    const next: Lease = { owner: request.owner, until: request.nowMs + request.leaseMs };
    run.row = { ...run.row, epoch: epoch + 1, lease: next, status: "ready", wakeAt: null };
    return { kind: "claimed", fence: { runId, epoch: epoch + 1 }, row: run.row, lapsed: lease };
  }

  async extend(fence: Fence, untilMs: number): Promise<{ held: boolean; inboxHead: number }> {
    const run = this.#runs.get(fence.runId);
    if (run === undefined) return { held: false, inboxHead: 0 };
    if (run.row.epoch !== fence.epoch || run.row.lease === null) {
      return { held: false, inboxHead: run.inbox.length };
    }
    run.row = { ...run.row, lease: { ...run.row.lease, until: untilMs } };
    return { held: true, inboxHead: run.inbox.length };
  }

  async release(fence: Fence): Promise<void> {
    const run = this.#runs.get(fence.runId);
    if (run?.row.epoch === fence.epoch) run.row = { ...run.row, lease: null };
  }

  async get(runId: string): Promise<RunRow | undefined> {
    return this.#runs.get(runId)?.row;
  }

  async list(filter: RunFilter = {}): Promise<readonly RunRow[]> {
    const rows = [...this.#runs.values()].map((run) => run.row);
    const found = rows.filter((row) => matches(row, filter));
    if (filter.newestFirst === true) found.reverse();
    return found.slice(0, listLimit(filter));
  }

  async nextWake(): Promise<number | null> {
    let next: number | null = null;
    for (const { row } of this.#runs.values()) {
      if (row.status !== "parked" || row.wakeAt === null) continue;
      next = next === null ? row.wakeAt : Math.min(next, row.wakeAt);
    }
    return next;
  }

  async post(runId: string, entry: Omit<InboxEntry, "id">): Promise<Posted> {
    const text = sealMessage(this.limits, entry.body);
    const run = this.#runs.get(runId);
    if (run === undefined) return "unknown_run";
    if (run.row.status === "finished") return "finished";
    if (run.inbox.some((known) => known.key === entry.key)) return "duplicate";
    checkInbox(this.limits, runId, run.inbox.length);
    // Canonical text is what canonicalJson wrote: JSON.
    run.inbox.push({ ...entry, body: JSON.parse(text) as Json, id: run.inbox.length + 1 });
    if (run.row.status === "parked") run.row = { ...run.row, status: "ready", wakeAt: null };
    return "posted";
  }

  async inbox(runId: string, afterId: number): Promise<readonly InboxEntry[]> {
    return this.#runs.get(runId)?.inbox.slice(afterId, afterId + INBOX_PAGE) ?? [];
  }

  async reserve(reservation: Reservation): Promise<Reserved> {
    const run = this.#runs.get(reservation.runId);
    if (run === undefined) throw unknownRun(reservation.runId);
    return this.#ledger.reserve(reservation, run.row.status === "finished");
  }

  async unreserve(fence: Fence, key: string): Promise<void> {
    const row = this.#runs.get(fence.runId)?.row;
    if (row?.epoch === fence.epoch) this.#ledger.unreserve(fence.runId, key);
  }

  async usage(accounts: readonly AccountRef[], at: number): Promise<readonly Spending[]> {
    return accounts.map((account) => this.#ledger.usage(account, at));
  }

  async accounts(filter: AccountFilter = {}): Promise<readonly Account[]> {
    return this.#ledger.accounts(filter);
  }

  async approvals(filter: ApprovalFilter = {}): Promise<readonly ApprovalRow[]> {
    return this.#approvals.list(filter);
  }

  async approval(approvalId: string): Promise<ApprovalRow | undefined> {
    return this.#approvals.get(approvalId);
  }

  async circuit(scope: string): Promise<Circuit | undefined> {
    return this.#circuits.get(scope);
  }

  async circuits(): Promise<readonly Circuit[]> {
    const newestFirst = [...this.#circuits.values()].toSorted((a, b) => b.changedAt - a.changedAt);
    return newestFirst.slice(0, CIRCUITS_MAX);
  }

  async swapCircuit(next: Circuit, expectedVersion: number): Promise<Swapped> {
    const known = this.#circuits.get(next.scope) ?? closedCircuit(next.scope);
    if (known.version !== expectedVersion) return { won: false, row: known };
    const row = { ...next, version: expectedVersion + 1 };
    this.#circuits.set(next.scope, row);
    return { won: true, row };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #fenced(fence: Fence): MemoryRun {
    const run = this.#runs.get(fence.runId);
    if (run === undefined) throw unknownRun(fence.runId);
    if (run.row.epoch !== fence.epoch || run.row.status === "finished") throw fencedError(fence);
    return run;
  }
}
