/** Everybody who has a say about a call, in a fixed order; nobody is asked after a no. */
import { decideCall, type DecisionRequest, type Verdict } from "../governance/decide.ts";
import type { CallJudgement } from "../governance/provenance.ts";
import type { Message } from "../journal/message.ts";
import { startDeadline, untilAborted } from "../std/deadline.ts";
import { errorMessage } from "../std/error.ts";
import { deniedQuoting, type Checked, type Denied } from "./call-checked.ts";
import type { CallOptions } from "./call-prepare.ts";
import type { Resource } from "./call-resource.ts";
import { policyVerdict } from "./policies.ts";
import type { Session } from "./session.ts";

export interface Considered extends Checked {
  readonly resource: Resource | null;
  /** Where its arguments come from; null for an agent without labels. */
  readonly judgement: CallJudgement | null;
  /** Sensitive arguments whose value is not trusted, by path. */
  readonly doubtful: readonly string[];
  /** The rules that people answered with a yes to this very call; null: there is none. */
  readonly approvedRules: readonly string[] | null;
}

export async function askRules(
  session: Session,
  given: Considered,
  options: CallOptions,
): Promise<readonly (Verdict | Denied)[]> {
  const verdicts: (Verdict | Denied)[] = [];
  const origin = given.judgement === null ? null : originVerdict(given.judgement);
  if (origin !== null) verdicts.push(origin);
  const steps = [
    (): Promise<Verdict | Denied> => ownDecision(session, given, options),
    (): Promise<Verdict | Denied | null> => policyVerdict(session, given, options),
    (): Promise<Verdict | Denied | null> => needsApproval(session, given, options),
  ];
  for (const step of steps) {
    const verdict = await step();
    if (verdict !== null) verdicts.push(verdict);
    if (verdict?.kind === "deny") return [verdict];
  }
  return verdicts;
}

/** The theorem of labels: what no trusted source has said is for a person to allow. */
function originVerdict(judgement: CallJudgement): Verdict | null {
  if (judgement.kind === "trusted") return null;
  const doubts = judgement.arguments
    .filter((each) => !each.isTrusted)
    .map(({ path, because }) => `${path || "the input"}: ${because}`);
  if (judgement.isUnplanned) {
    const question = "The plan, made before anything untrusted was read, names no such call.";
    return { kind: "ask", rules: ["labels/unplanned"], question };
  }
  const question = `Some arguments come from no trusted source (${doubts.join("; ")}).`;
  return { kind: "ask", rules: ["labels/doubtful"], question };
}

/** Code says why not, in words that it may have from anywhere. */
async function ownDecision(
  session: Session,
  given: Considered,
  options: CallOptions,
): Promise<Verdict | Denied> {
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
    toolCallId: call.toolCallId,
    // Copied only for the decision point that reads it.
    get messages() {
      return sentMessages(session);
    },
  };
  const verdict = await decideCall(options.governing, request);
  return verdict.kind === "deny" ? { ...verdict, quotes: true } : verdict;
}

/** What the model was sent before its last answer, as the AI SDK hands it to such functions. */
function sentMessages({ state }: Session): readonly Message[] {
  return state.messages.toArray().slice(0, -1);
}

/** The tool's own wish, as the AI SDK spells it. */
async function needsApproval(
  session: Session,
  { call, tool, input }: Checked,
  { governing }: CallOptions,
): Promise<Verdict | Denied | null> {
  const { needsApproval: wish } = tool.definition;
  if (wish === undefined || wish === false) return null;
  const rules = ["tool/needs-approval"];
  const ask: Verdict = { kind: "ask", rules, question: `May ${tool.name} be called?` };
  if (wish === true) return ask;
  const deadline = startDeadline(governing.decideTimeoutMs, session.abort);
  try {
    const messages = sentMessages(session);
    const given = { toolCallId: call.toolCallId, messages, context: {} };
    // The author's own types, those of the version of the AI SDK in use.
    const asked: Promise<unknown> = Promise.resolve(wish(input as never, given as never));
    const answer = await untilAborted(asked, deadline.stop);
    return answer === false ? null : ask;
  } catch (thrown) {
    const reason = `needsApproval failed: ${errorMessage(thrown)}`;
    return deniedQuoting("tool/needs-approval", reason);
  } finally {
    deadline.end();
  }
}
