/**
 * The journal in one SQLite file. The laws are those of the port (S1 to S6 in `journal/store.ts`);
 * here every write is a short function that runs inside a group commit: it checks first, writes
 * second, and refuses with a `BridleError` before it has changed anything. `heads.ts` knows where
 * a run's events end.
 */
import type { DatabaseSync } from "node:sqlite";
import { BridleError } from "../../std/error.ts";
import type { ApprovalFilter, ApprovalRow } from "../../journal/approval.ts";
import type { Circuit, Swapped } from "../../journal/circuit.ts";
import type { Account, AccountFilter, AccountRef } from "../../journal/ledger.ts";
import type { Reservation, Reserved, Spending } from "../../journal/ledger.ts";
import { planReservation } from "../../journal/ledger-rules.ts";
import type { JournalLimits } from "../../journal/limits.ts";
import { chainStart, sealEvents, type EventRecord, type Sealed } from "../../journal/record.ts";
import type {
  Append,
  Appended,
  Claimed,
  ClaimRequest,
  Created,
  Durability,
  Fence,
  InboxEntry,
  JournalStore,
  NewRun,
  Posted,
  RunFilter,
  RunRow,
  RunStatus,
} from "../../journal/store.ts";
import {
  checkRoom,
  fencedError,
  readLimit,
  sealMessage,
  sequenceError,
  unknownRun,
} from "../../journal/store-rules.ts";
import { SqliteApprovals } from "./approvals.ts";
import { packBlob, readBlobText, writeBlob } from "./blobs.ts";
import { readCircuit, readCircuits, swapCircuit } from "./circuits.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { storeFailure } from "./failure.ts";
import { Heads, type Head } from "./heads.ts";
import { inboxHead, postMessage, readInbox } from "./inbox.ts";
import { SqliteLedger } from "./ledger.ts";
import { currentRows, listRuns } from "./list.ts";
import { eventRecord, eventValues, numberOf, runRow, textOf, writerRow, type Row } from "./rows.ts";
import { SEQ_SPAN } from "./schema.ts";
import { prepareStatements, type Statements } from "./statements.ts";

/** Run ids whose row number is remembered; past that the oldest are looked up again. */
const REMEMBERED_MAX = 10_000;

export interface StoreParts {
  readonly db: DatabaseSync;
  readonly path: string;
  readonly queue: CommitQueue;
  readonly limits: JournalLimits;
  readonly durability: Durability;
}

interface FencedRun {
  readonly inboxHead: number;
  readonly hasOwner: boolean;
  readonly indexedHead: unknown;
  readonly status: RunStatus;
}

export class SqliteStore implements JournalStore {
  readonly durability: Durability;
  readonly limits: JournalLimits;
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #queue: CommitQueue;
  readonly #sql: Statements;
  readonly #heads: Heads;
  readonly #ledger: SqliteLedger;
  readonly #approvals: SqliteApprovals;
  readonly #pks = new Map<string, number>();

  constructor(parts: StoreParts) {
    this.durability = parts.durability;
    this.limits = parts.limits;
    this.#db = parts.db;
    this.#path = parts.path;
    this.#queue = parts.queue;
    this.#sql = prepareStatements(parts.db);
    this.#heads = new Heads(this.#sql);
    this.#ledger = new SqliteLedger(parts.db);
    this.#approvals = new SqliteApprovals(parts.db);
    parts.queue.observe({
      begun: () => this.#heads.begin(),
      rolledBack: () => this.#heads.forgetAll(),
    });
  }

