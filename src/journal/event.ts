/**
 * Everything that can happen in a run. An event is a fact: immutable, versioned, never repeating
 * what an earlier event holds. Members are written in alphabetical order so that the canonical
 * text needs no sorting.
 *
 * To change a shape: raise its version in `eventVersions`, add the upcaster in `upcast.ts`, keep
 * a fixture of the old form in `test/journal/fixtures`.
 */
import type { Json, JsonObject } from "../std/json.ts";
import type { HeldObligation, Intent } from "./intent.ts";
import type { AssistantPart } from "./message.ts";
import type {
  ApprovalRequested,
  ApprovalVoted,
  ApprovalSettled,
  ObligationOpened,
  ObligationDeclined,
  GateChecked,
  InboxRefused,
  BudgetRaised,
} from "./governance-event.ts";
import type { InDoubt, OutcomeKind, Reason } from "./outcome.ts";
import type { EffectClass, ReceiptSource } from "./receipt.ts";
import type { Usage } from "./usage.ts";
import type { ModelFaulted, ToolsWithheld } from "./wire-event.ts";

/** Limits of a run, fixed at the start. */
export interface RunLimits {
  readonly callsMax: number;
  readonly tokensMax: number;
  readonly turnsMax: number;
  /** Milliseconds from `run.created` to the end, waiting included. */
  readonly wallMs: number;
}

/** On whose authority a run acts. */
export interface Principal {
  readonly id: string;
  /** Default: a person. Agents and services never approve anything. */
  readonly kind?: "person" | "agent" | "service";
  readonly roles?: readonly string[];
  readonly tenant?: string;
}

export interface RunCreated {
  readonly kind: "run.created";
  readonly agent: string;
  /** What the run was created under: digests by name (agent, tools, bridle version). */
  readonly fingerprints: JsonObject;
  readonly idempotencyKey?: string;
  readonly input: Json;
  /** Goal, conditions and forbidden effects; its obligations stand in `obligations`. */
  readonly intent?: Omit<Intent, "obligations">;
  readonly limits: RunLimits;
  /** What the run must have done: from the intent and from the agent's declaration. */
  readonly obligations?: readonly HeldObligation[];
  readonly principal?: Principal;
  /** The first user message, rendered from the input once, so that resume never re-renders. */
  readonly prompt: string;
  readonly runId: string;
}

/** A worker took the run over. Written with the first batch that the worker appends. */
export interface RunLeased {
  readonly kind: "run.leased";
  /** The worker before this one never gave the run back: it crashed, or was stopped too long. */
  readonly after?: "crash";
  readonly epoch: number;
  readonly owner: string;
}

export interface ModelAnswered {
  readonly kind: "model.answered";
  /** The route, `provider/model` as it was asked, when not the one of the answer before. */
  readonly asked?: string;
  /** How often the model was asked, when more than once. */
  readonly attempts?: number;
  /** The provider had the model read outside content that is not among the parts kept here. */
  readonly consulted?: true;
  /**
   * What the model said, in order. Tool calls the harness must dispatch are the `tool-call`
   * parts without `providerExecuted`; the n-th of them in turn t is call `t<t>.c<n>`.
   */
  readonly content: readonly AssistantPart[];
  /** Arguments that were not JSON, by the call's position; the part's input is then empty. */
  readonly malformed?: { readonly [position: string]: string };
  /** Why the answer ended, when not `tool-calls` with calls and `stop` without. */
  readonly finish?: string;
  /** `provider/model`, when not the one of the answer before. */
  readonly model?: string;
  readonly ms: number;
  readonly responseId?: string;
  readonly turn: number;
  readonly usage: Usage;
}

/**
 * What an agent's policies were shown beside the call, so that the decision can be explained, and
 * another set tried on it, long after. Absent members are empty.
 */
export interface Seen {
  readonly approved?: true;
  readonly doubtful?: readonly string[];
  readonly facts?: JsonObject;
  readonly past?: { readonly [tally: string]: number };
  readonly resource?: {
    readonly attributes?: JsonObject;
    readonly id: string;
    readonly tenant?: string;
    readonly type: string;
  };
  readonly untrusted?: true;
}

/** Why a call was not run at all. */
export type RefusalCode =
  | "unknown_tool"
  | "malformed"
  | "invalid_input"
  | "denied"
  | "limit"
  /** Its breaker is open: the tool was not touched. */
  | "unavailable"
  | "in_doubt"
  | "cancelled";

export interface CallRefused {
  readonly kind: "call.refused";
  readonly callId: string;
  readonly code: RefusalCode;
  /** What the model is told: the class, and the fix. */
  readonly observation: string;
  /** The observation may hold words of whatever was looked up or went wrong outside. */
  readonly quotes?: true;
  /** The rules that decided, when a decision point refused. */
  readonly rules?: readonly string[];
  readonly seen?: Seen;
}

/** Durable record that an effect is about to happen. */
export interface CallClaimed {
  readonly kind: "call.claimed";
  /** Which claim of this call it is, when not the first. */
  readonly attempt?: number;
  readonly callId: string;
  readonly effect: EffectClass;
  /** The arguments as executed, when they differ from what the model wrote. */
  readonly input?: Json;
  /** The key handed to the tool, when it is not the call's own (see `continues`). */
  readonly key?: string;
  /** The earlier call in doubt that this one carries on, under the same key. */
  readonly continues?: string;
  /** The rules that allowed it, when a decision point named any. */
  readonly rules?: readonly string[];
  readonly seen?: Seen;
}

