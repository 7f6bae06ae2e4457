import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventBody, JournalEvent } from "../../src/journal/event.ts";
import { dispatchable, foldEvent, foldEvents } from "../../src/journal/fold.ts";
import { emptyRun, type RunState } from "../../src/journal/run.ts";
import { canonicalJson } from "../../src/std/json.ts";
import { anyJournal } from "./any-journal.ts";

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}

function place(bodies: readonly EventBody[]): readonly JournalEvent[] {
  return bodies.map((body, n) => ({ ...body, seq: n + 1, at: n }));
}

const CREATED: EventBody = {
  kind: "run.created",
  agent: "sample",
  fingerprints: {},
  input: null,
  limits: { callsMax: 9, tokensMax: 9, turnsMax: 9, wallMs: 9 },
  prompt: "pay twice",
  runId: "r1",
};

function calling(turn: number, count: number): EventBody {
  const content = Array.from({ length: count }, (_, n) => ({
    type: "tool-call" as const,
    toolCallId: `call ${turn}.${n}`,
    toolName: "pay",
    input: { n },
  }));
  return { kind: "model.answered", content, ms: 1, turn, usage: {} };
}

function stateAfter(...bodies: readonly EventBody[]): RunState {
  return foldEvents("r1", place([CREATED, ...bodies]));
}

function roles(state: RunState): readonly string[] {
  return state.messages.toArray().map((message) => message.role);
}

