/**
 * What each event of a run says about where values come from.
 *
 * TE1 Pure: the same events and labels give the same index, live and read again after a crash.
 * TE2 Whatever an event brings into the model's context is somebody's: a person's, the harness's
 *     own words, a labelled field, or untrusted. What is not known to be one of the first is the
 *     last: errors, look-ups, complaints of checks, what a provider had the model read.
 * TE3 Nobody's hand makes another's words theirs: of arguments that a person changed only what
 *     they put in is that person's.
 */
import { addedWords } from "../governance/echo.ts";
import { resolveHandles } from "../governance/handle.ts";
import { parsePlan } from "../governance/plan.ts";
import { prepareLabels, type PreparedLabels } from "../governance/tool-labels.ts";
import {
  addCall,
  addOutput,
  addPlan,
  addText,
  isPlan,
  type Standing,
  type TrustIndex,
} from "../governance/trust.ts";
import type { EventBody, ModelAnswered } from "../journal/event.ts";
import type { ApprovalSettled } from "../journal/governance-event.ts";
import { dispatchable } from "../journal/fold.ts";
import { callIdOf, type RunState } from "../journal/run.ts";
import type { Json } from "../std/json.ts";
import { quotesOutside } from "./gate.ts";

interface Seen {
  /** The run right before the event. */
  readonly before: RunState;
  readonly labels: ReadonlyMap<string, PreparedLabels>;
  /** Whose words the prompt is. */
  readonly prompt: "user" | "untrusted";
}

/** The index after one more event. Costs what the event holds. */
export function noteEvent(index: TrustIndex, event: EventBody, seen: Seen): TrustIndex {
  switch (event.kind) {
    case "run.created":
      return addText(index, event.prompt, { ...user("prompt"), integrity: seen.prompt });
    case "message.added":
      return event.from === "person" ? addText(index, event.text, user("person")) : index;
    case "model.answered":
      return noteAnswer(index, event);
    case "call.completed":
      return noteOutput(index, event, seen);
    case "call.refused":
      return event.quotes === true
        ? addText(index, event.observation, untrusted(toolOf(seen.before, event.callId)))
        : index;
    case "approval.settled":
      return noteEdit(index, event, seen.before);
    case "call.failed": {
      const tool = toolOf(seen.before, event.callId);
      // What is wrong with a plan is told in the words of the plan and of the harness.
      return isPlan(index, tool) ? index : addText(index, event.observation, untrusted(tool));
    }
    case "call.in_doubt":
      return addText(index, event.why, untrusted(toolOf(seen.before, event.callId)));
    case "call.resolved": {
      const doubt = seen.before.doubts.find(({ callId }) => callId === event.callId);
      if (doubt === undefined || !event.happened) return index;
      const { callId, input, tool } = doubt;
      return added(index, { callId, input, output: event.output ?? null, tool }, seen);
    }
    case "gate.checked": {
      const isTold = event.text !== undefined;
      const isQuoting = isTold && quotesOutside(event.unmet, seen.labels);
      return isQuoting ? addText(index, event.text ?? "", untrusted("a postcondition")) : index;
    }
    default:
      return index;
  }
}

/**
 * What the provider ran or looked up itself came before, for all that the answer says: the order
 * of its parts is the provider's and proves nothing.
 */
function noteAnswer(index: TrustIndex, event: ModelAnswered): TrustIndex {
  const { content, consulted, turn } = event;
  const foreign = content.find(
    (part) =>
      part.type === "tool-result" || (part.type === "tool-call" && part.providerExecuted === true),
  );
  const source = foreign !== undefined && "toolName" in foreign ? foreign.toolName : "the provider";
  const isForeign = foreign !== undefined || consulted === true;
  const before = isForeign ? addText(index, "", untrusted(source)) : index;
  return dispatchable(content).reduce((next, part, position) => {
    const callId = callIdOf(turn, position);
    return addCall(next, { callId, tool: part.toolName, input: part.input });
  }, before);
}

/** TE3. */
function noteEdit(index: TrustIndex, event: ApprovalSettled, before: RunState): TrustIndex {
  if (event.input === undefined) return index;
  const approval = before.approvals.find(({ approvalId }) => approvalId === event.approvalId);
  const call = before.calls.find(({ callId }) => callId === approval?.callId);
  return addedWords(call?.input ?? null, event.input).reduce(
    (next, text) => addText(next, text, user("person")),
    index,
  );
}

function noteOutput(
  index: TrustIndex,
  event: Extract<EventBody, { kind: "call.completed" }>,
  seen: Seen,
): TrustIndex {
  const { callId, output } = event;
  const call = seen.before.calls.find((open) => open.callId === callId);
  if (call === undefined) return index;
  const { tool, claim } = call;
  if (isPlan(index, tool)) {
    const parsed = parsePlan(call.input);
    return parsed.ok ? addPlan(index, parsed.plan, callId) : index;
  }
  // A read has no claim that says what its handles stood for.
  const input = claim?.input ?? resolved(index, call.input);
  return added(index, { callId, input, output, tool }, seen);
}

function resolved(index: TrustIndex, input: Json): Json {
  const found = resolveHandles(index, input);
  return found.ok ? found.input : input;
}

interface Done {
  readonly callId: string;
  readonly input: Json;
  readonly output: Json;
  readonly tool: string;
}

function added(index: TrustIndex, done: Done, { before, labels }: Seen): TrustIndex {
  const { callId, input, output, tool } = done;
  // A tool that is gone vouches for nothing.
  const own = labels.get(tool) ?? prepareLabels({ name: tool, isWrite: false });
  const isApproved = before.approvals.some(
    (approval) => approval.callId === callId && approval.decision === "approved",
  );
  const standing: Standing = !own.isWrite ? "read" : isApproved ? "approved" : "trusted";
  return addOutput(index, { callId, input, output, labels: own, standing });
}

function toolOf({ calls, doubts }: RunState, callId: string): string {
  return [...calls, ...doubts].find((open) => open.callId === callId)?.tool ?? "a tool";
}

function user(source: string): Parameters<typeof addText>[2] {
  return { integrity: "user", source, readers: "anyone" };
}

function untrusted(source: string): Parameters<typeof addText>[2] {
  return { integrity: "untrusted", source, readers: "anyone" };
}
