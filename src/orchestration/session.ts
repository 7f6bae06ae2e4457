/**
 * One worker's hold on one run: the folded state, the events not yet written, the fence.
 *
 * H1 The state is always the fold of what is durable plus what is pending, in order.
 * H2 Writes of one run never overlap; a write takes everything pending at that moment.
 * H3 Once the fence is lost nothing is written any more and every waiter learns it.
 * H4 What must be durable before the next step is awaited with `flush`; the rest rides along.
 * H5 An effect begins only under a lease that has not run out by this worker's clock.
 * H6 After a write that the journal had no room for, every later write is refused too, until the
 *    session is rewound: nothing may follow a gap.
 */
import { BridleError } from "../std/error.ts";
import { afterAbout } from "../std/coarse-timer.ts";
import { Stop } from "../std/stop.ts";
import type { Delta } from "../generation/model.ts";
import type { Clock } from "../std/clock.ts";
import type { EventBody, JournalEvent, Seen } from "../journal/event.ts";
import { foldEvent } from "../journal/fold.ts";
import type { Settlement } from "../journal/ledger.ts";
import type { RunState } from "../journal/run.ts";
import type { Append, Fence, JournalStore, RunStatus } from "../journal/store.ts";
import { PromptView } from "./prompt-view.ts";
import type { CountedPrompt } from "./token-bound.ts";

export interface SessionParts {
  readonly store: JournalStore;
  readonly clock: Clock;
  readonly fence: Fence;
  readonly state: RunState;
  /** Something may have been posted before this hold began. */
  readonly mustLook: boolean;
  /** The worker before this one never gave the run back. */
  readonly hasLapsed: boolean;
  /** How long each extension of the lease lasts, and until when the claim's own does. */
  readonly lease: { readonly ms: number; readonly until: number };
}

/** Receipts that may ride with the next commit wait for it no longer than this, ms. */
const RIDE_MS = 25;

export class Session {
  readonly store: JournalStore;
  readonly clock: Clock;
  readonly fence: Fence;
  /** Aborts model calls and reads: on cancel, on a lost fence, at the end of a drain. */
  readonly abort: Stop = new Stop();
  /** Aborts effects too: on a lost fence and at the end of a drain, never on cancel. */
  readonly hardAbort: Stop = new Stop();
  /** Ends what only waits: the worker takes no further turns. */
  readonly #drain: Stop = new Stop();
  /** Tool call ids used in this conversation, so that ours stay unique. */
  readonly seenCallIds: Set<string>;
  readonly prompt: PromptView = new PromptView();
  readonly hasLapsed: boolean;
  /** The run's wall time has passed, whatever the clock says by now. */
  isOverWall = false;
  /** Asked about calls in doubt once in this hold of the run. */
  doubtsAsked = false;
  #state: RunState;
  #durable: { readonly seq: number; hash: string };
  #pending: { readonly at: number; readonly body: EventBody }[] = [];
  #writing: Promise<unknown> = Promise.resolve();
  /** What a write refused for a limit. */
  #refused: { readonly at: number; readonly body: EventBody }[] = [];
  #limit: BridleError | null = null;
  /** Calls whose tool goes on although nobody waits for it any more. */
  readonly #stragglers = new Map<string, number>();
  /** What the policies were shown of calls that have not been written yet, by call. */
  readonly seen: Map<string, Seen> = new Map();
  /** Told of each event with the state before it. */
  observe: ((event: EventBody, before: RunState) => void) | null = null;
  /** Through which tool untrusted content came in, as far as anybody follows that. */
  taintedBy: () => string | null = () => null;
  /** What the provider last counted of this conversation; null: nobody has counted it here. */
  counted: CountedPrompt | null = null;
  /** How often a model was asked under this hold, for keys that no two attempts share. */
  modelAttempts = 0;
  /** Settlements that go with the next append. */
  #settlements: Settlement[] = [];
  /** Lines reserved for calls under this hold, by key. */
  readonly #reserved = new Map<string, number>();
  #inboxHead = 0;
  /** Something may have been posted that no count of the inbox told of. */
  #mustLook: boolean;
  #lost: unknown = null;
  readonly #leaseMs: number;
  #leaseUntil: number;

