/** One approval, for the person who is to answer it and for scripts. */
import type { PastApproval } from "../../journal/approval-history.ts";
import { formatDuration } from "../../std/duration.ts";
import type { Paint } from "../output.ts";
import { guardJson, guardText } from "./guarded.ts";
import { clip, timeText } from "./text.ts";

export type ApprovalStanding = "open" | Exclude<PastApproval["decision"], null>;

/** An open one past its expiry is `expired`, although nobody has written that down yet. */
export function standingOf({ decision, expiresAt }: PastApproval, now: number): ApprovalStanding {
  if (decision !== null) return decision;
  return now >= expiresAt ? "expired" : "open";
}

/** The members of this object are a promise to scripts. */
export function approvalObject(approval: PastApproval, now: number): object {
  const { approvalId, runId, agent, callId, tool, input, callHash, question, rules } = approval;
  const { resource = null, doubtful = [], people, quorum, requestedBy, votes } = approval;
  const { requestedAt, expiresAt, settledAt = null, reason = null } = approval;
  return {
    approvalId,
    runId,
    agent,
    callId,
    standing: standingOf(approval, now),
    tool,
    input,
    callHash,
    question,
    rules,
    resource,
    doubtful,
    people,
    quorum,
    requestedBy,
    votes,
    reason,
    requestedAt,
    expiresAt,
    settledAt,
    warnings: guardJson(input).warnings,
  };
}

/** Characters of a question, a reason or a list of names. */
const TEXT_MAX = 1_000;

export function approvalLines(approval: PastApproval, now: number, paint: Paint): string[] {
  const { approvalId, runId, agent, callId, tool, input, resource, doubtful = [] } = approval;
  const { bold, dim, red, yellow } = paint;
  const guarded = guardJson(input);
  const call = `${bold(guardText(tool))} ${guarded.text}`;
  const where = `of run ${runId} (${guardText(agent)}), call ${callId}`;
  return [
    `${bold(approvalId)} ${dim(where)}`,
    `  call     ${call}`,
    ...guarded.warnings.map((warning) => `  ${red("warning")}  ${warning}`),
    ...(doubtful.length === 0
      ? []
      : [`  ${yellow("doubtful")} ${short(doubtful.join(", "))}: from no source that is trusted`]),
    ...(resource === undefined ? [] : [`  on       ${resourceText(resource)}`]),
    `  asks     ${short(approval.question)} ${dim(`(${short(approval.rules.join(", "))})`)}`,
    ...voteLines(approval),
    ...whenLines(approval, now),
  ];
}

function short(text: string): string {
  return guardText(clip(text, TEXT_MAX));
}

function resourceText({ type, id, version }: NonNullable<PastApproval["resource"]>): string {
  const which = `${guardText(type)} ${guardText(id)}`;
  return version === undefined ? which : `${which}, version ${guardText(version)}`;
}

function voteLines({ votes, quorum, people, requestedBy }: PastApproval): readonly string[] {
  const yes = votes.filter(({ decision }) => decision === "approve").length;
  const told = votes.map(({ by, onBehalfOf, decision, reason }) => {
    const whose = onBehalfOf === undefined ? "" : ` for ${guardText(onBehalfOf)}`;
    const why = reason === undefined ? "" : ` (${short(reason)})`;
    return `${guardText(by)}${whose} says ${decision}${why}`;
  });
  const said = told.length === 0 ? "" : `: ${told.join("; ")}`;
  const not = requestedBy.length === 0 ? "" : `; never ${short(requestedBy.join(", "))}`;
  return [
    `  votes    ${yes} of ${quorum}${said}`,
    `  who      ${people === null ? "anybody known" : short(people.join(", "))}${not}`,
  ];
}

function whenLines(approval: PastApproval, now: number): readonly string[] {
  const { approvalId, expiresAt, settledAt = expiresAt, reason } = approval;
  const standing = standingOf(approval, now);
  if (standing !== "open") {
    const why = reason === undefined ? "" : `: ${short(reason)}`;
    return [`  ${standing} ${timeText(settledAt)}${why}`];
  }
  return [
    `  until    ${timeText(expiresAt)}, in ${formatDuration(expiresAt - now)}`,
    `  answer   bridle approve ${approvalId} --as PERSON`,
    `           bridle deny ${approvalId} --as PERSON --reason "…"`,
  ];
}