  async create(run: NewRun): Promise<Created> {
    const events = [{ at: run.at, body: run.created }];
    const sealed = sealEvents(chainStart(run.runId), events, this.limits);
    const blobs = sealed.blobs.map(packBlob);
    return this.#queue.submit((): Created => {
      const known: Row | undefined =
        run.idempotencyKey === undefined ? undefined : this.#sql.findByKey.get(run.idempotencyKey);
      if (known !== undefined) return existing(known);
      const { runId, agent, lane, lease, idempotencyKey, requestHash, at } = run;
      const epoch = lease === undefined ? 0 : 1;
      const owner = lease?.owner ?? null;
      const until = lease?.until ?? null;
      const key = idempotencyKey ?? null;
      const row = [runId, agent, lane, epoch, owner, until, key, requestHash, at, at];
      const { changes, lastInsertRowid } = this.#sql.insertRun.run(...row);
      if (Number(changes) === 0) return existing(this.#sql.findRun.get(runId));
      const pk = Number(lastInsertRowid);
      for (const blob of blobs) writeBlob(this.#sql, blob);
      const head = this.#heads.start(pk, at);
      this.#insert(pk, head, sealed);
      this.#heads.index(pk, head, true);
      const fence = lease === undefined ? null : { runId, epoch };
      return { kind: "created", fence, hash: sealed.hash };
    });
  }

