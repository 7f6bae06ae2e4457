/**
 * Random lives of governed runs: what models answer, people say, clocks and crashes do, in any
 * order, over a real harness. However they interleave, no journal breaks, no run hangs, nothing
 * runs that nobody approved, nothing runs twice, and `succeeded` leaves nothing open.
 */
import { setImmediate as nextTick } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  embedded,
  harness,
  idempotent,
  memoryStore,
  once,
  ToolError,
  type Harness,
  type JournalEvent,
  type Run,
  type ToolDefinition,
} from "../../src/index.ts";
import { standings } from "../../src/orchestration/obligation.ts";
import { isBridleError } from "../../src/std/error.ts";
import { toJson, type Json } from "../../src/std/json.ts";
import { hashArgs } from "../../src/journal/run.ts";
import { agentOf, eventsOf, modelOf, network, toolOf, wholeJournal } from "./world.ts";

const WALL_MS = 1_000_000;
const EXPIRES_MS = 10_000;

const call = fc.record({
  tool: fc.constantFrom("pay", "pay", "post", "gone"),
  input: fc.record({ order: fc.constantFrom("a", "b"), cents: fc.constantFrom(0, 1, 1, 2, 2) }),
});
const turn = fc.oneof(
  { weight: 4, arbitrary: fc.record({ calls: fc.array(call, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.constantFrom("Done.", "", "DECLINED owe-a: not wanted any more") },
);

const who = fc.constantFrom("ann", "ann", "bob", "bob", "eve", "mallory");
const pick = fc.nat({ max: 3 });
const deed = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("vote" as const),
      by: who,
      decision: fc.constantFrom("approve", "approve", "approve", "deny", "edit"),
      pick,
      cents: fc.integer({ min: 0, max: 3 }),
      isPosted: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("restart", "steer", "decline", "oblige", "raise", "expire", "resolve"),
      by: who,
      pick,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const) }) },
);
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

const life = fc.record({
  turns: fc.array(turn, { minLength: 1, maxLength: 4 }),
  deeds: fc.array(deed, { maxLength: 10 }),
  fails: fc.array(fc.constantFrom("ok", "ok", "reset", "refused", "dies"), { maxLength: 6 }),
  inDoubt: fc.constantFrom("tell", "park"),
  effects: fc.constantFrom("any", "obliged"),
  onUnmet: fc.constantFrom("fail", "escalate"),
  quorum: fc.constantFrom(1, 1, 2),
});
type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

/** What outlives a process: the store, the outside world, the time. */
interface Outside {
  readonly store: ReturnType<typeof memoryStore>;
  readonly ran: { readonly key: string; readonly input: Json }[];
  readonly problems: unknown[];
  skewMs: number;
  /** A tool hangs until its process is gone. */
  isStuck: boolean;
}

function outsideOf(): Outside {
  return { store: memoryStore(), ran: [], problems: [], skewMs: 0, isStuck: false };
}

function deskOf(life: Life, outside: Outside) {
  const { turns, fails, inDoubt, effects, onUnmet, quorum } = life;
  const execute: NonNullable<ToolDefinition["execute"]> = async (input, context) => {
    const how = fails[outside.ran.length];
    outside.ran.push({ key: context.idempotencyKey, input: toJson(input) });
    await nextTick();
    if (how === "reset") throw network("ECONNRESET");
    if (how === "refused") throw new ToolError("no", { happened: "no" });
    if (how !== "dies") return { ok: true };
    outside.isStuck = true;
    return new Promise((resolve) => {
      context.abortSignal.addEventListener("abort", () => resolve("late"));
    });
  };
  const inputSchema = {
    type: "object",
    required: ["order", "cents"],
    properties: { order: { type: "string" }, cents: { type: "integer", minimum: 1 } },
  };
  const approval = { quorum, expiresMs: EXPIRES_MS };
  const shared = { inputSchema, approval, execute, needsApproval: true };
  const input = { order: "a" };
  const what = "pay order a";
  return agentOf(modelOf(...turns), {
    budget: { calls: { "*": 4 } },
    effects,
    gate: { roundsMax: 1, onUnmet },
    inDoubt,
    limits: { wallMs: WALL_MS },
    obligations: () => [{ id: "owe-a", what, tool: "pay", input, declinable: true }],
    tools: {
      pay: toolOf({ ...shared, effect: once() }),
      post: toolOf({ ...shared, effect: idempotent(), retry: { baseMs: 1, maxMs: 1 } }),
    },
  });
}