  constructor(parts: SessionParts) {
    this.store = parts.store;
    this.clock = parts.clock;
    this.fence = parts.fence;
    this.#state = parts.state;
    this.#durable = { seq: parts.state.head, hash: parts.state.hash };
    this.seenCallIds = callIdsOf(parts.state);
    this.#mustLook = parts.mustLook;
    this.hasLapsed = parts.hasLapsed;
    this.#leaseMs = parts.lease.ms;
    this.#leaseUntil = parts.lease.until;
  }

  get state(): RunState {
    return this.#state;
  }

  get hasMail(): boolean {
    return this.#mustLook || this.#inboxHead > this.#state.inboxSeen;
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  get isDraining(): boolean {
    return this.#drain.aborted;
  }

  /** No further turns; what is asked or acted on already comes to its end. */
  startDraining(): void {
    this.#drain.abort();
  }

  /** Waits before something is begun; in vain as soon as nothing is to be begun any more. */
  async rest(ms: number): Promise<void> {
    const woken = new Stop();
    const letGo = [this.abort, this.#drain].map((stop) => stop.onAbort(() => woken.abort()));
    await this.clock.sleep(ms, woken.signal).catch(() => undefined);
    for (const free of letGo) free();
  }

  /** Told by appends and by the heartbeat. */
  noteInbox(head: number): void {
    if (head > this.#inboxHead) this.#inboxHead = head;
  }

  /** Something was posted in this process. */
  notePost(): void {
    this.#mustLook = true;
  }

  /** The inbox is about to be read: what is posted from now on is noted anew. */
  beginLook(): void {
    this.#mustLook = false;
  }

  /** A tool did not stop in time: until it does, nobody can say that its effect did not happen. */
  straggles(callId: string, running: Promise<unknown>): void {
    this.#stragglers.set(callId, (this.#stragglers.get(callId) ?? 0) + 1);
    const stopped = (): void => {
      const left = (this.#stragglers.get(callId) ?? 1) - 1;
      if (left > 0) this.#stragglers.set(callId, left);
      else this.#stragglers.delete(callId);
    };
    running.then(stopped, stopped);
  }

  isStraggling(callId: string): boolean {
    return this.#stragglers.has(callId);
  }

  /** Adds an event to the state now and to the journal with the next flush. */
  push(body: EventBody): void {
    const at = this.clock.now();
    const event: JournalEvent = { ...body, seq: this.#state.head + 1, at };
    const before = this.#state;
    this.#state = foldEvent(before, event);
    this.#pending.push({ at, body });
    this.observe?.(body, before);
  }

  /** Notes how many lines a call's reservation has. */
  noteReservation(key: string, lines: number): void {
    this.#reserved.set(key, lines);
  }

  /** Settles with the next append what a reservation was used for. */
  settleReservation(settlement: Settlement): void {
    this.#settlements.push(settlement);
  }

  /** False when this hold made no such reservation, or it is settled. */
  forgetReservation(key: string): boolean {
    return this.#reserved.delete(key);
  }

  /**
   * Settles what was reserved for a call, if anything was: as reserved, or with nothing when the
   * call did not happen. What a worker before this one reserved counts as reserved.
   */
  settleCall(callId: string, happened: boolean): void {
    for (const key of reservationKeys(callId)) {
      const lines = this.#reserved.get(key);
      this.#reserved.delete(key);
      if (lines === undefined && this.fence.epoch === 1) continue;
      const isNothing = !happened && lines !== undefined;
      const actual = isNothing ? { actual: Array.from({ length: lines }, () => 0) } : {};
      this.#settlements.push({ key, ...actual });
    }
  }

  /** When the run's time is over, ms since the epoch. */
  get wallEnd(): number {
    const { created, createdAt } = this.#state;
    return createdAt + (created?.limits.wallMs ?? 0);
  }

  /** What is pending may ride with the next commit, and waits for it no longer than this. */
  rideLater(): () => void {
    return afterAbout(RIDE_MS, () => {
      // A failed write marks the session lost; the loop meets that at its next write.
      this.flush().catch(() => undefined);
    });
  }

  /** What only shows an answer cannot spoil it. */
  show(delta: Delta, onDelta: ((runId: string, delta: Delta) => void) | undefined): void {
    try {
      const shown: unknown = onDelta?.(this.fence.runId, delta);
      // An async function is one that returns nothing, too; its failure must not end the process.
      if (shown instanceof Promise) shown.catch(() => undefined);
    } catch {
      // The answer itself is in the journal.
    }
  }

  /** Durable when it resolves: everything pushed before the call. */
  flush(): Promise<RunStatus> {
    return this.#write();
  }

  /** Writes the pending events together with what becomes of the run. */
  settle(after: NonNullable<Append["after"]>): Promise<RunStatus> {
    return this.#write(after);
  }

  /** Keeps other workers away for another lease; a run that is already theirs is lost here. */
  async extend(): Promise<void> {
    const until = this.clock.now() + this.#leaseMs;
    const { held, inboxHead } = await this.store.extend(this.fence, until);
    if (held) this.#leaseUntil = Math.max(this.#leaseUntil, until);
    else this.lose(new BridleError("fenced", `Another worker took run ${this.fence.runId}`));
    this.noteInbox(inboxHead);
  }

  /**
   * Whether the run is still this worker's, to be asked right before an effect. A process that was
   * stopped wakes up between two statements with its lease long gone and its claim durable, while
   * another worker has asked whether the effect happened and run it.
   */
  async isHeld(): Promise<boolean> {
    if (this.#lost === null && this.clock.now() >= this.#leaseUntil) await this.extend();
    return this.#lost === null;
  }

  /** The same by this worker's clock alone; false: `isHeld` knows. */
  get isSurelyHeld(): boolean {
    return this.#lost === null && this.clock.now() < this.#leaseUntil;
  }

  /** The worker may not write any more. */
  lose(reason: unknown): void {
    if (this.#lost !== null) return;
    this.#lost = reason;
    this.abort.abort(reason);
    this.hardAbort.abort(reason);
  }

  /**
   * Goes on from `state`, which the journal says is durable. Hands back what was refused, for
   * whoever rewinds to say what can be kept of it.
   */
  rewind(state: RunState): readonly EventBody[] {
    const refused = [...this.#refused, ...this.#pending].map(({ body }) => body);
    this.#pending = [];
    this.#refused = [];
    this.#limit = null;
    this.#state = state;
    this.#durable = { seq: state.head, hash: state.hash };
    return refused;
  }

  #write(after?: Append["after"]): Promise<RunStatus> {
    const mine = this.#writing.then(() => this.#append(after));
    this.#writing = mine.catch(() => undefined);
    return mine;
  }

  async #append(after: Append["after"]): Promise<RunStatus> {
    if (this.#lost !== null) throw this.#lost;
    if (this.#limit !== null) throw this.#limit;
    if (this.#pending.length === 0 && after === undefined) return "ready";
    const events = this.#pending;
    const settle = this.#settlements;
    this.#pending = [];
    this.#settlements = [];
    const { seq, hash } = this.#durable;
    try {
      const append: Append = {
        expected: seq,
        hash,
        events,
        ...(after === undefined ? {} : { after }),
        ...(settle.length === 0 ? {} : { settle }),
      };
      const written = await this.store.append(this.fence, append);
      this.#durable = { seq: written.head, hash: written.hash };
      this.noteInbox(written.inboxHead);
      return written.status;
    } catch (thrown) {
      if (isLimit(thrown)) {
        this.#refused = events;
        this.#settlements = [...settle, ...this.#settlements];
        this.#limit = thrown;
      } else {
        this.lose(thrown);
      }
      throw thrown;
    }
  }
}

/** A limit leaves the run ours to end in order; anything else means our view is worth nothing. */
export function isLimit(thrown: unknown): thrown is BridleError {
  if (!(thrown instanceof BridleError)) return false;
  const { code } = thrown;
  return code === "events_limit" || code === "event_too_large" || code === "blob_too_large";
}

/** What a call is entered under in the ledger: its limits and budgets, and what rules count. */
export function reservationKeys(callId: string): readonly [string, string] {
  return [`c.${callId}`, `p.${callId}`];
}

function callIdsOf(state: RunState): Set<string> {
  const ids = new Set<string>();
  for (const message of state.messages) {
    if (message.role !== "assistant") continue;
    for (const part of message.content) if (part.type === "tool-call") ids.add(part.toolCallId);
  }
  return ids;
}