describe("the fold", () => {
  test("F1 gives the same state for the same events and touches nothing it was handed", () => {
    fc.assert(
      fc.property(anyJournal, (events) => {
        frozen(events);
        let state = frozen(emptyRun("r1"));
        const versions: { state: RunState; text: string }[] = [];
        for (const event of events) {
          versions.push({ state, text: canonicalJson(state) });
          state = frozen(foldEvent(state, event));
        }
        for (const version of versions) expect(canonicalJson(version.state)).toBe(version.text);
        expect(canonicalJson(foldEvents("r1", events))).toBe(canonicalJson(state));
      }),
      { numRuns: 200 },
    );
  });

  test("F2 folds a prefix and then the rest to what it folds all to, from every place", () => {
    fc.assert(
      fc.property(anyJournal, (events) => {
        const whole = canonicalJson(foldEvents("r1", events));
        for (let cut = 0; cut <= events.length; cut++) {
          const prefix = foldEvents("r1", events.slice(0, cut));
          const rest = events.slice(cut);
          expect(canonicalJson(foldEvents("r1", rest, prefix))).toBe(whole);
          // A second branch from the same prefix does not see the first.
          expect(canonicalJson(foldEvents("r1", rest, prefix))).toBe(whole);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("F3 costs what an event adds: the history is shared, not copied", () => {
    let state = foldEvents("r1", place([CREATED]));
    const first = state.messages.at(0);
    const since = performance.now();
    for (let n = 0; n < 50_000; n++) {
      const event = { kind: "message.added", from: "harness", text: `${n}` } as const;
      state = foldEvent(state, { ...event, seq: state.head + 1, at: n });
    }
    expect(state.messages.at(0)).toBe(first);
    expect(state.messages.length).toBe(50_001);
    expect(performance.now() - since).toBeLessThan(2_000);
  });

  test("F4 refuses a gap, a repeat and anything after the end, wherever it stands", () => {
    fc.assert(
      fc.property(anyJournal, fc.nat(), (events, at) => {
        const index = at % events.length;
        const event = events[index];
        if (event === undefined) return;
        const before = foldEvents("r1", events.slice(0, index));
        for (const seq of [event.seq - 1, event.seq + 1, 0]) {
          expect(() => foldEvent(before, { ...event, seq })).toThrow(
            /: event \d+ after|after its end/,
          );
        }
        const after = foldEvents("r1", events.slice(0, index + 1));
        expect(() => foldEvent(after, event)).toThrow(
          expect.objectContaining({ code: "journal_corrupt" }),
        );
      }),
    );
  });

  test.each<readonly [string, readonly EventBody[]]>([
    ["a journal that does not begin with its creation", [calling(1, 0)]],
    ["a second creation", [CREATED, CREATED]],
    ["a turn that is skipped", [CREATED, calling(2, 0)]],
    ["a turn that comes twice", [CREATED, calling(1, 0), calling(1, 0)]],
    ["an answer over open calls", [CREATED, calling(1, 1), calling(2, 0)]],
    [
      "a result for a call that nobody made",
      [CREATED, { kind: "call.completed", callId: "t1c0", ms: 1, output: null }],
    ],
    [
      "a doubt about a call that was not claimed",
      [CREATED, calling(1, 1), { kind: "call.in_doubt", callId: "t1c0", why: "" }],
    ],
  ])("F4 refuses %s", (_, bodies) => {
    expect(() => foldEvents("r1", place(bodies))).toThrow(
      expect.objectContaining({ code: "journal_corrupt" }),
    );
  });

  test("keeps every call of an answer directly before all of its results", () => {
    let looked = 0;
    fc.assert(
      fc.property(anyJournal, (events) => {
        const messages = foldEvents("r1", events).messages.toArray();
        for (const [n, message] of messages.entries()) {
          if (message.role !== "assistant") continue;
          const asked = dispatchable(message.content).map(({ toolCallId }) => toolCallId);
          const next = messages[n + 1];
          if (asked.length === 0 || next === undefined) continue;
          const told = next.content.map((part) => "toolCallId" in part && part.toolCallId);
          expect({ role: next.role, told }).toEqual({ role: "tool", told: asked });
          looked += 1;
        }
      }),
      { numRuns: 1_200 },
    );
    expect(looked).toBeGreaterThan(100);
  });
});

describe("what is said while calls are open", () => {
  const claimed: EventBody = { kind: "call.claimed", callId: "t1c0", effect: "once" };
  const steer: EventBody = { kind: "message.added", from: "person", inbox: 1, text: "hurry" };
  const done = (callId: string): EventBody => {
    return { kind: "call.completed", callId, ms: 1, output: "paid" };
  };

  test("waits behind their results", () => {
    const open = stateAfter(calling(1, 1), claimed, steer);
    expect(roles(open)).toEqual(["user", "assistant"]);
    expect(open.inboxSeen).toBe(1);
    const state = foldEvent(open, { ...done("t1c0"), seq: open.head + 1, at: 9 });
    expect(roles(state)).toEqual(["user", "assistant", "tool", "user"]);
    expect(state.held).toEqual([]);
    expect(state.messages.at(-1)?.content[0]).toMatchObject({ text: "hurry" });
  });

  test("replaces a doubt of the same turn by the truth, before the model heard of it", () => {
    const doubt: EventBody = {
      kind: "call.in_doubt",
      callId: "t1c0",
      observation: "nobody knows",
      why: "no answer",
    };
    const truth: EventBody = {
      kind: "call.resolved",
      by: "person",
      callId: "t1c0",
      happened: true,
      output: "it was paid",
    };
    const state = stateAfter(calling(1, 2), claimed, doubt, truth, done("t1c1"));
    expect(roles(state)).toEqual(["user", "assistant", "tool"]);
    expect(state.doubts).toEqual([]);
    expect(state.receipts.toArray().map((receipt) => receipt.output)).toEqual([
      "it was paid",
      "paid",
    ]);
    expect(JSON.stringify(state.messages.at(-1))).toContain("it was paid");
    expect(JSON.stringify(state.messages.at(-1))).not.toContain("nobody knows");
  });

  test("tells the truth of an earlier turn after the results of this one", () => {
    const doubt: EventBody = {
      kind: "call.in_doubt",
      callId: "t1c0",
      observation: "nobody knows",
      why: "no answer",
    };
    const truth: EventBody = {
      kind: "call.resolved",
      by: "person",
      callId: "t1c0",
      happened: false,
    };
    const state = stateAfter(calling(1, 1), claimed, doubt, calling(2, 1), truth, done("t2c0"));
    expect(roles(state)).toEqual(["user", "assistant", "tool", "assistant", "tool", "user"]);
    expect(JSON.stringify(state.messages.at(-1))).toContain("it did not happen");
  });
});
