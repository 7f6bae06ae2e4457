/** A run as its user holds it, in whatever process the work happens. */
import { judgeVote, whyNotDecider, type Person, type VoteRequest } from "../governance/approval.ts";
import { seal } from "../governance/seal.ts";
import type { JournalEvent } from "../journal/event.ts";
import { effectsInDoubt } from "../journal/in-doubt.ts";
import type { Obligation } from "../journal/intent.ts";
import type { Outcome } from "../journal/outcome.ts";
import { readEvents, requireRun } from "../journal/read-run.ts";
import type { HeldApproval, RunState } from "../journal/run.ts";
import type { InboxEntry, JournalStore } from "../journal/store.ts";
import { INBOX_PAGE } from "../journal/store-rules.ts";
import { BridleError } from "../std/error.ts";
import { newId } from "../std/ids.ts";
import { isJsonObject, toJson, type Json } from "../std/json.ts";
import { keptObligation } from "./intent.ts";
import { standings } from "./obligation.ts";
import type { Waiters } from "./waiters.ts";

/** A person's answer. `edit` puts `input` in place of the arguments, and is decided on anew. */
export interface Vote extends VoteRequest {
  readonly reason?: string;
  readonly input?: Json;
}

/** A `tool-approval-request` part of the AI SDK. */
export interface ApprovalRequestPart {
  readonly type: "tool-approval-request";
  readonly approvalId: string;
  readonly toolCallId: string;
  readonly reason?: string;
}

/** A `tool-approval-response` part of the AI SDK. */
export interface ApprovalResponsePart {
  readonly type: "tool-approval-response";
  readonly approvalId: string;
  readonly approved: boolean;
  readonly reason?: string | undefined;
}

interface RunParts {
  readonly runId: string;
  readonly store: JournalStore;
  readonly now: () => number;
  readonly people: readonly Person[];
  readonly sealSecret?: string | undefined;
  readonly waiters: Waiters;
  readonly posted: () => Promise<void>;
}

export class Run {
  readonly runId: string;
  readonly #parts: RunParts;

  constructor(parts: RunParts) {
    this.runId = parts.runId;
    this.#parts = parts;
  }