const people = [{ id: "ann" }, { id: "bob" }, { id: "eve" }] as const;

async function workOn(life: Life, outside: Outside): Promise<Harness> {
  return harness({
    agents: [deskOf(life, outside)],
    clock: {
      now: () => Date.now() + outside.skewMs,
      sleep: async () => {
        await nextTick();
      },
    },
    engine: embedded({ pollMs: 2 }),
    onProblem: (_runId, thrown) => outside.problems.push(thrown),
    people,
    store: outside.store,
  });
}

class Driver {
  readonly #life: Life;
  readonly #outside: Outside;
  readonly runId: string;
  #harness: Harness;

  constructor(parts: { life: Life; outside: Outside; harness: Harness; runId: string }) {
    this.#life = parts.life;
    this.#outside = parts.outside;
    this.#harness = parts.harness;
    this.runId = parts.runId;
  }

  run(): Promise<Run> {
    return this.#harness.run(this.runId);
  }

  async restart(): Promise<void> {
    this.#outside.isStuck = false;
    await this.#harness.drain(0);
    this.#harness = await workOn(this.#life, this.#outside);
  }

  /** Until the run has parked or ended: anything else is a hang. */
  async settle(): Promise<void> {
    const until = Date.now() + 3_000;
    for (;;) {
      if (this.#outside.isStuck) await this.restart();
      const row = await this.#outside.store.get(this.runId);
      if (row?.status === "finished") return;
      if (row?.status === "parked" && row.lease === null) return;
      const { problems } = this.#outside;
      if (problems.length > 0) throw new Error("a problem", { cause: problems[0] });
      if (Date.now() > until) throw new Error(`it hangs: ${JSON.stringify(row)}`);
      await nextTick();
    }
  }

  /** A word that does not count is refused in so many words; anything else fails the test. */
  async do(deed: Deed): Promise<void> {
    const run = await this.run();
    try {
      await this.#say(run, deed);
    } catch (thrown) {
      const known = ["approval_invalid", "usage", "run_terminal"] as const;
      if (!known.some((code) => isBridleError(thrown, code))) throw thrown;
    }
  }

  async #say(run: Run, deed: Deed): Promise<void> {
    if (deed.kind === "vote") return this.#vote(run, deed);
    if (deed.kind === "cancel") return run.cancel();
    const { by, pick } = deed;
    switch (deed.kind) {
      case "restart":
        return this.restart();
      case "steer":
        return run.steer("Go on.");
      case "decline":
        return run.decline("owe-a", { by, reason: "no more" });
      case "oblige":
        return run.oblige({ id: `more-${pick}`, what: "post it", tool: "post" });
      case "raise":
        return run.raise({ calls: pick }, by);
      case "expire":
        this.#outside.skewMs += EXPIRES_MS;
        return run.steer("Time passes.");
      default: {
        const { doubts } = await run.state();
        const callId = doubts[pick % Math.max(1, doubts.length)]?.callId ?? "t1c0";
        return run.resolve(callId, pick > 1 ? { happened: false } : { happened: true });
      }
    }
  }

