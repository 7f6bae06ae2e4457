/**
 * Where each run's journal ends, for the runs this connection writes.
 *
 * P1 A head is believed only while no other connection has committed since it was last checked
 *    (`PRAGMA data_version`); otherwise the table is asked whether the run has later rows. So the
 *    compare-and-set on the sequence is exact, with any number of processes. A head whose rows
 *    somebody else has put into `extents` (the run's row tells) is read anew too.
 * P2 Rows without an extent exist only while their run has a lease owner: releasing, parking and
 *    finishing write the extents in the same transaction; claiming and heartbeats do so too, which
 *    bounds how far anybody must look.
 * P3 After a rollback every head is forgotten: the tables are the truth.
 */
import { BridleError } from "../../std/error.ts";
import { SEQ_SPAN } from "./schema.ts";
import type { Statements } from "./statements.ts";

/** Consecutive rows of one run that are not in `extents` yet. */
interface Extent {
  readonly seq: number;
  readonly id: number;
  n: number;
}

export interface Head {
  seq: number;
  hash: string;
  /** Row of the last event. */
  id: number;
  at: number;
  readonly pending: Extent[];
  /** Which look at `data_version` it is good for. */
  seenAt: number;
}

/** Events a run may have without an extent; about sixty turns. */
const PENDING_MAX = 192;
/** Runs whose head is remembered; past that the oldest is looked up again. */
const REMEMBERED_MAX = 10_000;

export class Heads {
  readonly #sql: Statements;
  readonly #heads = new Map<number, Head>();
  #dataVersion = -1;
  #look = 0;

  constructor(statements: Statements) {
    this.#sql = statements;
  }

  /** At the start of each transaction: notices commits of other connections. */
  begin(): void {
    const row: unknown = this.#sql.dataVersion.get();
    const version: unknown = Array.isArray(row) ? row[0] : undefined;
    if (version === this.#dataVersion) return;
    this.#dataVersion = typeof version === "number" ? version : -1;
    this.#look += 1;
  }

  forgetAll(): void {
    this.#heads.clear();
  }

  forget(pk: number): void {
    this.#heads.delete(pk);
  }

  /** The run's head as of this transaction; `indexedHead` is what its row says is in extents. */
  of(pk: number, indexedHead: unknown): Head {
    const known = this.#heads.get(pk);
    if (known !== undefined && (known.pending[0]?.seq ?? known.seq + 1) - 1 === indexedHead) {
      const isCurrent =
        known.seenAt === this.#look || this.#sql.hasLater.get(known.id, pk) === undefined;
      if (isCurrent) {
        known.seenAt = this.#look;
        return known;
      }
    }
    return this.#load(pk);
  }

  /** The run's head from the tables alone, for whoever takes the run over. */
  afresh(pk: number): Head {
    return this.#load(pk);
  }

  /** A run that was just inserted. */
  start(pk: number, at: number): Head {
    return this.#remember(pk, { seq: 0, hash: "", id: 0, at, pending: [], seenAt: this.#look });
  }

  /** Notes rows that were just inserted, `n` of them ending at row `lastId`. */
  advance(head: Head, added: { n: number; lastId: number; hash: string; at: number }): void {
    const { n, lastId, hash, at } = added;
    const first = lastId - n + 1;
    const last = head.pending.at(-1);
    if (last !== undefined && last.id + last.n === first) last.n += n;
    else head.pending.push({ seq: head.seq + 1, id: first, n });
    head.seq += n;
    head.id = lastId;
    head.hash = hash;
    head.at = at;
  }

  /** Writes the extents when there are many, or when `now` says that nothing may be left. */
  index(pk: number, head: Head, now: boolean): void {
    const [oldest] = head.pending;
    if (oldest === undefined || (!now && head.seq - oldest.seq < PENDING_MAX)) return;
    for (const { seq, id, n } of head.pending) {
      this.#sql.insertExtent.run(pk * SEQ_SPAN + seq, id, n);
    }
    this.#sql.setHead.run(head.seq, head.id, head.at, pk);
    head.pending.length = 0;
  }

  #remember(pk: number, head: Head): Head {
    const [oldest] = this.#heads.keys();
    if (this.#heads.size >= REMEMBERED_MAX && oldest !== undefined) this.#heads.delete(oldest);
    this.#heads.set(pk, head);
    return head;
  }

  #load(pk: number): Head {
    const row: unknown = this.#sql.indexed.get(pk);
    const [seq, id, hash, owner, at]: readonly unknown[] = Array.isArray(row) ? row : [];
    if (typeof seq !== "number" || typeof id !== "number") throw unsound(pk);
    const head: Head = {
      seq,
      id,
      hash: typeof hash === "string" ? hash : "",
      at: typeof at === "number" ? at : 0,
      pending: [],
      seenAt: this.#look,
    };
    // P2: without a lease owner there is nothing past the index.
    if (owner !== null) for (const later of this.#sql.tail.all(id, pk)) this.#take(head, later);
    return this.#remember(pk, head);
  }

  #take(head: Head, row: unknown): void {
    const [id, seq, hash, at]: readonly unknown[] = Array.isArray(row) ? row : [];
    if (typeof id !== "number" || seq !== head.seq + 1) throw unsound(head.seq);
    if (typeof at !== "number") throw unsound(seq);
    const link = typeof hash === "string" && hash !== "" ? hash : head.hash;
    this.advance(head, { n: 1, lastId: id, hash: link, at });
  }
}

function unsound(where: number): BridleError {
  return new BridleError("store_corrupt", `The rows of a run do not follow each other (${where})`, {
    hint: "Check the database with `bridle doctor`, then restore a backup.",
  });
}
