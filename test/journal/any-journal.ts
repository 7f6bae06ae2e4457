import fc from "fast-check";
import type { EventBody, JournalEvent } from "../../src/journal/event.ts";
import { foldEvent } from "../../src/journal/fold.ts";
import type { AssistantPart } from "../../src/journal/message.ts";
import type { EffectClass } from "../../src/journal/receipt.ts";
import { emptyRun, type Call, type RunState } from "../../src/journal/run.ts";

/** What decides one event: which kind of those that may follow, and what it says. */
interface Choice {
  readonly roll: number;
  readonly nth: number;
  readonly text: string;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  roll: fc.nat({ max: 999 }),
  nth: fc.nat({ max: 7 }),
  text: fc.string({ unit: "binary", maxLength: 30 }),
});

/** Any journal that a run could have written, of one event or more. */
export const anyJournal: fc.Arbitrary<readonly JournalEvent[]> = fc
  .array(choice, { minLength: 1, maxLength: 60 })
  .map((choices) => {
    const events: JournalEvent[] = [];
    let state = emptyRun("r1");
    for (const each of choices) {
      if (state.status === "finished") break;
      const body = state.head === 0 ? created(each) : pickOf(nextBodies(state, each), each.roll);
      const event: JournalEvent = { ...body, seq: state.head + 1, at: 1_000 + state.head * 7 };
      events.push(event);
      state = foldEvent(state, event);
    }
    return events;
  });

function created({ text }: Choice): EventBody {
  return {
    kind: "run.created",
    agent: "sample",
    fingerprints: { agent: "1" },
    input: { text },
    limits: { callsMax: 9, tokensMax: 99, turnsMax: 9, wallMs: 999 },
    prompt: text,
    runId: "r1",
  };
}

function pickOf(bodies: readonly EventBody[], roll: number): EventBody {
  const body = bodies[roll % bodies.length];
  if (body === undefined) throw new Error("nothing may follow");
  return body;
}

function nextBodies(state: RunState, chosen: Choice): readonly EventBody[] {
  const { nth, text } = chosen;
  const always: readonly EventBody[] = [
    { kind: "message.added", from: "person", inbox: state.inboxSeen + 1, text },
    { kind: "run.cancel_requested", inbox: state.inboxSeen + 1, reason: text },
    { kind: "run.leased", epoch: 2, owner: text },
    ...state.doubts.flatMap(({ callId }) => resolutions(callId, text)),
  ];
  const open = state.calls.filter((call) => call.status !== "settled");
  const call = open[nth % Math.max(1, open.length)];
  if (call !== undefined) {
    const own = callBodies(call, chosen);
    return [...own, ...own, ...always];
  }
  const answer = answerOf(state, chosen);
  return [
    answer,
    answer,
    answer,
    answer,
    ...always,
    faultOf(state, chosen),
    faultOf(state, chosen),
    { kind: "tools.withheld", text, tools: ["pay", "look"].slice(nth % 3) },
    { kind: "run.parked", wakeAt: 5_000, waitingFor: text },
    {
      kind: "run.finished",
      inDoubt: [],
      outcome: "succeeded",
      reason: { code: "model_finished", message: text },
      text,
    },
  ];
}

/** The routes of a run; answers name the one that they came from when it changes. */
const ROUTES = ["one/a", "two/b", "three/c"] as const;

const ANSWERS = ["wait", "park", "rest", "shrink", "repair", "switch", "fail", "stop"] as const;

function faultOf(state: RunState, { nth, text, roll }: Choice): EventBody {
  const answer = ANSWERS[nth % ANSWERS.length] ?? "wait";
  const upTo = state.messages.length;
  const shrink = { level: 2, turnAt: Math.max(0, upTo - 2), upTo } as const;
  return {
    kind: "model.faulted",
    answer,
    asked: ROUTES[roll % ROUTES.length] ?? "one/a",
    ...((nth + roll) % 2 === 0
      ? { billed: { model: "one/a", usage: { inputTokens: nth, outputTokens: 1 } } }
      : {}),
    fault: { kind: "rate_limited", message: text, status: 429 },
    ms: nth,
    ...(["wait", "park", "rest"].includes(answer) ? { notBefore: 9_000 + roll, waitMs: roll } : {}),
    ...(answer === "shrink" && roll % 2 === 0 ? { shrink } : {}),
    ...(answer === "shrink" && roll % 2 === 1 ? { outputTokensMax: 256 + nth } : {}),
    turn: state.turn + 1,
  };
}

function resolutions(callId: string, text: string): readonly EventBody[] {
  return [
    { kind: "call.resolved", by: "person", callId, happened: true, output: text },
    { kind: "call.resolved", by: "reconcile", callId, happened: false },
  ];
}

function callBodies(call: Call, { nth, text }: Choice): readonly EventBody[] {
  const { callId } = call;
  const effects: readonly EffectClass[] = ["once", "idempotent", "transactional", "read"];
  const effect = effects[nth % effects.length] ?? "once";
  const completed: EventBody = { kind: "call.completed", callId, ms: 1, output: { text } };
  switch (call.status) {
    case "requested":
      return [
        { kind: "call.claimed", callId, effect },
        { kind: "call.refused", callId, code: "denied", observation: text },
        completed,
      ];
    case "claimed":
      return [
        completed,
        { kind: "call.claimed", attempt: 2, callId, effect },
        { kind: "call.failed", callId, message: text, ms: 1, observation: text },
        { kind: "call.in_doubt", callId, why: text },
        { kind: "call.in_doubt", callId, observation: text, why: text },
      ];
    case "in_doubt":
      return resolutions(callId, text);
    case "settled":
    default:
      return [];
  }
}

function answerOf(state: RunState, { nth, text, roll }: Choice): EventBody {
  const calls = Array.from({ length: nth % 4 }, (_, n): AssistantPart => ({
    type: "tool-call",
    toolCallId: `call ${state.turn + 1}.${n}`,
    toolName: "pay",
    input: { n, text },
  }));
  const words: readonly AssistantPart[] = nth > 3 ? [{ type: "text", text }] : [];
  const asked = ROUTES[(roll >> 3) % ROUTES.length] ?? "one/a";
  const { turnFaults } = state;
  return {
    kind: "model.answered",
    ...(asked === state.asked ? {} : { asked }),
    ...(turnFaults.length === 0 ? {} : { attempts: turnFaults.length + 1 }),
    content: [...words, ...calls],
    ms: 3,
    turn: state.turn + 1,
    usage: { inputTokens: nth, outputTokens: 1 },
  };
}