  /** Through the handle, or straight into the store past its checks. */
  async #vote(run: Run, deed: Extract<Deed, { kind: "vote" }>): Promise<void> {
    const { by, decision, pick, cents, isPosted } = deed;
    const open = await run.approvals();
    const approvalId = open[pick % Math.max(1, open.length)]?.approvalId ?? "none";
    const input = { order: "b", cents };
    const vote = { approvalId, by, decision, input } as const;
    if (!isPosted) return run.vote(vote);
    const at = Date.now();
    const key = `vote:${at}:${this.#outside.skewMs}:${Math.random()}`;
    await this.#outside.store.post(this.runId, { kind: "vote", key, at, body: { ...vote } });
    return undefined;
  }

  async end(): Promise<readonly JournalEvent[]> {
    await this.settle();
    this.#outside.skewMs += WALL_MS;
    const run = await this.run();
    await run.steer("Time is over.").catch(() => undefined);
    await run.outcome();
    await this.#harness.drain(0);
    return wholeJournal(this.#outside.store, this.runId);
  }
}

/** Every call that reached the outside was approved by enough people who may, and not before. */
function checkEffects(events: readonly JournalEvent[], life: Life, outside: Outside): void {
  const claims = eventsOf(events, "call.claimed");
  for (const { key, input } of outside.ran) {
    const claim = claims.find((each) => (each.key ?? `${runIdOf(events)}-${each.callId}`) === key);
    if (claim === undefined) throw new Error(`${key} ran without a claim`);
    const asked = eventsOf(events, "approval.requested").filter((each) => {
      return each.callId === claim.callId && each.argsHash === hashArgs(input);
    });
    const yes = asked.some(({ approvalId }) => {
      const settled = eventsOf(events, "approval.settled").find(
        (each) => each.approvalId === approvalId && each.seq < claim.seq,
      );
      const votes = eventsOf(events, "approval.voted").filter((each) => {
        return each.approvalId === approvalId && each.decision === "approve";
      });
      const voters = new Set(
        votes.map(({ by }) => by).filter((by) => by === "ann" || by === "bob"),
      );
      return settled?.decision === "approved" && voters.size >= life.quorum;
    });
    expect(yes, `${key} ran and nobody approved it`).toBe(true);
  }
}

function runIdOf([created]: readonly JournalEvent[]): string {
  return created?.kind === "run.created" ? created.runId : "";
}

/** Nothing that may happen once happened more often under one key. */
function checkOnce(outside: Outside, events: readonly JournalEvent[]): void {
  const once = eventsOf(events, "call.claimed").filter(({ effect }) => effect === "once");
  for (const { callId, key = `${runIdOf(events)}-${callId}` } of once) {
    const tries = once.filter((each) => each.callId === callId).length;
    expect(outside.ran.filter((each) => each.key === key).length).toBeLessThanOrEqual(tries);
  }
}

test("whatever happens, a governed run keeps its word", { timeout: 60_000 }, async () => {
  const ends = new Map<string, number>();
  let effects = 0;
  await fc.assert(
    fc.asyncProperty(life, async (given) => {
      const outside = outsideOf();
      const first = await workOn(given, outside);
      const { runId } = await first.start("worker", { input: "go", principal: { id: "eve" } });
      const driver = new Driver({ life: given, outside, harness: first, runId });
      for (const each of given.deeds) {
        await driver.settle();
        await driver.do(each);
      }
      const events = await driver.end();
      const state = await (await first.run(runId)).state();
      checkEffects(events, given, outside);
      checkOnce(outside, events);
      const kind = state.outcome?.kind ?? "none";
      const open = standings(state).filter((each) => each.kind === "open");
      const left = kind === "succeeded" ? [...open, ...state.doubts] : [];
      expect(left, "succeeded over something open").toEqual([]);
      const held = (await outside.store.accounts({})).filter((each) => each.held > 0);
      expect(held, "a reservation outlived its run").toEqual([]);
      expect(outside.problems).toEqual([]);
      ends.set(kind, (ends.get(kind) ?? 0) + 1);
      effects += outside.ran.length;
    }),
    { numRuns: 200 },
  );
  // A property over lives in which nothing happens would hold for nothing.
  expect(effects).toBeGreaterThan(30);
  expect([...ends.keys()]).toContain("succeeded");
  expect(ends.size).toBeGreaterThan(2);
});
