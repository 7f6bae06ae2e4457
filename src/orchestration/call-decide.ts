/**
 * The decision on one call (G4), between its validated arguments and its claim. The order is
 * fixed: intent → resource → policy → approval. A deny ends it; what asks is gathered and asked
 * of people as one question.
 *
 * D1 Every path to a tool comes through here: first calls, calls after an approval, resume, and
 *    what recovery finds never happened.
 * D3 `ask` without someone to ask is no.
 * D4 What a step cannot find out (a throw, a timeout) is a no with that reason.
 * D5 An approval counts only when everything it is bound to is still so, now.
 */
import { callHashOf, peopleFor } from "../governance/approval.ts";
import { decideCall, type DecisionRequest, type Verdict } from "../governance/decide.ts";
import type { ApprovalRequested } from "../journal/event.ts";
import type { Call, HeldApproval } from "../journal/run.ts";
import { startDeadline, untilAborted } from "../std/deadline.ts";
import { errorMessage } from "../std/error.ts";
import { newId } from "../std/ids.ts";
import { isJsonObject, toJson, type Json } from "../std/json.ts";
import type { Tool } from "../tools/tool.ts";
import type { Agent } from "./agent.ts";
import type { CallOptions } from "./call-prepare.ts";
import { forbiddenBy } from "./forbid.ts";
import { isAskedFor } from "./obligation.ts";
import type { Session } from "./session.ts";

/** A call whose arguments are validated and frozen. */
export interface Checked {
  readonly call: Call;
  readonly tool: Tool;
  readonly input: Json;
  readonly argsHash: string;
}

export type Decided =
  | { readonly kind: "allow"; readonly rules: readonly string[] }
  | { readonly kind: "deny"; readonly rules: readonly string[]; readonly reason: string }
  | { readonly kind: "wait"; readonly asked: ApprovalRequested };

type Resource = NonNullable<DecisionRequest["resource"]>;

export async function decideOnCall(
  session: Session,
  checked: Checked,
  options: CallOptions,
): Promise<Decided> {
  const barred = await barredByIntent(session, checked, options);
  if (barred !== null) return barred;
  const found = await resourceOf(session, checked, options);
  if (found.kind === "deny") return found;
  const { resource } = found;
  const verdicts = await askRules(session, { ...checked, resource }, options);
  const denied = verdicts.find((verdict) => verdict.kind === "deny");
  if (denied !== undefined) return denied;
  const rules = verdicts.flatMap((verdict) => verdict.rules);
  const asks = verdicts.filter((verdict) => verdict.kind === "ask");
  if (asks.length === 0) return { kind: "allow", rules };
  const question = asks.map((ask) => ask.question).join(" ");
  const asking = asks.flatMap((ask) => ask.rules);
  return consult(session, { checked, resource, rules, asking, question }, options);
}

/** What the run was accepted for forbids some calls, and may allow only what was asked for. */
async function barredByIntent(
  session: Session,
  { call, tool, input }: Checked,
  { agent }: CallOptions,
): Promise<Extract<Decided, { kind: "deny" }> | null> {
  const { state } = session;
  const forbidden = state.created?.intent?.forbidden ?? [];
  if (forbidden.length > 0) {
    const name = await forbiddenBy(forbidden, { tool: tool.name, input });
    if (name !== null) return deny(`intent/${name}`, `this run must not: ${name}`);
  }
  return barredAsUnasked(session, { call, tool, input }, agent);
}

/**
 * Under `effects: "obliged"`: nothing that is open needs this call. Asked again right before the
 * claim of a call that had to wait, because a sibling may have been claimed meanwhile.
 */
export function barredAsUnasked(
  { state }: Session,
  { call, tool, input }: Omit<Checked, "argsHash">,
  agent: Agent,
): Extract<Decided, { kind: "deny" }> | null {
  if (agent.definition.effects !== "obliged" || tool.effect.class === "read") return null;
  const deed = { callId: call.callId, tool: tool.name, effect: tool.effect.class, input };
  if (isAskedFor(state, deed)) return null;
  const reason = "nothing that was asked for and is still open needs this call";
  return deny("intent/not-asked-for", reason);
}

type Found =
  | { readonly kind: "found"; readonly resource: Resource | null }
  | Extract<Decided, { kind: "deny" }>;

