/**
 * What people have said about a call that rules ask about; a new question when nobody has.
 *
 * D3 `ask` without someone to ask is no.
 * D5 An approval counts only when everything it is bound to is still so, now.
 */
import { callHashOf, peopleFor } from "../governance/approval.ts";
import type { ApprovalRequested } from "../journal/event.ts";
import type { HeldApproval } from "../journal/run.ts";
import { newId } from "../std/ids.ts";
import type { Checked, Denied } from "./call-checked.ts";
import type { CallOptions } from "./call-prepare.ts";
import type { Resource } from "./call-resource.ts";
import type { Session } from "./session.ts";

export interface Waits {
  readonly kind: "wait";
  readonly asked: ApprovalRequested;
}

/** All that an answer is bound to beside the run itself. */
export interface Bound {
  readonly checked: Checked;
  readonly resource: Resource | null;
  /** Sensitive arguments whose value is not trusted, by path. */
  readonly doubtful: readonly string[];
}

export interface Consultation extends Bound {
  /** The rules that ask. */
  readonly asking: readonly string[];
  readonly question: string;
}

/** The approval that covers this very call now; null when there is none. */
export function approvalInForce(
  session: Session,
  given: Bound,
  options: CallOptions,
): string | null {
  const last = latest(session, given);
  if (last?.decision !== "approved") return null;
  return isSame(session, last, { given, options }) ? last.approvalId : null;
}

function latest(session: Session, { checked }: Bound): HeldApproval | undefined {
  const { callId } = checked.call;
  return session.state.approvals.findLast((approval) => approval.callId === callId);
}

/** What people said about a call that no approval covers; a new question when they did not. */
export function consult(
  session: Session,
  given: Consultation,
  options: CallOptions,
): Denied | Waits {
  const { asking } = given;
  const last = latest(session, given);
  switch (last?.decision) {
    case "denied":
      return { kind: "deny", rules: asking, reason: `a person said no: ${last.reason ?? "no"}` };
    case "expired":
      return { kind: "deny", rules: asking, reason: "nobody answered in time" };
    case "approved":
      return askPeople(session, given, { options, before: "What was approved has changed. " });
    case "edited":
    case "void":
    case null:
    case undefined:
    default:
      return askPeople(session, given, { options, before: "" });
  }
}

/** Bound again under the nonce of the question: any difference shows (P1). */
function isSame(
  session: Session,
  approval: HeldApproval,
  { given, options }: { readonly given: Bound; readonly options: CallOptions },
): boolean {
  return hashOf(session, given, { options, nonce: approval.nonce }) === approval.callHash;
}

function hashOf(
  session: Session,
  { checked, resource, doubtful }: Bound,
  { options, nonce }: { readonly options: CallOptions; readonly nonce: string },
): string {
  const { created, runId } = session.state;
  const { call, tool, argsHash } = checked;
  const facts = {
    runId,
    callId: call.callId,
    agent: options.agent.name,
    principal: created?.principal ?? null,
    tool: tool.name,
    toolFingerprint: tool.fingerprint,
    argsHash,
    resource,
    policySet: options.agent.policies?.hash ?? "",
    doubtful,
  };
  return callHashOf(facts, nonce);
}

function askPeople(
  session: Session,
  given: Consultation,
  { options, before }: { readonly options: CallOptions; readonly before: string },
): Denied | Waits {
  const { checked, resource, asking, question, doubtful } = given;
  const { call, tool, input, argsHash } = checked;
  const { governing, agent } = options;
  const {
    quorum = 1,
    people,
    roles,
    expiresMs = governing.approvalMs,
  } = tool.definition.approval ?? {};
  const principal = session.state.created?.principal;
  const { editedBy } = call;
  const requestedBy = [
    ...(principal === undefined ? [] : [principal.id]),
    ...(editedBy === undefined ? [] : [editedBy]),
  ];
  const asked = peopleFor(
    {
      quorum,
      ...(people === undefined ? {} : { people }),
      ...(roles === undefined ? {} : { roles }),
    },
    {
      people: governing.people,
      requestedBy,
      ...(principal?.tenant === undefined ? {} : { tenant: principal.tenant }),
    },
  );
  if ("reason" in asked) {
    const reason = `${asked.reason}, so nobody is there to ask: ${question}`;
    return { kind: "deny", rules: asking, reason };
  }
  const now = session.clock.now();
  const nonce = newId(now);
  return {
    kind: "wait",
    asked: {
      kind: "approval.requested",
      agent: agent.name,
      approvalId: newId(now),
      argsHash,
      callHash: hashOf(session, given, { options, nonce }),
      callId: call.callId,
      ...(doubtful.length === 0 ? {} : { doubtful }),
      expiresAt: now + expiresMs,
      input,
      nonce,
      people: asked.people,
      question: `${before}${question}`,
      quorum,
      requestedBy,
      ...(resource === null ? {} : { resource: referenceOf(resource) }),
      rules: asking,
      tool: tool.name,
    },
  };
}

function referenceOf({ id, type, version }: Resource): ApprovalRequested["resource"] & object {
  return { id, type, ...(version === undefined ? {} : { version }) };
}
