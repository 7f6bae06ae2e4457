/**
 * The breakers as the runs of this process use them: the store's rows, looked at often enough that
 * what another process learned counts here, and cheap while all is well.
 *
 * O7 While nothing is known against a dependency, asking about it touches no store; the rows are
 *    read anew at most every `FRESH_MS`, all of them at once, and never older than `STALE_MS`.
 * O8 What is found out here is in the store before whoever found it goes on.
 */
import {
  closedCircuit,
  type Circuit,
  type CircuitStore,
  type Swapped,
} from "../journal/circuit.ts";
import {
  admit,
  afterFailure,
  afterRest,
  afterSilence,
  afterSuccess,
  closedOff,
  roomUnder,
  seenBetween,
  type Admission,
  type BreakerSettings,
  type ClosedOff,
} from "../generation/breaker.ts";
import type { Clock } from "../std/clock.ts";

const FRESH_MS = 250;
const STALE_MS = 1_000;

/** Another writer may come first; so often in a row it is let be. */
const SWAPS_MAX = 10;

/** How long a caller waits before it looks again whether a probe has ended, ms. */
const PROBE_POLL_MS = 250;

export class Circuits {
  readonly #store: CircuitStore;
  readonly #clock: Clock;
  #rows = new Map<string, Circuit>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;
  readonly #inFlight = new Map<string, number>();
  /** What was written here while the rows were being read. */
  readonly #meanwhile = new Map<string, Circuit>();

  constructor(store: CircuitStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Nothing is known against it: it may be used without another look. */
  isQuiet(scope: string): boolean {
    const now = this.#clock.now();
    const age = now - this.#readAt;
    // A clock that was set back says nothing about age.
    if (age > STALE_MS || age < 0) return false;
    if (age > FRESH_MS) void this.#read().catch(() => undefined);
    const row = this.#rows.get(scope);
    return row === undefined || isCalm(row, now);
  }

  /** As it stands in the store, at most `FRESH_MS` ago. */
  async look(scope: string): Promise<Circuit> {
    const age = this.#clock.now() - this.#readAt;
    if (age > FRESH_MS || age < 0) await this.#read();
    return this.known(scope);
  }

  /** As far as it is known here. */
  known(scope: string): Circuit {
    return this.#rows.get(scope) ?? closedCircuit(scope);
  }

  /**
   * Until when the dependency is to be left alone, as known here; null when it is not, or when it
   * is for everybody but this holder.
   */
  closedOff(scope: string, settings: BreakerSettings, holder = ""): ClosedOff | null {
    const now = this.#clock.now();
    const row = this.#rows.get(scope);
    if (row === undefined || isCalm(row, now)) return null;
    return soonAgain(closedOff(row, { now, settings, holder }), now);
  }

  /** Asks to come in; as the probe when the time of an open circuit is over. */
  async enter(scope: string, holder: string, settings: BreakerSettings): Promise<Admission> {
    let row = await this.look(scope);
    for (let swaps = 0; ; swaps++) {
      const now = this.#clock.now();
      const admission = admit(row, { now, holder, settings });
      if (admission.kind === "closed_off") return soonAgain(admission, now);
      if (admission.next === undefined) return admission;
      const swapped = await this.#swap(admission.next, row.version);
      if (swapped.won) return { kind: "go" };
      ({ row } = swapped);
      if (swaps < SWAPS_MAX) continue;
      const until = now + PROBE_POLL_MS;
      return { kind: "closed_off", until, why: "probing", reason: row.reason };
    }
  }

  async succeeded(scope: string): Promise<void> {
    if (this.#rows.get(scope) === undefined) return;
    await this.#note(scope, (row, now) => afterSuccess(row, now));
  }

  async failed(scope: string, failure: Noted & { settings: BreakerSettings }): Promise<void> {
    await this.#note(scope, (row, now) => afterFailure(row, { ...failure, now }));
  }

  async rests(scope: string, rest: Noted & { restMs: number }): Promise<void> {
    await this.#note(scope, (row, now) => afterRest(row, { ...rest, now }));
  }

  /** Whoever came in goes without having found out anything. */
  async left(scope: string, holder: string): Promise<void> {
    await this.#note(scope, (row, now) => afterSilence(row, { now, holder }));
  }

  /**
   * Never throws: whoever notes something has an answer or a receipt in hand, which is worth more
   * than what is known of a service. A store that cannot be written is met by the run's own write.
   */
  async #note(scope: string, change: Change): Promise<void> {
    await this.#change(scope, change).catch(() => undefined);
  }

  /** Something fails, and as many as may be are in flight: whoever looks again later finds out. */
  isFull(scope: string, settings: BreakerSettings): boolean {
    const row = this.#rows.get(scope);
    return row !== undefined && (this.#inFlight.get(scope) ?? 0) >= roomUnder(row, settings);
  }

  /** Takes a place among those in flight; false while something fails and there are enough. */
  tryStart(scope: string, settings: BreakerSettings): boolean {
    if (this.isFull(scope, settings)) return false;
    this.#inFlight.set(scope, (this.#inFlight.get(scope) ?? 0) + 1);
    return true;
  }

  end(scope: string): void {
    const used = (this.#inFlight.get(scope) ?? 0) - 1;
    if (used > 0) this.#inFlight.set(scope, used);
    else this.#inFlight.delete(scope);
  }

  async #change(scope: string, change: Change): Promise<void> {
    let row = this.known(scope);
    for (let swaps = 0; swaps < SWAPS_MAX; swaps++) {
      const next = change(row, this.#clock.now());
      if (next === null) return;
      const swapped = await this.#swap(next, row.version);
      if (swapped.won) return;
      ({ row } = swapped);
    }
  }

  async #swap(next: Circuit, version: number): Promise<Swapped> {
    const swapped = await this.#store.swapCircuit(next, version);
    const row = this.#inOurTime(swapped.row);
    this.#rows.set(next.scope, row);
    if (this.#reading !== null) this.#meanwhile.set(next.scope, row);
    return { won: swapped.won, row };
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = null;
      this.#meanwhile.clear();
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    const at = this.#clock.now();
    const rows = new Map<string, Circuit>();
    for (const row of await this.#store.circuits()) {
      const known = this.#rows.get(row.scope);
      // What was written here while the rows were read is newer than they are.
      const isNews = known === undefined || known.version < row.version;
      rows.set(row.scope, isNews ? this.#inOurTime(row) : known);
    }
    for (const [scope, row] of this.#meanwhile) if (!rows.has(scope)) rows.set(scope, row);
    this.#rows = rows;
    this.#readAt = at;
  }

  /** A row that is new here has changed since the rows were read last (O11). */
  #inOurTime(row: Circuit): Circuit {
    const before = this.#clock.now();
    const after = this.#readAt <= before ? this.#readAt : Number.NEGATIVE_INFINITY;
    return seenBetween(row, { after, before });
  }
}

/** What is found out of a dependency, and by whom. */
interface Noted {
  readonly holder: string;
  readonly reason: string;
}

type Change = (row: Circuit, now: number) => Circuit | null;

function isCalm({ failures, openUntil, restUntil, probe }: Circuit, now: number): boolean {
  return failures === 0 && openUntil === 0 && probe === null && restUntil <= now;
}

/** A probe may end at any time, long before others give it up. */
function soonAgain<Off extends ClosedOff | null>(off: Off, now: number): Off {
  if (off?.why !== "probing") return off;
  return { ...off, until: Math.min(off.until, now + PROBE_POLL_MS) };
}
