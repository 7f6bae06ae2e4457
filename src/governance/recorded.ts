/**
 * The decisions of a run as its journal tells them: each call once, with what the policies were
 * shown. So a decision can be explained, and another set of policies tried on it, long after.
 */
import type { JournalEvent, Principal, Seen } from "../journal/event.ts";
import { foldEvent } from "../journal/fold.ts";
import { emptyRun, type RunState } from "../journal/run.ts";
import type { Json } from "../std/json.ts";
import type { CallRequest } from "./policy/request.ts";

export interface RecordedDecision {
  readonly runId: string;
  readonly callId: string;
  readonly agent: string;
  readonly principal: Principal | null;
  readonly tool: string;
  readonly input: Json;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `ran`: it was allowed. `asked`: a person was asked, whatever they said. */
  readonly was: "ran" | "refused" | "asked";
  /** Whether it ran in the end: at once, or after people said yes. */
  readonly hasRun: boolean;
  readonly rules: readonly string[];
  /** What the model was told of a refusal, or what people were asked. */
  readonly words: string | null;
  readonly seen: Seen;
}

/** The first decision on each call, in order. Calls that never came to one are left out. */
export function recordedDecisions(
  runId: string,
  events: Iterable<JournalEvent>,
): readonly RecordedDecision[] {
  const decisions = new Map<string, RecordedDecision>();
  let state = emptyRun(runId);
  for (const event of events) {
    const decision = decisionIn(event, state);
    if (decision !== null) {
      const first = decisions.get(decision.callId) ?? decision;
      const hasRun = first.hasRun || decision.hasRun;
      decisions.set(decision.callId, { ...first, hasRun });
    }
    state = foldEvent(state, event);
  }
  return [...decisions.values()];
}

function decisionIn(event: JournalEvent, state: RunState): RecordedDecision | null {
  switch (event.kind) {
    case "call.claimed":
    case "call.completed":
    case "call.failed": {
      const input = event.kind === "call.claimed" ? event.input : undefined;
      return made(state, {
        ...event,
        was: "ran",
        words: null,
        ...(input === undefined ? {} : { input }),
      });
    }
    case "call.refused": {
      const isDecided = event.code === "denied" || event.code === "limit";
      return isDecided ? made(state, { ...event, was: "refused", words: event.observation }) : null;
    }
    case "approval.requested":
      return made(state, { ...event, was: "asked", words: event.question });
    default:
      return null;
  }
}

interface Made {
  readonly callId: string;
  readonly at: number;
  readonly was: RecordedDecision["was"];
  readonly words: string | null;
  readonly input?: Json;
  readonly rules?: readonly string[];
  readonly seen?: Seen;
}

function made(state: RunState, given: Made): RecordedDecision | null {
  const { callId, at, was, words, rules = [], seen = {} } = given;
  const call = state.calls.find((open) => open.callId === callId);
  const { created } = state;
  if (call === undefined || created === null) return null;
  return {
    runId: state.runId,
    callId,
    agent: created.agent,
    principal: created.principal ?? null,
    tool: call.tool,
    input: given.input ?? call.input,
    at,
    was,
    hasRun: was === "ran",
    rules,
    words,
    seen,
  };
}

/** The request that policies would be asked with. `tallies` replaces what was counted then. */
export function requestOf(
  decision: RecordedDecision,
  tallies: Readonly<Record<string, number>> = decision.seen.past ?? {},
): CallRequest {
  const { agent, tool, input, principal, seen } = decision;
  const { resource } = seen;
  const { id = "-", tenant = "", roles = [], kind } = principal ?? {};
  return {
    kind: "call",
    agent,
    tool,
    input,
    principal: { id, tenant, roles, kind: kind ?? (id === "-" ? "service" : "person") },
    resource:
      resource === undefined ? null : { ...resource, attributes: resource.attributes ?? {} },
    labels: { untrusted: seen.untrusted ?? false, doubtful: seen.doubtful ?? [] },
    tallies,
    facts: seen.facts ?? {},
    approved: seen.approved ?? false,
  };
}
