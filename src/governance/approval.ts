/**
 * A person's yes to one exact call.
 *
 * P1 An answer is bound to everything that makes the call what it is: tool and its interface,
 *    arguments, the resource and its version, principal, agent, run, call, policies, what is
 *    doubtful about it, and a nonce. Anything else needs an answer of its own.
 * P2 Only known people answer; never an agent or a service, never whoever asked for the call or
 *    changed it, never the same person twice, never after the expiry.
 * P3 A quorum counts different people. A delegate counts as the one who delegated.
 * P4 One no decides. No answer in time is a no.
 * P5 An edit decides nothing: the changed call is another call. Nobody who had a hand in the
 *    arguments approves them, however often they were changed since.
 * P6 A yes is used before its expiry, for the rules that asked, and while those who said it may
 *    still say it: votes are counted again right before the call runs.
 */
import type { Principal } from "../journal/event.ts";
import type { HeldApproval } from "../journal/run.ts";
import { hashJson } from "../std/hash.ts";
import type { Json } from "../std/json.ts";

/** Someone who may answer. The list is the operator's; who says "I am Ann" is checked outside. */
export interface Person {
  readonly id: string;
  /** Default: a person. Anything else never answers, whatever list it stands in. */
  readonly kind?: Principal["kind"];
  readonly roles?: readonly string[];
  /** Only calls of these tenants. Absent: of all. */
  readonly tenants?: readonly string[];
  /** Who may answer in this person's place. Nobody passes on what was passed to them. */
  readonly delegates?: readonly {
    readonly to: string;
    /** Only calls of these tools. Absent: all. */
    readonly tools?: readonly string[];
    /** Milliseconds since the epoch, or a date text. */
    readonly until: number | string;
  }[];
}

export interface CallFacts {
  readonly runId: string;
  readonly callId: string;
  readonly agent: string;
  readonly principal: Principal | null;
  readonly tool: string;
  /** Fingerprint of the tool's name, description and schema. */
  readonly toolFingerprint: string;
  readonly argsHash: string;
  readonly resource: {
    readonly type: string;
    readonly id: string;
    readonly version?: string;
  } | null;
  /** Hash of the policies that decide; empty without any. */
  readonly policySet: string;
  readonly doubtful: readonly string[];
}

/** What an answer is bound to (P1). SHA-256 in hex. */
export function callHashOf(facts: CallFacts, nonce: string): string {
  const { resource, principal, doubtful, ...rest } = facts;
  const bound: Json = {
    ...rest,
    doubtful: doubtful.toSorted(),
    nonce,
    principal:
      principal === null
        ? null
        : {
            id: principal.id,
            kind: principal.kind ?? "person",
            roles: (principal.roles ?? []).toSorted(),
            tenant: principal.tenant ?? null,
          },
    resource:
      resource === null
        ? null
        : { id: resource.id, type: resource.type, version: resource.version ?? null },
  };
  return hashJson(bound);
}

export interface VoteRequest {
  readonly approvalId: string;
  readonly by: string;
  readonly decision: "approve" | "deny" | "edit";
  /** What the person saw; absent: whatever is asked now. */
  readonly callHash?: string;
  readonly onBehalfOf?: string;
}

export type Judged =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly reason: string };

/** Whether this answer counts. Asked where it is given, and again by the run's only writer. */
export function judgeVote(
  approval: HeldApproval | undefined,
  vote: VoteRequest,
  given: { readonly people: readonly Person[]; readonly tenant?: string; readonly now: number },
): Judged {
  if (approval === undefined) return refused(`there is no approval ${vote.approvalId} to answer`);
  if (approval.decision !== null) return refused(`it is already ${approval.decision}`);
  if (given.now >= approval.expiresAt) return refused("it has expired");
  if (vote.callHash !== undefined && vote.callHash !== approval.callHash) {
    return refused("the call is not the one that was shown; look at it again");
  }
  const voter = given.people.find(({ id }) => id === vote.by);
  if (voter === undefined) return refused(`"${vote.by}" is not a known approver`);
  const whose = vote.onBehalfOf ?? vote.by;
  const right = given.people.find(({ id }) => id === whose);
  if (right === undefined) return refused(`"${whose}" is not a known approver`);
  for (const person of [voter, right]) {
    const why = whyNotPerson(person, approval);
    if (why !== null) return refused(why);
  }
  const notRight = whyNoRight(right, approval) ?? whyNoTenant([voter, right], given.tenant);
  if (notRight !== null) return refused(notRight);
  if (right !== voter && !isDelegate(right, voter, { tool: approval.tool, now: given.now })) {
    return refused(`"${whose}" has not delegated this to "${vote.by}"`);
  }
  const people = approval.votes.flatMap(({ by, onBehalfOf }) => [by, onBehalfOf ?? by]);
  if (people.includes(vote.by) || people.includes(whose)) {
    return refused(`"${people.includes(whose) ? whose : vote.by}" has already answered`);
  }
  return { kind: "accepted" };
}

