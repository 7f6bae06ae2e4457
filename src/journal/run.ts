/** The state of a run: what its journal says, and nothing else. Plain and immutable. */
import { hash } from "node:crypto";
import { canonicalJson, type Json } from "../std/json.ts";
import { Log } from "../std/log.ts";
import type { RunCreated } from "./event.ts";
import type { ApprovalRequested, ApprovalSettled, GateChecked } from "./governance-event.ts";
import type { HeldObligation } from "./intent.ts";
import type { Message } from "./message.ts";
import type { ModelFaultKind } from "./model-fault.ts";
import type { InDoubt, OutcomeKind, Reason } from "./outcome.ts";
import type { EffectClass, Receipt } from "./receipt.ts";
import { noUsage, type Usage } from "./usage.ts";
import type { FaultAnswer, Shrink } from "./wire-event.ts";

export interface Claim {
  readonly effect: EffectClass;
  readonly input: Json;
  readonly key: string;
  readonly attempt: number;
  readonly at: number;
  readonly continues?: string;
}

/** A person's answer to one approval. */
export interface Vote {
  readonly by: string;
  readonly decision: "approve" | "deny";
  readonly onBehalfOf?: string;
  readonly reason?: string;
  readonly at: number;
}

/** An approval of a call that has not ended, with what has been said about it. */
export interface HeldApproval extends Omit<ApprovalRequested, "kind" | "seen"> {
  readonly requestedAt: number;
  readonly votes: readonly Vote[];
  /** Null while it is open. */
  readonly decision: ApprovalSettled["decision"] | null;
  readonly reason?: string;
}

/**
 * One tool call of the current turn.
 * requested → (refused | claimed) → settled; a requested call may wait for a person (and is
 * requested again when there is an answer), a claimed call may stand in doubt in between.
 */
export interface Call {
  readonly callId: string;
  readonly toolCallId: string;
  readonly tool: string;
  readonly input: Json;
  /** What the model wrote when it was not JSON. */
  readonly malformed?: string;
  readonly status: "requested" | "waiting" | "claimed" | "in_doubt" | "settled";
  /** Everybody who put other arguments in place of the model's, or lent their right to it. */
  readonly editedBy?: readonly string[];
  readonly claim?: Claim;
  readonly result?: Message & { readonly role: "tool" };
}

/** A call in doubt that outlives its turn, with what is needed to ask again. */
export interface OpenDoubt extends InDoubt {
  readonly effect: EffectClass;
  readonly argsHash: string;
  readonly claimedAt: number;
}

/** The same call again goes under the same key, so that the other side can tell. */
export interface RetainedKey {
  readonly callId: string;
  readonly tool: string;
  readonly input: Json;
  /** Nothing proves that nothing happened. */
  readonly mayHaveHappened: boolean;
  readonly argsHash: string;
  readonly key: string;
}

/** A model that this run does not ask before a time, ms since the epoch. */
export interface Rest {
  readonly asked: string;
  readonly until: number;
}

/** One model's window is not another's: what fits is known of the route that said so. */
export interface OutputLimit {
  readonly asked: string;
  readonly tokensMax: number;
}

/** A fault of the turn that is to be, and what was done about it. */
export interface TurnFault {
  readonly asked: string;
  readonly kind: ModelFaultKind;
  readonly answer: FaultAnswer;
}

/** No run retains more keys than this; the oldest go first. */
export const RETAINED_MAX = 64;

