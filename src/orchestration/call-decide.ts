/**
 * The decision on one call (G4), between its validated arguments and its claim. The order is
 * fixed: intent → resource → labels → policy → approval → breaker → limits and budget. A deny ends
 * it; what asks is gathered and asked of people as one question. Breaker, limits and budgets come
 * last, so that a call that waits for a person takes no room from others.
 *
 * D1 Every path to a tool comes through here: first calls, calls after an approval, resume, and
 *    what recovery finds never happened.
 * D3 `ask` without someone to ask is no.
 * D4 What a step cannot find out (a throw, a timeout) is a no with that reason.
 * D5 An approval counts only when everything it is bound to is still so, now.
 */
import { allowAll } from "../governance/decide.ts";
import type { CallJudgement } from "../governance/provenance.ts";
import type { ApprovalRequested } from "../journal/governance-event.ts";
import { denied, type Checked, type Denied } from "./call-checked.ts";
import { approvalInForce, consult, refusedByPeople } from "./call-people.ts";
import type { Agent } from "./agent.ts";
import type { CallOptions } from "./call-prepare.ts";
import { resourceOf } from "./call-resource.ts";
import { askRules, type Considered } from "./call-rules.ts";
import { forbiddenBy } from "./forbid.ts";
import { isAskedFor } from "./obligation.ts";
import { forgetPast } from "./past.ts";
import type { Session } from "./session.ts";
import { reserveCall } from "./call-room.ts";
import { enterTool, isToolQuiet, isToolQuietNow, whyClosedOff } from "./tool-circuit.ts";

export type Decided =
  | {
      readonly kind: "allow";
      readonly rules: readonly string[];
      /** False: a place or a rate must be waited for before it is claimed. */
      readonly hasRoom: boolean;
    }
  | Denied
  /** Allowed, and the service behind it is out of order. */
  | { readonly kind: "unavailable"; readonly rules: readonly string[]; readonly reason: string }
  /** Allowed, and no room for it now. */
  | { readonly kind: "full"; readonly rules: readonly string[]; readonly reason: string }
  | { readonly kind: "wait"; readonly asked: ApprovalRequested };

/** Nothing is declared that could say anything about a call: it may happen, at no cost. */
const undeclared: Decided = { kind: "allow", rules: [], hasRoom: true };

export function decideOnCall(
  session: Session,
  checked: Checked,
  options: CallOptions,
): Decided | Promise<Decided> {
  if (!isUndeclared(session, checked, options)) return decideInOrder(session, checked, options);
  if (isToolQuiet(checked.tool, options.circuits)) return undeclared;
  return decideAfterLook(session, checked, options);
}

function isUndeclared({ state }: Session, { tool }: Checked, options: CallOptions): boolean {
  const { agent, governing, trust } = options;
  const { effects, budget } = agent.definition;
  const { resource, needsApproval, limits } = tool.definition;
  const isFree = agent.policies === null && trust === null && effects !== "obliged";
  const isOpen = governing.decide === allowAll && needsApproval === undefined;
  const isUnlimited =
    limits === undefined && budget === undefined && governing.budgets.length === 0;
  const isUnbound = state.approvals.length === 0 && state.created?.intent?.forbidden === undefined;
  return isFree && isOpen && isUnlimited && isUnbound && resource === undefined;
}

/** What is known of the tool's breaker is old: mostly there is nothing to know. */
async function decideAfterLook(
  session: Session,
  checked: Checked,
  options: CallOptions,
): Promise<Decided> {
  const isQuiet = await isToolQuietNow(checked.tool, options.circuits);
  return isQuiet ? undeclared : decideInOrder(session, checked, options);
}

async function decideInOrder(
  session: Session,
  checked: Checked,
  options: CallOptions,
): Promise<Decided> {
  const decided = await considerCall(session, checked, options);
  // What was counted for the rules counts only for a call that runs, or that once may have.
  const { callId, status } = checked.call;
  if (decided.kind !== "allow" && status === "requested") await forgetPast(session, callId);
  return decided;
}