function whyNotPerson(person: Person, approval: HeldApproval): string | null {
  const { id, kind = "person" } = person;
  if (kind !== "person") return `"${id}" is no person`;
  if (approval.requestedBy.includes(id)) return `"${id}" cannot approve their own request`;
  return null;
}

function whyNoRight({ id }: Person, approval: HeldApproval): string | null {
  const isAsked = approval.people === null || approval.people.includes(id);
  return isAsked ? null : `"${id}" was not asked`;
}

/** A delegation passes on a right, never another tenant. */
function whyNoTenant(people: readonly Person[], tenant?: string): string | null {
  const stranger = people.find((person) => !isOfTenant(person, tenant));
  if (stranger === undefined) return null;
  const where = tenant === undefined ? "this run" : `tenant ${tenant}`;
  return `"${stranger.id}" does not answer for ${where}`;
}

function isOfTenant({ tenants }: Person, tenant?: string): boolean {
  return tenants === undefined || tenants.includes(tenant ?? "");
}

function isDelegate(
  from: Person,
  to: Person,
  given: { readonly tool: string; readonly now: number },
): boolean {
  return (from.delegates ?? []).some((each) => {
    const until = typeof each.until === "number" ? each.until : Date.parse(each.until);
    const isTool = each.tools === undefined || each.tools.includes(given.tool);
    return each.to === to.id && isTool && given.now < until;
  });
}

function refused(reason: string): Judged {
  return { kind: "refused", reason };
}

/** What the votes come to. */
export function countVotes(
  approval: Pick<HeldApproval, "votes" | "quorum">,
): { readonly kind: "open" | "approved" } | { readonly kind: "denied"; readonly reason: string } {
  const no = approval.votes.find(({ decision }) => decision === "deny");
  if (no !== undefined) return { kind: "denied", reason: no.reason ?? `${no.by} said no` };
  const yes = new Set(approval.votes.map(({ by, onBehalfOf }) => onBehalfOf ?? by));
  return { kind: yes.size >= approval.quorum ? "approved" : "open" };
}

/**
 * How many people's yes still counts under who may answer today (P6): whoever gave it or lent
 * their right to it has not been struck from the list since.
 */
export function countStanding(
  approval: Pick<HeldApproval, "votes">,
  given: { readonly may: readonly string[]; readonly people: readonly Person[] },
): number {
  const { may, people } = given;
  const isKnown = (id: string): boolean =>
    people.some((person) => person.id === id && (person.kind ?? "person") === "person");
  const standing = approval.votes.filter(({ by, decision, onBehalfOf }) => {
    return decision === "approve" && isKnown(by) && may.includes(onBehalfOf ?? by);
  });
  return new Set(standing.map(({ by, onBehalfOf }) => onBehalfOf ?? by)).size;
}

/**
 * Why somebody's word about the run itself (an obligation, its budget) does not count. Where the
 * approvers are known, nobody else decides in their place, nor whoever asked.
 */
export function whyNotDecider(
  by: string,
  given: { readonly people: readonly Person[]; readonly principal: Principal | undefined },
): string | null {
  const { people, principal } = given;
  if (people.length === 0) return null;
  const person = people.find(({ id }) => id === by);
  if (person === undefined) return `"${by}" is not a known approver`;
  if ((person.kind ?? "person") !== "person") return `"${by}" is no person`;
  if (principal?.id === by) return `"${by}" cannot decide on their own request`;
  return whyNoTenant([person], principal?.tenant);
}

export interface Asked {
  readonly people?: readonly string[];
  readonly roles?: readonly string[];
  readonly quorum: number;
}

/**
 * Who of the known people may answer; a reason instead when too few may, so that nobody waits for
 * an answer that cannot come.
 */
export function peopleFor(
  asked: Asked,
  given: {
    readonly people: readonly Person[];
    readonly tenant?: string;
    readonly requestedBy: readonly string[];
  },
): { readonly people: readonly string[] } | { readonly reason: string } {
  const { people: named, roles, quorum } = asked;
  const may = given.people.filter((person) => {
    const isNamed = named === undefined && roles === undefined;
    const isListed = named?.includes(person.id) === true;
    const hasRole = person.roles?.some((role) => roles?.includes(role) === true) === true;
    const isTenant = isOfTenant(person, given.tenant);
    const isPerson = (person.kind ?? "person") === "person";
    const isOther = !given.requestedBy.includes(person.id);
    return isPerson && isTenant && isOther && (isNamed || isListed || hasRole);
  });
  if (may.length >= quorum && quorum > 0) return { people: may.map(({ id }) => id) };
  const needed = quorum === 1 ? "a person" : `${quorum} people`;
  return { reason: `${needed} must approve this and ${may.length} may` };
}