  /** Waits for the end, wherever it happens. */
  async outcome(): Promise<Outcome> {
    return outcomeOf(await this.#parts.waiters.wait(this.runId));
  }

  /** The state as the journal says it now. */
  state(): Promise<RunState> {
    return requireRun(this.#parts.store, this.runId);
  }

  events(fromSeq = 1): Promise<JournalEvent[]> {
    return readEvents(this.#parts.store, this.runId, fromSeq);
  }

  /**
   * Asks the run to end. The model and reads are stopped; an effect that has begun is settled
   * first. Posting again changes nothing.
   */
  cancel(reason = "cancelled by its owner"): Promise<void> {
    return this.#post({ kind: "cancel", key: "cancel", body: { reason } });
  }

  /** Says something to the model before its next turn. The same key is said once. */
  steer(text: string, key: string = newId(this.#parts.now())): Promise<void> {
    return this.#post({ kind: "steer", key: `steer:${key}`, body: { text } });
  }

  /**
   * A person's word on a call in doubt: it happened (with this output), or it did not. The first
   * word counts; saying it again changes nothing, also when it has been acted on.
   */
  async resolve(
    callId: string,
    truth: { readonly happened: true; readonly output?: Json } | { readonly happened: false },
  ): Promise<void> {
    const key = `resolve:${callId}`;
    if (await this.#wasPosted(key)) return;
    const { doubts, outcome } = await this.state();
    if (outcome === null && !doubts.some((doubt) => doubt.callId === callId)) {
      const open = doubts.map((doubt) => doubt.callId).join(", ");
      throw new BridleError("usage", `Call "${callId}" of run ${this.runId} is not in doubt`, {
        hint: open === "" ? "No call of this run is in doubt." : `In doubt: ${open}.`,
      });
    }
    await this.#decide({ kind: "resolve", key, said: { callId, ...truth } });
  }

  /** What waits for a person in this run, oldest first. */
  async approvals(): Promise<readonly HeldApproval[]> {
    return openApprovals(await this.state());
  }

  /**
   * What waits for a person, as the AI SDK's parts: put them behind their calls in the message
   * that a client shows. What the client sends back is believed in its `approvalId` alone: tool,
   * arguments and history are the journal's, whatever a client says they were.
   */
  async approvalParts(): Promise<readonly ApprovalRequestPart[]> {
    const state = await this.state();
    return openApprovals(state).flatMap(({ approvalId, callId, question }) => {
      const call = state.calls.find((open) => open.callId === callId);
      if (call === undefined) return [];
      const { toolCallId } = call;
      return [{ type: "tool-approval-request", approvalId, toolCallId, reason: question }];
    });
  }

  /** The AI SDK's answer to one of `approvalParts`, on behalf of whoever was signed in. */
  respond(
    part: ApprovalResponsePart,
    given: { readonly by: string; readonly onBehalfOf?: string },
  ): Promise<void> {
    const { approvalId, reason } = part;
    const approved: unknown = part.approved;
    const said = reason === undefined ? {} : { reason };
    // Only a plain `true` is a yes: a client may send anything.
    const decision = approved === true ? "approve" : "deny";
    return this.vote({ approvalId, decision, ...given, ...said });
  }

  /**
   * A person's answer to an approval. It is judged here, so that a wrong one is told at once, and
   * again by the run's writer. Who `by` is must have been checked by whoever calls this.
   */
  async vote(vote: Vote): Promise<void> {
    const { approvals, created } = await this.state();
    const approval = approvals.find(({ approvalId }) => approvalId === vote.approvalId);
    const tenant = created?.principal?.tenant;
    const { people, now } = this.#parts;
    const judged = judgeVote(approval, vote, {
      people,
      now: now(),
      ...(tenant === undefined ? {} : { tenant }),
    });
    if (judged.kind === "refused") {
      throw new BridleError("approval_invalid", `The answer does not count: ${judged.reason}`, {
        hint: "See what waits with `bridle approvals`.",
      });
    }
    const callHash = vote.callHash ?? approval?.callHash;
    await this.#decide({ kind: "vote", key: this.#newKey("vote"), said: { ...vote, callHash } });
  }

  /** Adds something that must be done before the run may succeed. The same id is added once. */
  async oblige(obligation: Obligation): Promise<void> {
    const said = { obligation: keptObligation(obligation) };
    await this.#decide({ kind: "oblige", key: `oblige:${obligation.id}`, said });
  }

  /** A person's word that an obligation need not be met. */
  async decline(obligationId: string, given: { by: string; reason: string }): Promise<void> {
    const { obligations, created } = await this.state();
    if (!obligations.some(({ id }) => id === obligationId)) {
      const known = obligations.map(({ id }) => id);
      throw new BridleError("usage", `Run ${this.runId} has no obligation "${obligationId}"`, {
        hint: known.length === 0 ? "It has none at all." : `It has: ${known.join(", ")}.`,
      });
    }
    const { people } = this.#parts;
    const why =
      given.reason.trim() === ""
        ? "a reason is needed"
        : whyNotDecider(given.by, { people, principal: created?.principal });
    if (why !== null) {
      throw new BridleError("approval_invalid", `The word does not count: ${why}`, {
        hint: "Somebody of `people` who did not ask for the run may decline, with a reason.",
      });
    }
    const said = { obligationId, ...given };
    await this.#decide({ kind: "decline", key: this.#newKey("decline"), said });
  }

  /** A person allows the run more than its budget: whole amounts by unit. */
  async raise(more: Readonly<Record<string, number>>, by: string): Promise<void> {
    const { created } = await this.state();
    const why = whyNotDecider(by, { people: this.#parts.people, principal: created?.principal });
    if (why !== null) {
      throw new BridleError("approval_invalid", `The word does not count: ${why}`, {
        hint: "Somebody of `people` who did not ask for the run may raise its budget.",
      });
    }
    await this.#decide({ kind: "raise", key: this.#newKey("raise"), said: { by, more } });
  }

  #newKey(kind: InboxEntry["kind"]): string {
    return `${kind}:${newId(this.#parts.now())}`;
  }

  /** Posts what a person decides, sealed where there is a secret. */
  async #decide(given: {
    readonly kind: InboxEntry["kind"];
    readonly key: string;
    readonly said: object;
  }): Promise<void> {
    const { kind, key, said } = given;
    const { runId } = this;
    const { sealSecret } = this.#parts;
    const json = toJson(said);
    const plain = isJsonObject(json) ? json : {};
    const body =
      sealSecret === undefined ? plain : seal({ runId, kind, key, body: plain }, sealSecret);
    await this.#post({ kind, key, body });
  }

  async #wasPosted(key: string): Promise<boolean> {
    for (let after = 0; ;) {
      const entries = await this.#parts.store.inbox(this.runId, after);
      if (entries.some((entry) => entry.key === key)) return true;
      const last = entries.at(-1);
      if (last === undefined || entries.length < INBOX_PAGE) return false;
      after = last.id;
    }
  }

  async #post(message: Pick<InboxEntry, "kind" | "key" | "body">): Promise<void> {
    const { store, now, posted } = this.#parts;
    const answer = await store.post(this.runId, { ...message, at: now() });
    switch (answer) {
      case "posted":
      case "duplicate":
        await posted();
        return;
      case "finished":
        throw new BridleError("run_terminal", `Run ${this.runId} has already ended`, {
          hint: "See how with `bridle show`; start the work again if it is still needed.",
        });
      case "unknown_run":
        throw new BridleError("run_unknown", `No run "${this.runId}" in this journal`, {
          hint: "List the runs with `bridle runs`.",
        });
      default:
        return;
    }
  }
}

/** What waits for an answer; nothing does in a run that has ended. */
export function openApprovals({ approvals, outcome }: RunState): readonly HeldApproval[] {
  return outcome === null ? approvals.filter(({ decision }) => decision === null) : [];
}

/** The outcome a finished run's journal records. */
export function outcomeOf(state: RunState): Outcome {
  if (state.outcome === null) {
    throw new BridleError("run_running", `Run ${state.runId} has not ended yet`, {
      hint: "Wait with run.outcome(), or follow it with `bridle show --follow`.",
    });
  }
  const { kind, reason, text } = state.outcome;
  return {
    kind,
    reason,
    text,
    turns: state.turn,
    calls: state.callCount,
    usage: state.usage,
    receipts: state.receipts.toArray(),
    inDoubt: effectsInDoubt(state, kind),
    tainted: state.outcome.tainted ?? null,
    unmet: kind === "succeeded" ? [] : (state.gate?.unmet ?? []),
    declined: standings(state).flatMap(({ kind, obligation: { id, declined } }) =>
      kind !== "declined" || declined === undefined ? [] : [{ id, ...declined }],
    ),
  };
}