export interface RunState {
  readonly runId: string;
  readonly head: number;
  readonly hash: string;
  readonly created: RunCreated | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly status: "running" | "parked" | "finished";
  /** Answers so far; the current turn's number. */
  readonly turn: number;
  /** Tool calls dispatched or refused so far. */
  readonly callCount: number;
  readonly messages: Log<Message>;
  /** What was said while calls were open: it follows their results. */
  readonly held: readonly Message[];
  /** The current turn's calls, all of them, until the last one settles. */
  readonly calls: readonly Call[];
  readonly receipts: Log<Receipt>;
  readonly doubts: readonly OpenDoubt[];
  /** Keys of idempotent calls that failed without proof that nothing happened; newest last. */
  readonly retained: readonly RetainedKey[];
  readonly obligations: readonly HeldObligation[];
  /** What the last gate said, until something happens that may change it. */
  readonly gate: Pick<GateChecked, "unmet" | "text"> | null;
  /** How often unmet checks went back to the model since a person last said something. */
  readonly gateRounds: number;
  /** Approvals of the current turn's open calls and of calls in doubt, oldest first. */
  readonly approvals: readonly HeldApproval[];
  /** What people added to the run's budget, by unit. */
  readonly raised: { readonly [unit: string]: number };
  /** Answers in a row that held neither text nor calls. */
  readonly emptyAnswers: number;
  readonly usage: Usage;
  readonly model: string | null;
  readonly finish: string | null;
  /** The route that gave the last answer, `provider/model` as it was asked. */
  readonly asked: string | null;
  /** From which message on which route made the answers. */
  readonly makers: readonly { readonly from: number; readonly asked: string }[];
  /** How often a model was asked in vain, in the whole run. */
  readonly faults: number;
  /** Those since the last answer. */
  readonly turnFaults: readonly TurnFault[];
  readonly rests: readonly Rest[];
  /** What of the history is sent smaller than it is. */
  readonly shrinks: readonly Shrink[];
  /** Of routes that had no room for more: the output that still fits, in tokens. */
  readonly outputLimits: readonly OutputLimit[];
  /** Routes that are sent the history in its strictest form: they refused it once. */
  readonly strictFor: readonly string[];
  /** Tools that are out of service, as the model was told. */
  readonly withheld: readonly string[];
  /** How often the model was told of such. */
  readonly withheldChanges: number;
  readonly cancel: string | null;
  /** The newest inbox entry that has become an event. */
  readonly inboxSeen: number;
  readonly wakeAt: number | null;
  readonly waitingFor: string | null;
  readonly outcome: {
    readonly kind: OutcomeKind;
    readonly reason: Reason;
    readonly text: string | null;
    readonly tainted?: string;
  } | null;
}

/** A state that is being made: only the fold of one event holds it. */
export type Draft = { -readonly [member in keyof RunState]: RunState[member] };

/** The state before the first event. */
export function emptyRun(runId: string): RunState {
  return {
    runId,
    head: 0,
    hash: "",
    created: null,
    createdAt: 0,
    updatedAt: 0,
    status: "running",
    turn: 0,
    callCount: 0,
    messages: Log.of<Message>(),
    held: [],
    calls: [],
    receipts: Log.of<Receipt>(),
    doubts: [],
    retained: [],
    obligations: [],
    gate: null,
    gateRounds: 0,
    approvals: [],
    raised: {},
    emptyAnswers: 0,
    usage: noUsage,
    model: null,
    finish: null,
    asked: null,
    makers: [],
    faults: 0,
    turnFaults: [],
    rests: [],
    shrinks: [],
    outputLimits: [],
    strictFor: [],
    withheld: [],
    withheldChanges: 0,
    cancel: null,
    inboxSeen: 0,
    wakeAt: null,
    waitingFor: null,
    outcome: null,
  };
}

/** SHA-256 of the canonical arguments, base64url: what is decided on is what is executed. */
export function hashArgs(input: Json): string {
  return hash("sha256", canonicalJson(input), "base64url");
}

/** A call's logical key: minted from turn and position, never from what the provider sent. */
export function callIdOf(turn: number, position: number): string {
  return `t${turn}c${position}`;
}

/**
 * The idempotency key of a call, the same on every attempt, machine and resume. Unique across
 * runs because run ids are.
 */
export function idempotencyKeyOf(runId: string, callId: string): string {
  return `${runId}-${callId}`;
}
