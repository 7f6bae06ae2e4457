/** No call of an unfinished answer runs, wherever its stream ends; afterwards each runs once. */
import { describe, expect, test } from "vitest";
import {
  scriptedModel,
  type FaultContext,
  type FaultPlan,
  type FinishReason,
  type Step,
  type WireFault,
} from "../../src/chaos/door.ts";
import type { Delta } from "../../src/generation/model.ts";
import { once, type AgentDefinition } from "../../src/index.ts";
import { seededRandom } from "../../src/std/random.ts";
import { serve } from "../chaos/served.ts";
import { clientNames, WIRED, wiredModel } from "../generation/wire-clients.ts";
import { agentOf, eventsOf, play, toolOf } from "./world.ts";

const calls = [
  { name: "find", arguments: { order: "W1" }, id: "call_a1" },
  { name: "pay", arguments: { order: "W1", cents: 500 }, id: "call_b2" },
];

function twoCalls(finishReason?: FinishReason) {
  const step = { text: "I look and pay.", calls };
  const first = finishReason === undefined ? step : { ...step, finishReason };
  return scriptedModel([first, { text: "Done." }]);
}

function fault(steps: NonNullable<WireFault["steps"]>): WireFault {
  return { name: "cut", group: "stream", summary: "Made for this test.", steps };
}

/** This fault on the first request of a run; `onRetry` when the same is asked for again. */
function onFirst(steps: NonNullable<WireFault["steps"]>, onRetry?: () => void): FaultPlan {
  return {
    next: ({ decision, repeat }) => {
      if (decision === 0 && repeat > 0) onRetry?.();
      if (decision !== 0 || repeat !== 0) return [];
      return [{ fault: fault(steps), argument: undefined, random: seededRandom(1) }];
    },
  };
}

interface Desk {
  readonly agent: AgentDefinition;
  readonly done: string[];
}

function deskOver(client: string, baseURL: string, stream = true): Desk {
  const done: string[] = [];
  const noted = (name: string) =>
    toolOf({
      effect: once(),
      execute: () => {
        done.push(name);
        return `${name} done`;
      },
    });
  const tools = { find: noted("find"), pay: noted("pay") };
  const model = wiredModel(client, baseURL, fetch);
  return { agent: agentOf(model, { tools, stream }), done };
}

type Cut = (steps: readonly Step[], context: FaultContext) => readonly Step[];

/** One run whose first answer is cut like this. */
async function runWith(client: string, cut: Cut) {
  const seen: { doneAtRetry: number | null } = { doneAtRetry: null };
  let desk: Desk | undefined;
  const server = await serve({
    models: () => twoCalls(),
    chunked: true,
    faults: onFirst(cut, () => (seen.doneAtRetry = desk?.done.length ?? null)),
  });
  desk = deskOver(client, server.urlFor("r", WIRED[client]?.base));
  const deltas: Delta[] = [];
  const ended = await play(desk.agent, { onDelta: (_runId, delta) => deltas.push(delta) });
  return { ...ended, deltas, done: desk.done, ...seen };
}

function bytesIn(steps: readonly Step[]): number {
  return steps.filter(({ kind }) => kind === "bytes").length;
}

/** The first `frames` events of a stream, then its end, in order or by a reset. */
function cutAfter(frames: number, end: "end" | "reset"): Cut {
  return (steps) => {
    let left = frames;
    const kept = steps.filter(({ kind }) => kind === "head" || (kind === "bytes" && left-- > 0));
    return [...kept, { kind: "wait", ms: 1 }, { kind: end }];
  };
}

/** What came of one run whose first answer ended after `at` events. */
function rowOf(at: number, ran: Awaited<ReturnType<typeof runWith>>) {
  const faulted = eventsOf(ran.events, "model.faulted");
  const claims = eventsOf(ran.events, "call.claimed");
  const restarts = ran.deltas.filter(({ kind }) => kind === "restarted").length;
  return {
    at,
    outcome: ran.outcome.kind,
    done: ran.done.toSorted(),
    claims: claims.length,
    // Whoever watches is told once that what was shown is void, when anything was shown.
    restartsAmiss: restarts - faulted.filter(({ arrived }) => (arrived?.chars ?? 0) > 0).length,
    faults: faulted.map(({ answer }) => answer),
    doneAtRetry: ran.doneAtRetry,
    isClaimedAfter: (claims[0]?.seq ?? 0) > (faulted[0]?.seq ?? 0),
  };
}

function soundRow(at: number, isBroken: boolean): ReturnType<typeof rowOf> {
  return {
    at,
    outcome: "succeeded",
    done: ["find", "pay"],
    claims: 2,
    restartsAmiss: 0,
    faults: isBroken ? ["wait"] : [],
    doneAtRetry: isBroken ? 0 : null,
    isClaimedAfter: true,
  };
}

describe("two calls whose stream ends", () => {
  for (const client of clientNames) {
    for (const end of ["end", "reset"] as const) {
      const how = end === "end" ? "in order" : "by a reset";
      test(`${client}: ${how}, after each of its events, run once and only afterwards`, async () => {
        let frames = 0;
        const whole = await runWith(client, (steps) => {
          frames = bytesIn(steps);
          return [...steps];
        });
        expect(whole.done.toSorted()).toEqual(["find", "pay"]);
        expect(frames).toBeGreaterThan(2);
        const rows = [];
        for (let at = 0; at < frames; at++) {
          rows.push(rowOf(at, await runWith(client, cutAfter(at, end))));
        }
        const isBroken = rows.map(({ faults }) => faults.length > 0);
        expect(rows).toEqual(rows.map(({ at, faults }) => soundRow(at, faults.length > 0)));
        const broken = isBroken.filter(Boolean).length;
        // At most the last two events may be missed: they say nothing that is acted on.
        expect(broken).toBeGreaterThanOrEqual(frames - 2);
      }, 60_000);
    }
  }
});

describe("calls of an answer that was not finished for want of", () => {
  for (const reason of ["length", "content_filter"] as const) {
    for (const client of clientNames) {
      test(`${reason}, of ${client}: none of them runs`, async () => {
        for (const stream of [true, false]) {
          const server = await serve({ models: () => twoCalls(reason) });
          const desk = deskOver(client, server.urlFor("r", WIRED[client]?.base), stream);
          const { outcome, events } = await play(desk.agent);
          expect(desk.done).toEqual([]);
          expect(eventsOf(events, "call.claimed")).toEqual([]);
          const finish = reason === "length" ? "length" : "content-filter";
          const [answered] = eventsOf(events, "model.answered");
          expect([answered?.finish, outcome.kind]).toEqual([finish, "succeeded"]);
          const parts = answered?.content.filter(({ type }) => type === "tool-call");
          expect(parts).toHaveLength(2);
        }
      });
    }
  }
});