  async append(fence: Fence, append: Append): Promise<Appended> {
    const place = { runId: fence.runId, seq: append.expected, hash: append.hash };
    const sealed = sealEvents(place, append.events, this.limits);
    const blobs = sealed.blobs.map(packBlob);
    return this.#queue.submit((): Appended => {
      const pk = this.#requirePk(fence.runId);
      const { inboxHead, hasOwner, indexedHead, status: before } = this.#checkFence(pk, fence);
      const head = this.#heads.of(pk, indexedHead);
      if (head.seq !== append.expected || head.hash !== append.hash) {
        throw sequenceError(fence.runId, append.expected);
      }
      checkRoom(this.limits, append);
      this.#approvals.check(pk, append.events);
      for (const blob of blobs) writeBlob(this.#sql, blob);
      this.#insert(pk, head, sealed);
      this.#heads.index(pk, head, append.after !== undefined || !hasOwner);
      this.#approvals.note(pk, append.events);
      this.#ledger.settle(pk, append.settle ?? []);
      const status = this.#settle(pk, append, inboxHead) ?? before;
      return { head: head.seq, hash: head.hash, inboxHead, status };
    });
  }

  /** S2: the fence is current and the run is open. */
  #checkFence(pk: number, fence: Fence): FencedRun {
    const row = writerRow(this.#sql.writer.get(pk));
    if (row?.epoch !== fence.epoch || row.status === "finished") throw fencedError(fence);
    const inboxHead = row.inboxId > pk * SEQ_SPAN ? row.inboxId - pk * SEQ_SPAN : 0;
    const status = row.status === "parked" ? "parked" : "ready";
    return { inboxHead, hasOwner: row.hasOwner, indexedHead: row.indexedHead, status };
  }

  #insert(pk: number, head: Head, sealed: Sealed): void {
    const last = sealed.records.at(-1);
    if (last === undefined) return;
    let lastId = 0;
    for (let from = 0; from < sealed.records.length;) {
      const some = sealed.records.slice(from, from + this.#sql.insertEvents.length);
      const row = this.#sql.insertEvents[some.length - 1]?.run(...eventValues(pk, some));
      lastId = Number(row?.lastInsertRowid);
      from += some.length;
    }
    const n = sealed.records.length;
    this.#heads.advance(head, { n, lastId, hash: sealed.hash, at: last.at });
  }

  /** What the run becomes; undefined when it stays what it is. */
  #settle(pk: number, append: Append, inboxHead: number): RunStatus | undefined {
    if (append.after?.status === "finished") {
      this.#sql.finish.run(append.after.outcome, pk);
      this.#ledger.finish(pk);
      this.#approvals.finish(pk);
      this.#heads.forget(pk);
      return "finished";
    }
    if (append.after?.status === "parked" && inboxHead <= append.after.inboxSeen) {
      this.#sql.park.run(append.after.wakeAt, pk);
      return "parked";
    }
    return undefined;
  }

  async read(runId: string, fromSeq: number, limit?: number): Promise<readonly EventRecord[]> {
    return this.#look(() => this.#read(runId, Math.max(1, fromSeq), readLimit(limit)));
  }

  #read(runId: string, from: number, most: number): EventRecord[] {
    const pk = this.#pk(runId);
    if (pk === undefined) return [];
    const $base = pk * SEQ_SPAN;
    const indexed = this.#sql.readIndexed.all({ $base, $from: $base + from, $limit: most });
    const records = indexed.map(eventRecord);
    if (records.length >= most) return records;
    const end: unknown = this.#sql.indexed.get(pk);
    const [head, headId, , owner]: readonly unknown[] = Array.isArray(end) ? end : [];
    // Only a leased run has rows past its index (P2 in heads.ts).
    if (owner === null || typeof head !== "number" || typeof headId !== "number") return records;
    const next = Math.max(from, head + 1);
    const tail = this.#sql.readTail.all(headId, pk, next, most - records.length);
    return [...records, ...tail.map(eventRecord)];
  }

  async readBlob(sha256: string): Promise<string | undefined> {
    return this.#look(() => readBlobText(this.#sql, sha256));
  }

  claim(runId: string, request: ClaimRequest): Promise<Claimed> {
    return this.#queue.submit((): Claimed => {
      const row: Row | undefined = this.#sql.findRun.get(runId);
      if (row === undefined) return { kind: "unknown" };
      const run = runRow(row);
      if (run.status === "finished") return { kind: "finished" };
      const { lease, epoch } = run;
      const isLive =
        lease !== null && lease.until > request.nowMs && request.takeFromEpoch !== epoch;
      if (isLive) return { kind: "held", lease };
      const until = request.nowMs + request.leaseMs;
      const pk = numberOf(row, "run_pk");
      const head = this.#heads.afresh(pk);
      this.#heads.index(pk, head, true);
      this.#sql.claim.run(epoch + 1, request.owner, until, pk);
      const taken = { owner: request.owner, until };
      return {
        kind: "claimed",
        lapsed: lease,
        fence: { runId, epoch: epoch + 1 },
        row: {
          ...run,
          epoch: epoch + 1,
          head: head.seq,
          updatedAt: head.at,
          lease: taken,
          status: "ready",
          wakeAt: null,
        },
      };
    });
  }

  extend(fence: Fence, untilMs: number): Promise<{ held: boolean; inboxHead: number }> {
    return this.#queue.submit(() => {
      const pk = this.#pk(fence.runId);
      if (pk === undefined) return { held: false, inboxHead: 0 };
      const { changes } = this.#sql.extend.run(untilMs, pk, fence.epoch);
      if (Number(changes) === 1) this.#index(pk);
      return { held: Number(changes) === 1, inboxHead: inboxHead(this.#sql, pk) };
    });
  }

  release(fence: Fence): Promise<void> {
    return this.#queue.submit(() => {
      const pk = this.#pk(fence.runId);
      if (pk === undefined) return;
      if (writerRow(this.#sql.writer.get(pk))?.epoch !== fence.epoch) return;
      this.#index(pk);
      this.#sql.release.run(pk, fence.epoch);
      this.#heads.forget(pk);
    });
  }

  /** Leaves no row of the run without an extent (P2 in heads.ts). */
  #index(pk: number): void {
    const indexedHead = writerRow(this.#sql.writer.get(pk))?.indexedHead;
    this.#heads.index(pk, this.#heads.of(pk, indexedHead), true);
  }

  async get(runId: string): Promise<RunRow | undefined> {
    return this.#look(() => {
      const row: Row | undefined = this.#sql.findRun.get(runId);
      return row === undefined ? undefined : currentRows(this.#sql, [row])[0];
    });
  }

  async list(filter: RunFilter = {}): Promise<readonly RunRow[]> {
    return this.#look(() => currentRows(this.#sql, listRuns(this.#db, filter)));
  }

  async nextWake(): Promise<number | null> {
    const wakeAt = this.#look(() => this.#sql.nextWake.get()?.["wake_at"]);
    return typeof wakeAt === "number" ? wakeAt : null;
  }

  async post(runId: string, entry: Omit<InboxEntry, "id">): Promise<Posted> {
    const text = sealMessage(this.limits, entry.body);
    return this.#queue.submit((): Posted => {
      const pk = this.#pk(runId);
      if (pk === undefined) return "unknown_run";
      return postMessage(this.#sql, { pk, runId, limits: this.limits }, { ...entry, text });
    });
  }

  async inbox(runId: string, afterId: number): Promise<readonly InboxEntry[]> {
    return this.#look(() => {
      const pk = this.#pk(runId);
      return pk === undefined ? [] : readInbox(this.#sql, pk, afterId);
    });
  }

  async reserve(reservation: Reservation): Promise<Reserved> {
    const plan = planReservation(reservation);
    return this.#queue.submit((): Reserved => {
      const pk = this.#requirePk(reservation.runId);
      const isOver = writerRow(this.#sql.writer.get(pk))?.status === "finished";
      return this.#ledger.reserve({ pk, isOver }, reservation, plan);
    });
  }

  unreserve(fence: Fence, key: string): Promise<void> {
    return this.#queue.submit(() => {
      const pk = this.#pk(fence.runId);
      if (pk === undefined || writerRow(this.#sql.writer.get(pk))?.epoch !== fence.epoch) return;
      this.#ledger.unreserve(pk, key);
    });
  }

  async usage(accounts: readonly AccountRef[], at: number): Promise<readonly Spending[]> {
    return this.#look(() => accounts.map((account) => this.#ledger.usage(account, at)));
  }

  async accounts(filter: AccountFilter = {}): Promise<readonly Account[]> {
    return this.#look(() => this.#ledger.accounts(filter));
  }

  async approvals(filter: ApprovalFilter = {}): Promise<readonly ApprovalRow[]> {
    return this.#look(() => this.#approvals.list(filter));
  }

  async approval(approvalId: string): Promise<ApprovalRow | undefined> {
    return this.#look(() => this.#approvals.get(approvalId));
  }

  async circuit(scope: string): Promise<Circuit | undefined> {
    return this.#look(() => readCircuit(this.#db, scope));
  }

  async circuits(): Promise<readonly Circuit[]> {
    return this.#look(() => readCircuits(this.#db));
  }

  swapCircuit(next: Circuit, expectedVersion: number): Promise<Swapped> {
    return this.#queue.submit(() => swapCircuit(this.#db, next, expectedVersion));
  }

  async close(): Promise<void> {
    await this.#queue.close();
    if (this.#db.isOpen) this.#db.close();
  }

  /**
   * Reads see one moment: between two statements another process may move rows into `extents`.
   * They run between the group commits of this connection, never within one.
   */
  #look<T>(read: () => T): T {
    try {
      this.#sql.beginRead.run();
      try {
        return read();
      } finally {
        this.#sql.endRead.run();
      }
    } catch (thrown) {
      throw storeFailure(thrown, this.#path);
    }
  }

  #requirePk(runId: string): number {
    const pk = this.#pk(runId);
    if (pk !== undefined) return pk;
    throw unknownRun(runId);
  }

  #pk(runId: string): number | undefined {
    const known = this.#pks.get(runId);
    if (known !== undefined) return known;
    const row: Row | undefined = this.#sql.findRun.get(runId);
    if (row === undefined) return undefined;
    const [oldest] = this.#pks.keys();
    if (this.#pks.size >= REMEMBERED_MAX && oldest !== undefined) this.#pks.delete(oldest);
    const pk = numberOf(row, "run_pk");
    this.#pks.set(runId, pk);
    return pk;
  }
}

function existing(row: Row | undefined): Created {
  if (row === undefined) throw new BridleError("store_corrupt", "A run that is taken has no row");
  return { kind: "exists", runId: textOf(row, "run_id"), requestHash: textOf(row, "request_hash") };
}
