/**
 * What came from outside becomes events, written by the one fenced writer. Who writes may be
 * wrong or lying: each message is judged here, whatever was checked where it was posted. What is
 * not taken becomes an event too, so that its sender can see why.
 */
import { countVotes, judgeVote, whyNotDecider, type VoteRequest } from "../governance/approval.ts";
import { budgetUnits } from "../governance/budget.ts";
import { whyNotSealed } from "../governance/seal.ts";
import type { EventBody } from "../journal/event.ts";
import type { Obligation } from "../journal/intent.ts";
import type { InboxEntry } from "../journal/store.ts";
import { INBOX_PAGE } from "../journal/store-rules.ts";
import { BridleError, errorMessage } from "../std/error.ts";
import { isJsonObject, type Json, type JsonObject } from "../std/json.ts";
import type { CallOptions } from "./call-prepare.ts";
import { openObligations } from "./oblige.ts";
import { checkObligations } from "./obligation.ts";
import { keptObligation } from "./intent.ts";
import type { Session } from "./session.ts";

/** Takes every new inbox entry into the journal's pending events. */
export async function takeMail(session: Session, options: CallOptions): Promise<void> {
  const { runId } = session.fence;
  if (!session.hasMail) return;
  session.beginLook();
  for (;;) {
    const entries = await session.store.inbox(runId, session.state.inboxSeen);
    for (const entry of entries) await takeEntry(session, entry, options);
    if (entries.length < INBOX_PAGE) return;
  }
}

/** A cancel does not wait for the model, for reads in flight or for a free slot. */
export async function stopIfCancelled(session: Session): Promise<void> {
  const entries = await session.store.inbox(session.fence.runId, session.state.inboxSeen);
  if (entries.some((entry) => entry.kind === "cancel")) stopAsking(session);
}

function stopAsking(session: Session): void {
  if (session.abort.aborted) return;
  session.abort.abort(new BridleError("aborted", "The run was cancelled"));
}

async function takeEntry(session: Session, entry: InboxEntry, options: CallOptions): Promise<void> {
  const body = isJsonObject(entry.body) ? entry.body : {};
  const forged = whyForged(session, { entry, body }, options);
  if (forged !== null) return refuse(session, entry, forged);
  switch (entry.kind) {
    case "cancel": {
      stopAsking(session);
      const reason = textOf(body["reason"]) ?? "cancelled";
      session.push({ kind: "run.cancel_requested", inbox: entry.id, reason });
      return;
    }
    case "steer": {
      const text = textOf(body["text"]) ?? "";
      session.push({ kind: "message.added", from: "person", inbox: entry.id, text });
      return;
    }
    case "resolve":
      takeResolved(session, { entry, body }, options);
      return;
    case "vote":
      await takeVote(session, { entry, body }, options);
      return;
    case "oblige":
      session.push(openedBy(session, { entry, body }, options));
      return;
    case "decline":
      session.push(declinedIn(session, { entry, body }, options));
      return;
    case "raise":
      session.push(raisedIn(session, { entry, body }, options));
      return;
    default:
      refuse(session, entry, "its kind is not known to this version");
  }
}

interface Mail {
  readonly entry: InboxEntry;
  readonly body: JsonObject;
}

/**
 * What only people may decide needs the seal of a process that knows who they are. Stopping a run
 * and talking to its model decide nothing.
 */
function whyForged(
  session: Session,
  { entry: { kind, key }, body }: Mail,
  { governing: { sealSecret } }: CallOptions,
): string | null {
  if (sealSecret === null) return null;
  if (kind === "cancel" || kind === "steer") return null;
  return whyNotSealed({ runId: session.fence.runId, kind, key, body }, sealSecret);
}

function refuse(session: Session, entry: InboxEntry, reason: string): void {
  session.push(refusal(entry, reason));
}

function refusal(entry: InboxEntry, reason: string): EventBody {
  return { kind: "inbox.refused", inbox: entry.id, reason: reason.slice(0, 500), what: entry.kind };
}

/** A person says whether a call in doubt happened. */
function takeResolved(session: Session, { entry, body }: Mail, { agent }: CallOptions): void {
  const callId = textOf(body["callId"]) ?? "";
  const happened = body["happened"] === true;
  const { output } = body;
  const doubt = session.state.doubts.find((open) => open.callId === callId);
  // A word that comes too late, or is about something else, settles nothing.
  if (doubt === undefined) return refuse(session, entry, "no such call is in doubt");
  session.push({
    kind: "call.resolved",
    by: "person",
    callId,
    happened,
    inbox: entry.id,
    ...(output === undefined ? {} : { output }),
  });
  session.settleCall(callId, happened);
  if (!happened) return undefined;
  const tool = agent.tools.get(doubt.tool);
  openObligations(session, agent, { tool, callId, input: doubt.input, output: output ?? null });
  return undefined;
}