async function resourceOf(
  session: Session,
  { tool, input }: Checked,
  { governing }: CallOptions,
): Promise<Found> {
  const { resource } = tool.definition;
  if (resource === undefined) return { kind: "found", resource: null };
  const deadline = startDeadline(governing.decideTimeoutMs, session.abort);
  try {
    const { runId, created } = session.state;
    const principal = created?.principal ?? null;
    const context = { runId, principal, abortSignal: deadline.stop.signal };
    // The author's own input type, which the schema has just checked.
    const asked = Promise.resolve(resource.of(input as never, context));
    const { id, tenant, version, attributes } = await untilAborted(asked, deadline.stop);
    if (typeof id !== "string") return deny("resource/unknown", "what it acts on has no id");
    const json = toJson(attributes);
    const known: Resource = {
      type: resource.type,
      id,
      ...(tenant === undefined ? {} : { tenant }),
      ...(version === undefined ? {} : { version }),
      ...(isJsonObject(json) ? { attributes: json } : {}),
    };
    const own = principal?.tenant;
    if (tenant !== undefined && tenant !== own) {
      return deny("bridle/cross-tenant", `it belongs to another tenant`);
    }
    return { kind: "found", resource: known };
  } catch (thrown) {
    const reason = `what it acts on could not be looked up: ${errorMessage(thrown)}`;
    return deny("resource/unknown", reason.slice(0, 500));
  } finally {
    deadline.end();
  }
}

/** Everybody who has a say, in order; nobody is asked after a no. */
async function askRules(
  session: Session,
  given: Checked & { readonly resource: Resource | null },
  options: CallOptions,
): Promise<readonly Verdict[]> {
  const { call, tool, input, argsHash, resource } = given;
  const { created, runId } = session.state;
  const request: DecisionRequest = {
    runId,
    agent: options.agent.name,
    principal: created?.principal ?? null,
    callId: call.callId,
    tool: tool.name,
    effect: tool.effect.class,
    input,
    argsHash,
    ...(resource === null ? {} : { resource }),
  };
  const deciding = decideCall(options.governing, request);
  const verdict = deciding instanceof Promise ? await deciding : deciding;
  if (verdict.kind === "deny") return [verdict];
  const wish = await needsApproval(session, given);
  return wish === null ? [verdict] : [verdict, wish];
}

/** The tool's own wish, as the AI SDK spells it. */
async function needsApproval(
  session: Session,
  { call, tool, input }: Checked,
): Promise<Verdict | null> {
  const { needsApproval: wish } = tool.definition;
  if (wish === undefined || wish === false) return null;
  const rules = ["tool/needs-approval"];
  const ask: Verdict = { kind: "ask", rules, question: `May ${tool.name} be called?` };
  if (wish === true) return ask;
  try {
    const messages = session.state.messages.toArray();
    const given = { toolCallId: call.toolCallId, messages, context: {} };
    // The author's own types, those of the version of the AI SDK in use.
    const answer: unknown = await wish(input as never, given as never);
    return answer === false ? null : ask;
  } catch (thrown) {
    return { kind: "deny", rules, reason: `needsApproval failed: ${errorMessage(thrown)}` };
  }
}

interface Consultation {
  readonly checked: Checked;
  readonly resource: Resource | null;
  /** All rules that spoke, those that ask among them. */
  readonly rules: readonly string[];
  readonly asking: readonly string[];
  readonly question: string;
}

/** What people have said about this very call; a new question when they have said nothing. */
function consult(session: Session, given: Consultation, options: CallOptions): Decided {
  const { checked, rules, asking } = given;
  const { callId } = checked.call;
  const last = session.state.approvals.findLast((approval) => approval.callId === callId);
  switch (last?.decision) {
    case "denied":
      return { kind: "deny", rules: asking, reason: `a person said no: ${last.reason ?? "no"}` };
    case "expired":
      return { kind: "deny", rules: asking, reason: "nobody answered in time" };
    case "approved":
      if (isSame(session, last, { given, options })) {
        return { kind: "allow", rules: [...rules, `approval/${last.approvalId}`] };
      }
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
  { given, options }: { readonly given: Consultation; readonly options: CallOptions },
): boolean {
  return hashOf(session, given, { options, nonce: approval.nonce }) === approval.callHash;
}

function hashOf(
  session: Session,
  { checked, resource }: Consultation,
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
    policySet: "",
    doubtful: [],
  };
  return callHashOf(facts, nonce);
}

function askPeople(
  session: Session,
  given: Consultation,
  { options, before }: { readonly options: CallOptions; readonly before: string },
): Decided {
  const { checked, resource, asking, question } = given;
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

function deny(rule: string, reason: string): Extract<Decided, { kind: "deny" }> {
  return { kind: "deny", rules: [rule], reason };
}
