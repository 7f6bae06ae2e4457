import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventBody, RunLimits } from "../../src/journal/event.ts";
import { foldEvent } from "../../src/journal/fold.ts";
import { emptyRun, type RunState } from "../../src/journal/run.ts";
import {
  decideNext,
  EMPTY_ANSWERS_MAX,
  type Command,
  type Facts,
} from "../../src/orchestration/decide.ts";

const limits: RunLimits = { callsMax: 10, tokensMax: 1_000, turnsMax: 5, wallMs: 1_000 };
const open = { draining: false, doubtsAsked: false, hasGate: false, onUnmet: "fail" } as const;
const facts: Facts = { now: 10, stopReached: false, ...open };

const created: EventBody = {
  kind: "run.created",
  agent: "a",
  fingerprints: {},
  input: "go",
  limits,
  prompt: "go",
  runId: "r",
};

function fold(...bodies: EventBody[]): RunState {
  let state = emptyRun("r");
  for (const body of [created, ...bodies]) {
    state = foldEvent(state, { ...body, seq: state.head + 1, at: 0 });
  }
  return state;
}

/** An answer with words, calls or nothing; `tokens` is its whole usage. */
function answer(
  turn: number,
  parts: { readonly calls?: number; readonly text?: string; finish?: string; tokens?: number } = {},
): EventBody {
  const { calls = 0, text = "", finish, tokens = 1 } = parts;
  const callParts = Array.from({ length: calls }, (_, n) => ({
    type: "tool-call" as const,
    toolCallId: `${turn}-${n}`,
    toolName: "pay",
    input: {},
  }));
  return {
    kind: "model.answered",
    content: [...(text === "" ? [] : [{ type: "text" as const, text }]), ...callParts],
    finish: finish ?? (calls > 0 ? "tool-calls" : "stop"),
    model: "m",
    ms: 1,
    turn,
    usage: { inputTokens: tokens, outputTokens: 0 },
  };
}

const claim = (callId: string): EventBody => ({ kind: "call.claimed", callId, effect: "once" });
const complete = (callId: string): EventBody => ({
  kind: "call.completed",
  callId,
  ms: 1,
  output: "ok",
});
const doubt = (callId: string, told = true): EventBody => ({
  kind: "call.in_doubt",
  callId,
  why: "lost",
  ...(told ? { observation: "?" } : {}),
});
const refuse = (callId: string): EventBody => ({
  kind: "call.refused",
  callId,
  code: "denied",
  observation: "no",
});
const cancel: EventBody = { kind: "run.cancel_requested", reason: "stop" };

/** A command in a few words: its kind, or the outcome and reason of a finish. */
function told(command: Command): string {
  return command.kind === "finish" ? `${command.outcome}/${command.reason.code}` : command.kind;
}

const inDoubt = [answer(1, { calls: 1 }), claim("t1c0"), doubt("t1c0")];
const waiting = [answer(1, { calls: 1 }), claim("t1c0"), doubt("t1c0", false)];
const empties = Array.from({ length: EMPTY_ANSWERS_MAX }, (_, n) => answer(n + 1));
const turns = (count: number, calls = 1): EventBody[] =>
  Array.from({ length: count }, (_, n) => [
    answer(n + 1, { calls }),
    ...Array.from({ length: calls }, (_unused, call) => refuse(`t${n + 1}c${call}`)),
  ]).flat();