/** A person's answer about a call; with the last one needed, the call is decided on again. */
async function takeVote(
  session: Session,
  { entry, body }: Mail,
  options: CallOptions,
): Promise<void> {
  const vote = voteOf(body);
  const { approvals, created } = session.state;
  const approval = approvals.find(({ approvalId }) => approvalId === vote?.approvalId);
  const tenant = created?.principal?.tenant;
  const now = session.clock.now();
  const { people } = options.governing;
  if (vote === null) return refuse(session, entry, "it is no answer to an approval");
  const judged = judgeVote(approval, vote, {
    people,
    now,
    ...(tenant === undefined ? {} : { tenant }),
  });
  if (judged.kind === "refused") return refuse(session, entry, judged.reason);
  const { approvalId, by, decision, onBehalfOf } = vote;
  const reason = textOf(body["reason"]);
  const said = reason === undefined ? {} : { reason: reason.slice(0, 2_000) };
  if (decision === "edit") {
    const { input } = body;
    if (!isJsonObject(input)) return refuse(session, entry, "an edit needs the whole input");
    const unfit = await whyUnfit(options, approval?.tool ?? "", input);
    if (unfit !== null) return refuse(session, entry, unfit);
    session.push({
      kind: "approval.settled",
      approvalId,
      by,
      decision: "edited",
      inbox: entry.id,
      input,
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
      ...said,
    });
    return undefined;
  }
  session.push({
    kind: "approval.voted",
    approvalId,
    by,
    decision,
    inbox: entry.id,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    ...said,
  });
  return settleIfDecided(session, approvalId);
}

/** Arguments that the tool would not take change nothing: the question stays open. */
async function whyUnfit(
  { agent }: CallOptions,
  name: string,
  input: JsonObject,
): Promise<string | null> {
  const tool = agent.tools.get(name);
  if (tool === undefined) return `the agent has no tool "${name}" any more`;
  const checked = await tool.schema.check(input);
  if (checked.ok) return null;
  const problems = checked.problems.map(({ path, message }) => `${path || "input"}: ${message}`);
  return `the changed arguments do not fit: ${problems.join("; ")}`;
}

function settleIfDecided(session: Session, approvalId: string): void {
  const approval = session.state.approvals.find((each) => each.approvalId === approvalId);
  if (approval === undefined) return;
  const counted = countVotes(approval);
  if (counted.kind === "open") return;
  const { kind: decision } = counted;
  const reason = counted.kind === "denied" ? { reason: counted.reason } : {};
  session.push({ kind: "approval.settled", approvalId, decision, ...reason });
}

function voteOf(body: JsonObject): VoteRequest | null {
  const approvalId = textOf(body["approvalId"]);
  const by = textOf(body["by"]);
  const decision = body["decision"];
  const callHash = textOf(body["callHash"]);
  const onBehalfOf = textOf(body["onBehalfOf"]);
  if (approvalId === undefined || by === undefined) return null;
  if (decision !== "approve" && decision !== "deny" && decision !== "edit") return null;
  return {
    approvalId,
    by,
    decision,
    ...(callHash === undefined ? {} : { callHash }),
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
  };
}

/** A request that a person confirmed while the run goes on. */
function openedBy(session: Session, { entry, body }: Mail, options: CallOptions): EventBody {
  const obligation = readObligation(body["obligation"]);
  if (obligation === null) return refusal(entry, "it is no obligation");
  try {
    checkObligations([obligation], {
      where: "The request",
      tools: new Set(options.agent.tools.keys()),
      taken: session.state.obligations,
    });
  } catch (thrown) {
    return refusal(entry, errorMessage(thrown));
  }
  return { kind: "obligation.opened", inbox: entry.id, obligation, source: "person" };
}

/** An obligation out of data that nobody has typed. */
export function readObligation(value: Json | undefined): Obligation | null {
  if (!isJsonObject(value)) return null;
  const { id, what, tool, input, output, declinable } = value;
  if (typeof id !== "string" || typeof what !== "string" || typeof tool !== "string") return null;
  return keptObligation({
    id,
    what,
    tool,
    ...(isJsonObject(input) ? { input } : {}),
    ...(output === undefined ? {} : { output }),
    ...(typeof declinable === "boolean" ? { declinable } : {}),
  });
}

function declinedIn(session: Session, { entry, body }: Mail, options: CallOptions): EventBody {
  const obligationId = textOf(body["obligationId"]) ?? "";
  const by = textOf(body["by"]) ?? "";
  const reason = textOf(body["reason"]) ?? "";
  const known = session.state.obligations.find(({ id }) => id === obligationId);
  if (known === undefined) return refusal(entry, `there is no obligation "${obligationId}"`);
  if (known.declined !== undefined) return refusal(entry, "it is declined already");
  if (by === "" || reason.trim() === "") return refusal(entry, "a person and a reason are needed");
  const why = whyNobody(session, by, options);
  if (why !== null) return refusal(entry, why);
  return { kind: "obligation.declined", by, inbox: entry.id, obligationId, reason };
}

function whyNobody(session: Session, by: string, { governing }: CallOptions): string | null {
  const { people } = governing;
  return whyNotDecider(by, { people, principal: session.state.created?.principal });
}

function raisedIn(session: Session, { entry, body }: Mail, options: CallOptions): EventBody {
  const by = textOf(body["by"]) ?? "";
  const given = isJsonObject(body["more"]) ? Object.entries(body["more"]) : [];
  const more = given.filter((each): each is [string, number] => {
    return typeof each[1] === "number" && Number.isSafeInteger(each[1]) && each[1] > 0;
  });
  if (by === "" || more.length === 0 || more.length !== given.length) {
    return refusal(entry, "a person and whole amounts by unit are needed");
  }
  const units = budgetUnits(options.agent.definition.budget ?? {});
  const stranger = more.find(([unit]) => !units.includes(unit));
  if (stranger !== undefined) {
    const has = units.join(", ") || "nothing";
    return refusal(entry, `the run has no budget of ${stranger[0]}; it has one of ${has}`);
  }
  const why = whyNobody(session, by, options);
  if (why !== null) return refusal(entry, why);
  return { kind: "budget.raised", by, inbox: entry.id, more: Object.fromEntries(more) };
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
