/** The lines of a run's story that tell who was asked, what had to be done, what was checked. */
import { unreachable } from "../../std/assert.ts";
import type { JournalEvent } from "../../journal/event.ts";
import type { StoryOptions } from "./story.ts";
import { clip, jsonLine, oneLine, timeText } from "./text.ts";

type GovernanceEvent = Extract<
  JournalEvent,
  {
    readonly kind:
      | "approval.requested"
      | "approval.voted"
      | "approval.settled"
      | "obligation.opened"
      | "obligation.declined"
      | "gate.checked"
      | "inbox.refused"
      | "budget.raised";
  }
>;

export function tellGovernance(telling: StoryOptions, event: GovernanceEvent): readonly string[] {
  const { green, red, yellow, magenta } = telling.paint;
  const short = (text: string): string => oneLine(clip(text, telling.charsMax));
  switch (event.kind) {
    case "approval.requested":
      return tellRequested(telling, event);
    case "approval.voted": {
      const { by, onBehalfOf, decision, reason } = event;
      const whose = onBehalfOf === undefined ? "" : ` for ${oneLine(onBehalfOf)}`;
      const why = reason === undefined ? "" : `: ${short(reason)}`;
      return [`  ${magenta("vote")} ${oneLine(by)}${whose} says ${decision}${why}`];
    }
    case "approval.settled": {
      const { approvalId, decision, reason, input } = event;
      const paint = decision === "approved" || decision === "edited" ? green : red;
      const why = reason === undefined ? "" : `: ${short(reason)}`;
      const changed = input === undefined ? "" : ` to ${jsonLine(input, telling.charsMax)}`;
      return [`  ${paint(decision)} ${approvalId}${changed}${why}`];
    }
    case "obligation.opened": {
      const { obligation, source } = event;
      return [`${yellow("must")}    ${obligation.id}: ${short(obligation.what)} (from ${source})`];
    }
    case "obligation.declined": {
      const { obligationId, by, reason } = event;
      return [`${yellow("declined")} ${obligationId} by ${oneLine(by)}: ${short(reason)}`];
    }
    case "gate.checked": {
      const { checks, unmet, text } = event;
      if (unmet.length === 0) return [`${green("gate")}    ${checks} of ${checks} checks are met`];
      const then = text === undefined ? "" : "; the model is told";
      return [
        `${red("gate")}    ${unmet.length} of ${checks} checks are not met${then}`,
        ...unmet.map(
          ({ id, what, why }) => `  ${red("×")} ${oneLine(id)}  ${short(`${what}: ${why}`)}`,
        ),
      ];
    }
    case "inbox.refused":
      return [`${yellow("mail")}    a ${event.what} was not taken: ${short(event.reason)}`];
    case "budget.raised": {
      const more = Object.entries(event.more).map(([unit, amount]) => `${amount} ${unit}`);
      return [`${magenta("budget")}  ${oneLine(event.by)} allows ${more.join(", ")} more`];
    }
    default:
      return unreachable(event, "tellGovernance");
  }
}

function tellRequested(
  telling: StoryOptions,
  event: Extract<GovernanceEvent, { kind: "approval.requested" }>,
): readonly string[] {
  const { magenta } = telling.paint;
  const { approvalId, callId, tool, input, question, quorum, expiresAt, rules } = event;
  const many = quorum === 1 ? "" : `, ${quorum} people`;
  return [
    `  ${magenta("asks")} ${callId}  ${tool} ${jsonLine(input, telling.charsMax)}`,
    `     ${oneLine(clip(question, telling.charsMax))} (${oneLine(rules.join(", "))})`,
    `     approval ${approvalId}${many}, until ${timeText(expiresAt)}`,
  ];
}