const table: readonly (readonly [string, readonly EventBody[], Partial<Facts>, string])[] = [
  ["a new run asks", [], {}, "ask"],
  ["a new run in a drain is given back", [], { draining: true }, "yield"],
  ["a new run that is cancelled ends", [cancel], {}, "cancelled/cancelled"],
  ["a new run out of time ends", [], { now: 1_000 }, "expired/limit_wall_time"],
  ["open calls are acted on", [answer(1, { calls: 1 })], {}, "act"],
  ["also in a drain", [answer(1, { calls: 1 })], { draining: true }, "act"],
  ["also when cancelled", [answer(1, { calls: 1 }), claim("t1c0"), cancel], {}, "act"],
  ["also out of time", [answer(1, { calls: 1 }), claim("t1c0")], { now: 1_000 }, "act"],
  ["settled calls lead to the next question", turns(1), {}, "ask"],
  ["or to an end by a stop condition", turns(1), { stopReached: true }, "succeeded/stop_condition"],
  ["a last word succeeds", [answer(1, { text: "Done." })], {}, "succeeded/model_finished"],
  [
    "a last word at the limits too",
    [...turns(4), answer(5, { text: "Done.", tokens: 2_000 })],
    {},
    "succeeded/model_finished",
  ],
  [
    "a last word with a doubt asks about it",
    [...inDoubt, answer(2, { text: "?" })],
    {},
    "ask_doubts",
  ],
  [
    "and then says so",
    [...inDoubt, answer(2, { text: "?" })],
    { doubtsAsked: true },
    "failed_recoverable/effects_in_doubt",
  ],
  ["a stop condition with a doubt asks about it", inDoubt, { stopReached: true }, "ask_doubts"],
  [
    "and then says so too",
    inDoubt,
    { stopReached: true, doubtsAsked: true },
    "failed_recoverable/effects_in_doubt",
  ],
  ["a call that waits for a person parks the run", waiting, {}, "park"],
  ["and does not hold a cancel", [...waiting, cancel], {}, "cancelled/cancelled"],
  ["nor the wall time", waiting, { now: 1_000 }, "expired/limit_wall_time"],
  [
    "a waiting call beside a claimed one is acted on",
    [answer(1, { calls: 2 }), claim("t1c0"), claim("t1c1"), doubt("t1c0", false)],
    {},
    "act",
  ],
  ["turns", turns(5), {}, "failed_recoverable/limit_turns"],
  ["calls: all may be used", turns(2, 5), {}, "ask"],
  ["calls: one more ends the run", turns(1, 11), {}, "failed_recoverable/limit_calls"],
  [
    "tokens",
    [answer(1, { calls: 1, tokens: 1_000 }), refuse("t1c0")],
    {},
    "failed_recoverable/limit_tokens",
  ],
  ["an empty answer is asked again", [answer(1)], {}, "ask"],
  ["after a result with a word about it", [...turns(1), answer(2)], {}, "nudge"],
  ["but not for ever", empties, {}, "failed_recoverable/model_empty"],
  [
    "a cut answer",
    [answer(1, { text: "I", finish: "length" })],
    {},
    "failed_recoverable/model_truncated",
  ],
  [
    "a filtered one without a word",
    [answer(1, { finish: "content-filter" })],
    {},
    "failed_recoverable/model_refused",
  ],
  [
    "steering after a last word goes on",
    [answer(1, { text: "Done." }), { kind: "message.added", from: "person", text: "More" }],
    {},
    "ask",
  ],
  [
    "an ended run is done",
    [
      {
        kind: "run.finished",
        inDoubt: [],
        outcome: "cancelled",
        reason: { code: "cancelled", message: "x" },
        text: null,
      },
    ],
    {},
    "done",
  ],
];

describe("decideNext by table", () => {
  for (const [what, bodies, given, expected] of table) {
    test(`${what}: ${expected}`, () => {
      expect(told(decideNext(fold(...bodies), { ...facts, ...given }))).toBe(expected);
    });
  }
});

/** What a model, tools and the outside may do next, drawn from a stream of numbers. */
type Draw = (below: number) => number;