async function considerCall(
  session: Session,
  checked: Checked,
  options: CallOptions,
): Promise<Decided> {
  const barred = await barredByIntent(session, checked, options);
  if (barred !== null) return barred;
  const found = await resourceOf(session, checked, options);
  if (found.kind === "deny") return found;
  if (options.trust?.isLatePlan(checked.call) === true) {
    return denied("labels/plan-frozen", "the plan stands since something untrusted was read");
  }
  const judgement = options.trust?.judge(checked) ?? null;
  const doubtful = doubtfulOf(judgement);
  const { resource } = found;
  const bound = { checked, resource, doubtful };
  const refused = refusedByPeople(session, bound);
  if (refused !== null) return refused;
  const approved = approvalInForce(session, bound, options);
  const considered: Considered = {
    ...checked,
    resource,
    judgement,
    doubtful,
    approvedRules: approved?.rules ?? null,
  };
  const verdicts = await askRules(session, considered, options);
  const no = verdicts.find((verdict) => verdict.kind === "deny");
  if (no !== undefined) return no;
  const rules = verdicts.flatMap((verdict) => verdict.rules);
  const asks = verdicts.filter((verdict) => verdict.kind === "ask");
  const asking = asks.flatMap((ask) => ask.rules.filter(isRule));
  // A yes answers the rules that asked for it, and no other.
  const isAnswered = asking.every((rule) => approved?.rules.includes(rule) === true);
  // Rules may take their time: the yes is looked at again after them.
  const isStanding = approved === null || approvalInForce(session, bound, options) !== null;
  if (isAnswered && isStanding) {
    const by = approved === null ? [] : [`approval/${approved.approvalId}`];
    return withRoom(session, checked, { options, rules: [...rules, ...by] });
  }
  const question = asks.map((ask) => ask.question).join(" ");
  return consult(session, { ...bound, asking, question }, options);
}

/** What drafts would have said stands among the rules, and binds nobody. */
function isRule(name: string): boolean {
  return !name.startsWith("shadow/");
}

function doubtfulOf(judgement: CallJudgement | null): readonly string[] {
  if (judgement === null) return [];
  // In one order, whatever order the model wrote them in and the journal keeps them in.
  return judgement.arguments.flatMap((each) => (each.isTrusted ? [] : [each.path])).toSorted();
}

/** The last step: rate, concurrency and budgets, reserved now and settled with the result. */
async function withRoom(
  session: Session,
  { call, tool, isRetry }: Checked,
  given: { readonly options: CallOptions; readonly rules: readonly string[] },
): Promise<Decided> {
  const { options, rules } = given;
  const { agent, governing, circuits } = options;
  const { callId } = call;
  const unavailable = (reason: string): Decided => {
    return { kind: "unavailable", rules: [...rules, "breaker"], reason };
  };
  const off = await whyClosedOff(session, { tool, callId }, circuits);
  if (off !== null) return unavailable(off);
  if (isRetry !== true) {
    const room = await reserveCall(session, { callId, tool, agent, governing });
    if (room.kind === "full") {
      return { kind: "full", rules: [...rules, "limits"], reason: room.reason };
    }
    // A call that still has to wait comes in when its turn has come.
    if (room.kind !== "room") return { kind: "allow", rules, hasRoom: false };
  }
  const closed = await enterTool(session, { tool, callId }, circuits);
  return closed === null ? { kind: "allow", rules, hasRoom: true } : unavailable(closed);
}

/** What the run was accepted for forbids some calls, and may allow only what was asked for. */
async function barredByIntent(
  session: Session,
  { call, tool, input }: Checked,
  { agent }: CallOptions,
): Promise<Denied | null> {
  const { state } = session;
  const forbidden = state.created?.intent?.forbidden ?? [];
  if (forbidden.length > 0) {
    const name = await forbiddenBy(forbidden, { tool: tool.name, input });
    if (name !== null) return denied(`intent/${name}`, `this run must not: ${name}`);
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
): Denied | null {
  if (agent.definition.effects !== "obliged" || tool.effect.class === "read") return null;
  // What confirms requests cannot wait for one.
  if (tool.definition.obliges !== undefined) return null;
  const deed = { callId: call.callId, tool: tool.name, effect: tool.effect.class, input };
  if (isAskedFor(state, deed)) return null;
  const reason = "nothing that was asked for and is still open needs this call";
  return denied("intent/not-asked-for", reason);
}