export interface CallCompleted {
  readonly kind: "call.completed";
  /** How often the tool ran, when more than once. */
  readonly attempts?: number;
  readonly callId: string;
  readonly ms: number;
  readonly output: Json;
  /** Set when the real output was over a limit and this one stands in for it. */
  readonly outputDropped?: string;
  readonly receipt?: Json;
  /** The rules that allowed it, for a read: it has no claim to say them. */
  readonly rules?: readonly string[];
  readonly seen?: Seen;
  /** How it is known; absent: the tool ran and returned. */
  readonly via?: ReceiptSource;
}

/** The effect is known not to have happened, or was a read, or says otherwise. */
export interface CallFailed {
  readonly kind: "call.failed";
  readonly attempts?: number;
  readonly callId: string;
  /** Nothing proves that nothing happened; the same call again goes under the same key. */
  readonly mayHaveHappened?: true;
  readonly message: string;
  readonly ms: number;
  /** What the model is told: what failed, whether retrying helps, what to do instead. */
  readonly observation: string;
  /** The rules that allowed it, for a read: it has no claim to say them. */
  readonly rules?: readonly string[];
  readonly seen?: Seen;
}

/** Claimed, and nobody knows whether it happened. */
export interface CallInDoubt {
  readonly kind: "call.in_doubt";
  readonly callId: string;
  /** What the model is told; absent while the run waits for a person instead. */
  readonly observation?: string;
  readonly why: string;
}

/** The truth about a call in doubt became known after the model was told it was in doubt. */
export interface CallResolved {
  readonly kind: "call.resolved";
  readonly by: ReceiptSource;
  readonly callId: string;
  readonly happened: boolean;
  readonly inbox?: number;
  readonly output?: Json;
}

/** A message into the conversation that is not the model's: steering or the harness itself. */
export interface MessageAdded {
  readonly kind: "message.added";
  readonly from: "person" | "harness";
  readonly inbox?: number;
  readonly text: string;
}

export interface CancelRequested {
  readonly kind: "run.cancel_requested";
  readonly inbox?: number;
  readonly reason: string;
}

/** The run waits and holds no process. */
export interface RunParked {
  readonly kind: "run.parked";
  /** Wake no later than this, ms since the epoch; absent: only a message wakes it. */
  readonly wakeAt?: number;
  readonly waitingFor: string;
}

export interface RunFinished {
  readonly kind: "run.finished";
  readonly inDoubt: readonly InDoubt[];
  readonly outcome: OutcomeKind;
  readonly reason: Reason;
  /** The tool through which untrusted content came before the last words; absent: none did. */
  readonly tainted?: string;
  readonly text: string | null;
}

export type EventBody =
  | RunCreated
  | RunLeased
  | ModelAnswered
  | CallRefused
  | CallClaimed
  | CallCompleted
  | CallFailed
  | CallInDoubt
  | CallResolved
  | MessageAdded
  | CancelRequested
  | RunParked
  | RunFinished
  | ApprovalRequested
  | ApprovalVoted
  | ApprovalSettled
  | ObligationOpened
  | ObligationDeclined
  | GateChecked
  | InboxRefused
  | BudgetRaised
  | ModelFaulted
  | ToolsWithheld;

export type EventKind = EventBody["kind"];

/** An event in its place: sequence numbers start at 1 and have no gaps. */
export type JournalEvent = EventBody & {
  readonly seq: number;
  /** Milliseconds since the epoch, from the writer's clock. */
  readonly at: number;
};

/** The schema version each kind is written with today. */
export const eventVersions: { readonly [kind in EventKind]: number } = {
  "run.created": 2,
  "run.leased": 1,
  "model.answered": 1,
  "call.refused": 1,
  "call.claimed": 1,
  "call.completed": 1,
  "call.failed": 1,
  "call.in_doubt": 1,
  "call.resolved": 1,
  "message.added": 1,
  "run.cancel_requested": 1,
  "run.parked": 1,
  "run.finished": 1,
  "approval.requested": 1,
  "approval.voted": 1,
  "approval.settled": 1,
  "obligation.opened": 1,
  "obligation.declined": 1,
  "gate.checked": 1,
  "inbox.refused": 1,
  "budget.raised": 1,
  "model.faulted": 1,
  "tools.withheld": 1,
};

/** What stores may write in place of a kind's name. Never renumber, never reuse. */
export const eventCodes: { readonly [kind in EventKind]: number } = {
  "run.created": 1,
  "run.leased": 2,
  "model.answered": 3,
  "call.refused": 4,
  "call.claimed": 5,
  "call.completed": 6,
  "call.failed": 7,
  "call.in_doubt": 8,
  "call.resolved": 9,
  "message.added": 10,
  "run.cancel_requested": 11,
  "run.parked": 12,
  "run.finished": 13,
  "approval.requested": 14,
  "approval.voted": 15,
  "approval.settled": 16,
  "obligation.opened": 17,
  "obligation.declined": 18,
  "gate.checked": 19,
  "inbox.refused": 20,
  "budget.raised": 21,
  "model.faulted": 22,
  "tools.withheld": 23,
};