/** Plays the shell with whatever answers come; every event that is legal may come. */
function perform(state: RunState, command: Command, draw: Draw): RunState {
  const push = (to: RunState, body: EventBody): RunState =>
    foldEvent(to, { ...body, seq: to.head + 1, at: 0 });
  switch (command.kind) {
    case "ask": {
      const shape = draw(4);
      const finish = ["length", "content-filter", "error", "stop"][draw(8)];
      const calls = shape === 0 ? 1 + draw(4) : 0;
      const text = shape === 1 ? "word" : "";
      return push(
        state,
        answer(state.turn + 1, {
          calls,
          text,
          tokens: draw(200),
          ...(finish === undefined ? {} : { finish }),
        }),
      );
    }
    case "nudge":
      return push(state, { kind: "message.added", from: "harness", text: "?" });
    case "act": {
      const call = state.calls.find(
        (open) => open.status === "requested" || open.status === "claimed",
      );
      if (call === undefined) throw new Error("N2: nothing to act on");
      if (call.status === "requested") {
        return push(state, draw(3) === 0 ? refuse(call.callId) : claim(call.callId));
      }
      const ends = [complete(call.callId), doubt(call.callId), doubt(call.callId, false)];
      return push(state, ends[draw(3)] ?? complete(call.callId));
    }
    case "ask_doubts":
    case "park": {
      const [open] = state.doubts;
      if (open === undefined || draw(3) === 0) return state;
      const happened = draw(2) === 0;
      return push(state, { kind: "call.resolved", by: "person", callId: open.callId, happened });
    }
    case "finish": {
      const { outcome, reason, text } = command;
      return push(state, { kind: "run.finished", inDoubt: [], outcome, reason, text });
    }
    case "done":
    case "yield":
    default:
      return state;
  }
}

/** The laws that a command breaks. */
function breaches(state: RunState, command: Command): string[] {
  const isOpen = state.calls.some(({ status }) => status === "requested" || status === "claimed");
  const asks = command.kind === "ask" || command.kind === "nudge";
  const succeeds = command.kind === "finish" && command.outcome === "succeeded";
  const broken: readonly (readonly [string, boolean])[] = [
    ["N2: something else over an open call", isOpen && command.kind !== "act"],
    ["N2: a question over a call in doubt", asks && state.calls.length > 0],
    ["a question after a cancel", asks && state.cancel !== null],
    ["N3: a question over the limit of turns", asks && state.turn >= limits.turnsMax],
    ["N4: a success with a doubt", succeeds && state.doubts.length > 0],
  ];
  return broken.filter(([, isBroken]) => isBroken).map(([law]) => law);
}

describe("decideNext by property", () => {
  const runs = fc.record({
    stream: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 200 }),
    cancelAt: fc.option(fc.nat(30), { nil: null }),
    stopAt: fc.option(fc.nat(10), { nil: null }),
    stepMs: fc.nat(60),
  });

  test("N1–N4 hold on every path, and every path ends", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(runs, ({ stream, cancelAt, stopAt, stepMs }) => {
        let state = fold();
        let at = 0;
        const draw: Draw = (below) => (stream[at++ % stream.length] ?? 0) % below;
        let doubtsAsked = false;
        for (let step = 0; ; step++) {
          // Wall time ends whatever waits; without it 5 turns of 4 calls bound the steps.
          expect(step).toBeLessThan(2_000);
          if (step === cancelAt && state.outcome === null) {
            state = foldEvent(state, { ...cancel, seq: state.head + 1, at: 0 });
          }
          const now = step * stepMs + (step > 1_000 ? limits.wallMs : 0);
          const stopReached = stopAt !== null && state.turn > stopAt && state.calls.length === 0;
          const given: Facts = { ...open, now, stopReached, doubtsAsked };
          const command = decideNext(state, given);
          expect(decideNext(state, given)).toEqual(command);
          expect(breaches(state, command)).toEqual([]);
          if (command.kind === "finish") seen.add(told(command));
          if (command.kind === "done") break;
          doubtsAsked = command.kind === "ask_doubts" || (doubtsAsked && command.kind !== "ask");
          state = perform(state, command, draw);
        }
      }),
      { numRuns: 2_000 },
    );
    // The property is worth something only when the paths differ.
    expect([...seen].toSorted()).toEqual(
      [
        "cancelled/cancelled",
        "expired/limit_wall_time",
        "failed_recoverable/effects_in_doubt",
        "failed_recoverable/limit_calls",
        "failed_recoverable/limit_turns",
        "failed_recoverable/model_empty",
        "failed_recoverable/model_failed",
        "failed_recoverable/model_refused",
        "failed_recoverable/model_truncated",
        "succeeded/model_finished",
        "succeeded/stop_condition",
      ].toSorted(),
    );
  });
});
