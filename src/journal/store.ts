/**
 * The port every store implements; `bridle/testing` has the contract suite that checks one.
 *
 * S1 An append is atomic and durable when its promise resolves (what "durable" means is the
 *    store's `durability`).
 * S2 An append succeeds only for the current fence of its run and only directly after the head it
 *    names: of two writers, at most one gets through, and the other learns it (`fenced`,
 *    `sequence_conflict`).
 * S3 Claiming raises the epoch. From that moment every older fence is refused.
 * S4 A lease bounds how long a claim excludes others; correctness never rests on it (S2 does).
 * S5 What is posted to an inbox is durable, ordered and deduplicated by key; a parked run becomes
 *    ready in the same transaction.
 * S6 A terminal run takes no more events and cannot be claimed.
 */
import type { CircuitStore } from "./circuit.ts";
import type { ApprovalFilter, ApprovalRow } from "./approval.ts";
import type { EventBody } from "./event.ts";
import type {
  Account,
  AccountFilter,
  AccountRef,
  Reservation,
  Reserved,
  Settlement,
  Spending,
} from "./ledger.ts";
import type { JournalLimits } from "./limits.ts";
import type { OutcomeKind } from "./outcome.ts";
import type { EventRecord } from "./record.ts";
import type { Json } from "../std/json.ts";

/** What survives: nothing, the process's death, or the machine's power. */
export type Durability = "none" | "process" | "power";

/** The right to write a run: refused as soon as another claim raised the epoch. */
export interface Fence {
  readonly runId: string;
  readonly epoch: number;
}

/** ready: needs work · parked: waits · finished: terminal. A lease says whether one works on it. */
export type RunStatus = "ready" | "parked" | "finished";

export interface Lease {
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** What can be known of a run without folding it. */
export interface RunRow {
  readonly runId: string;
  readonly agent: string;
  readonly status: RunStatus;
  readonly outcome: OutcomeKind | null;
  readonly head: number;
  readonly epoch: number;
  readonly lease: Lease | null;
  readonly wakeAt: number | null;
  readonly lane: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NewRun {
  readonly runId: string;
  readonly agent: string;
  /** Runs of one lane wait behind each other; lanes share workers fairly. */
  readonly lane: string;
  readonly idempotencyKey?: string;
  /** Hash of agent and input: the same key with another one is a mistake that is reported. */
  readonly requestHash: string;
  readonly created: EventBody;
  readonly at: number;
  /** Claims the new run at once for this owner, in the same transaction. */
  readonly lease?: { readonly owner: string; readonly until: number };
}

export type Created =
  | { readonly kind: "created"; readonly fence: Fence | null; readonly hash: string }
  | { readonly kind: "exists"; readonly runId: string; readonly requestHash: string };

export interface Append {
  /** Sequence of the last event the writer knows. */
  readonly expected: number;
  readonly hash: string;
  readonly events: readonly { readonly at: number; readonly body: EventBody }[];
  /** What the run is after these events; absent: what it was. */
  readonly after?:
    | { readonly status: "parked"; readonly wakeAt: number | null; readonly inboxSeen: number }
    | { readonly status: "finished"; readonly outcome: OutcomeKind };
  /** Reservations of this run that are used up with these events (U4 in `ledger.ts`). */
  readonly settle?: readonly Settlement[];
}

export interface Appended {
  readonly head: number;
  readonly hash: string;
  /** Newest inbox entry of the run; above what the writer has seen means mail. */
  readonly inboxHead: number;
  /** A run that wanted to park stays ready when mail came meanwhile. */
  readonly status: RunStatus;
}

export type Claimed =
  | {
      readonly kind: "claimed";
      readonly fence: Fence;
      readonly row: RunRow;
      /** The lease that was never given back: its owner died, or was stopped for too long. */
      readonly lapsed: Lease | null;
    }
  | { readonly kind: "held"; readonly lease: Lease }
  | { readonly kind: "finished" }
  | { readonly kind: "unknown" };

export interface ClaimRequest {
  readonly owner: string;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** Takes the run although this epoch's lease has not run out: its owner is known to be dead. */
  readonly takeFromEpoch?: number;
}

export const inboxKinds = [
  "cancel",
  "steer",
  "resolve",
  "vote",
  "oblige",
  "decline",
  "raise",
] as const;

export interface InboxEntry {
  readonly id: number;
  readonly key: string;
  readonly kind: (typeof inboxKinds)[number];
  readonly body: Json;
  readonly at: number;
}

export type Posted = "posted" | "duplicate" | "unknown_run" | "finished";

export interface RunFilter {
  readonly status?: RunStatus;
  readonly agent?: string;
  readonly outcome?: OutcomeKind;
  /** Only runs a worker could take now: ready or due, and not under a live lease. */
  readonly claimableAt?: number;
  /** With `claimableAt`: also runs whose lease lives, so that dead owners can be noticed. */
  readonly leased?: boolean;
  readonly newestFirst?: boolean;
  /** At most this many; 100 when absent, never above 10,000. */
  readonly limit?: number;
}

/** What runs share: the laws U1 to U9 in `ledger.ts`. */
export interface LedgerStore {
  /** A run that is unknown or has ended is `run_unknown`, `run_terminal`. */
  reserve(reservation: Reservation): Promise<Reserved>;
  /** Gives back what did not happen. No error when the key is settled, unknown or not ours. */
  unreserve(fence: Fence, key: string): Promise<void>;
  /** What counts of each account at a moment; zeros for one that nobody has used. */
  usage(accounts: readonly AccountRef[], at: number): Promise<readonly Spending[]>;
  /** In the order in which they were first used, without windows. */
  accounts(filter?: AccountFilter): Promise<readonly Account[]>;
}

/** What people are asked: the laws V1 and V2 in `approval.ts`. */
export interface ApprovalStore {
  /** Oldest first. */
  approvals(filter?: ApprovalFilter): Promise<readonly ApprovalRow[]>;
  approval(approvalId: string): Promise<ApprovalRow | undefined>;
}

export interface JournalStore extends LedgerStore, ApprovalStore, CircuitStore {
  readonly durability: Durability;
  readonly limits: JournalLimits;
  /** A key or a run id that is taken changes nothing and names the run that has it. */
  create(run: NewRun): Promise<Created>;
  append(fence: Fence, append: Append): Promise<Appended>;
  /** Records from a sequence on, in order, at most `limit` (10,000 when absent). */
  read(runId: string, fromSeq: number, limit?: number): Promise<readonly EventRecord[]>;
  readBlob(sha256: string): Promise<string | undefined>;
  claim(runId: string, request: ClaimRequest): Promise<Claimed>;
  /** Not held when the fence is no longer current: the worker must stop. */
  extend(
    fence: Fence,
    untilMs: number,
  ): Promise<{ readonly held: boolean; readonly inboxHead: number }>;
  /** Gives the lease back; the run can be claimed at once. No error when it is already lost. */
  release(fence: Fence): Promise<void>;
  get(runId: string): Promise<RunRow | undefined>;
  /** In the order in which they were created. */
  list(filter?: RunFilter): Promise<readonly RunRow[]>;
  /** The earliest time a parked run wants to wake, or null. */
  nextWake(): Promise<number | null>;
  post(runId: string, entry: Omit<InboxEntry, "id">): Promise<Posted>;
  /** Messages after an id, in order, at most 1,000; ids count up from 1 in each run. */
  inbox(runId: string, afterId: number): Promise<readonly InboxEntry[]>;
  /** Writes accepted before are settled first. */
  close(): Promise<void>;
}
