/**
 * What people have said about a call that rules ask about; a new question when nobody has.
 *
 * D3 `ask` without someone to ask is no.
 * D5 An approval counts only when everything it is bound to is still so, now.
 */
import { callHashOf, countStanding, peopleFor } from "../governance/approval.ts";
import type { ApprovalRequested } from "../journal/governance-event.ts";
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
): HeldApproval | null {
  const last = latest(session, given);
  if (last?.decision !== "approved") return null;
  return whyNotUsable(session, last, { given, options }) === null ? last : null;
}

function latest(session: Session, { checked }: Bound): HeldApproval | undefined {
  const { callId } = checked.call;
  return session.state.approvals.findLast((approval) => approval.callId === callId);
}

/** A no stands (P4), also when by now no rule would ask any more; null when nobody said it. */
export function refusedByPeople(session: Session, given: Bound): Denied | null {
  const last = latest(session, given);
  if (last?.decision === "denied") {
    const reason = `a person said no: ${last.reason ?? "no"}`;
    return { kind: "deny", rules: last.rules, reason };
  }
  if (last?.decision !== "expired") return null;
  return { kind: "deny", rules: last.rules, reason: "nobody answered in time" };
}

/** The question to people about a call that no approval covers. */
export function consult(
  session: Session,
  given: Consultation,
  options: CallOptions,
): Denied | Waits {
  const last = latest(session, given);
  if (last?.decision !== "approved") return askPeople(session, given, { options, before: "" });
  const changed = "What was approved has changed. ";
  const before = whyNotUsable(session, last, { given, options }) ?? changed;
  return askPeople(session, given, { options, before });
}

/** Why a yes that was given is not one to this call now (P1, P6); null when it is. */
function whyNotUsable(
  session: Session,
  approval: HeldApproval,
  { given, options }: { readonly given: Bound; readonly options: CallOptions },
): string | null {
  // Bound again under the nonce of the question: any difference shows.
  const hash = hashOf(session, given, { options, nonce: approval.nonce });
  if (hash !== approval.callHash) return "What was approved has changed. ";
  if (session.clock.now() >= approval.expiresAt) return "The approval was not used in time. ";
  const { people } = options.governing;
  const { quorum, asked } = approversOf(session, given.checked, options);
  const may = "reason" in asked ? [] : asked.people;
  const isStanding = countStanding(approval, { may, people }) >= quorum;
  return isStanding ? null : "Who may approve has changed. ";
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
  const { expiresMs = governing.approvalMs } = tool.definition.approval ?? {};
  const { quorum, requestedBy, asked } = approversOf(session, checked, options);
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

/** Who may say yes to a call, and how many must. */
function approversOf(
  session: Session,
  { call, tool }: Checked,
  { governing }: CallOptions,
): {
  readonly quorum: number;
  readonly requestedBy: readonly string[];
  readonly asked: ReturnType<typeof peopleFor>;
} {
  const { quorum = 1, people, roles } = tool.definition.approval ?? {};
  const principal = session.state.created?.principal;
  const requestedBy = [
    ...(principal === undefined ? [] : [principal.id]),
    ...(call.editedBy ?? []),
  ];
  const terms = {
    quorum,
    ...(people === undefined ? {} : { people }),
    ...(roles === undefined ? {} : { roles }),
  };
  const tenant = principal?.tenant === undefined ? {} : { tenant: principal.tenant };
  const asked = peopleFor(terms, { people: governing.people, requestedBy, ...tenant });
  return { quorum, requestedBy, asked };
}

function referenceOf({ id, type, version }: Resource): ApprovalRequested["resource"] & object {
  return { id, type, ...(version === undefined ? {} : { version }) };
}
